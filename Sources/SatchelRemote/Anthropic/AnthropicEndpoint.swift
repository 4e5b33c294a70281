import SatchelCore

extension Endpoint {
    /// Key, version, workspace and what a gateway wants besides.
    ///
    /// No beta header: since 2026-08-20 the Files API needs none, and its old one brings the old shapes back.
    var anthropicHeaders: [HTTPHeader] {
        var headers: [HTTPHeader] = []
        if let key { headers.append(HTTPHeader("x-api-key", key.value)) }
        headers.append(HTTPHeader("anthropic-version", "2026-10-21"))
        // Only credentials that reach several workspaces need to say which.
        if let project { headers.append(HTTPHeader("anthropic-workspace-id", project)) }
        return headers + extraHeaders
    }

    /// The URL of `path` below `/v1`, which the base URL has not; but people write it there all the same.
    func anthropicURL(_ path: String) -> String { url(anthropicPath(path)) }

    func anthropicPath(_ path: String) -> String { baseURL.hasSuffix("/v1") ? path : "/v1" + path }
}
