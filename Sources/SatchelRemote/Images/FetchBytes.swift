import SatchelCore

extension HTTPClient {
    /// Fetches a whole body; an answer other than 2xx is thrown as what it means.
    func fetch(
        _ url: String,
        headers: [HTTPHeader],
        upTo limit: ByteCount,
        refusals: Refusals
    ) async throws(ProviderError) -> [UInt8] {
        var limits = FilesExchange.shortLimits(body: Int(clamping: limit.bytes))
        limits.total = 600
        let response: HTTPResponse
        do throws(HTTPFailure) {
            response = try await send(HTTPRequest(.get, url, headers: headers, limits: limits))
        } catch {
            throw refusals.error(error, isRepeatable: true)
        }
        guard (200..<300).contains(response.status) else { throw refusals.error(response, about: .file) }
        return response.body
    }
}

extension Endpoint {
    /// Whether a URL that a provider names may be fetched: over TLS, or from this machine where the provider is there too.
    ///
    /// Nobody's key goes along, and no redirect is followed.
    func mayFetch(_ url: String) -> Bool {
        guard HTTPOrigin(of: url) != nil, url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else { return false }
        guard !url.lowercased().hasPrefix("https://") else { return true }
        guard baseURL.lowercased().hasPrefix("http://"), let own = HTTPOrigin(of: baseURL) else { return false }
        return HTTPOrigin(of: url) == own
    }
}
