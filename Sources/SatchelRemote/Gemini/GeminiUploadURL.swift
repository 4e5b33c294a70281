import SatchelCore

/// Where the bytes of one upload go: a secret, because whoever knows it may send them.
///
/// It is never printed, and leads to no host but the account's.
struct GeminiUploadURL: Sendable {
    /// For the request line only.
    let value: String

    /// - Parameters:
    ///   - header: `X-Goog-Upload-URL` of the answer to a start.
    ///   - endpoint: of the account. At Google itself the URL must lead there; behind any other base URL it gets that
    ///     one's scheme, host and port, as what stands behind a proxy names itself.
    /// - Throws: a sentence without the URL.
    init(_ header: String?, at endpoint: Endpoint) throws(ProviderError) {
        let host = endpoint.host
        guard let header, let origin = HTTPOrigin(of: header), let own = HTTPOrigin(of: endpoint.baseURL) else {
            throw ProviderError(.badReply, "\(host): the answer to the start of an upload has no usable upload URL")
        }
        let path = header.dropFirst(origin.text.count)
        guard path.hasPrefix("/"), path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }), !path.contains("#") else {
            throw ProviderError(.badReply, "\(host): the answer to the start of an upload has no usable upload URL")
        }
        if endpoint.host == "generativelanguage.googleapis.com" {
            guard origin == own else {
                throw ProviderError(.rejected, "\(host): the upload would go to another host; nothing was sent")
            }
        }
        value = own.text + path
    }

    /// What of it must not be seen in a message: all of it, and the long values in its query.
    var secrets: [String] {
        let query = value.split(separator: "?", maxSplits: 1).dropFirst().first ?? ""
        let values = query.split(separator: "&").compactMap {
            $0.split(separator: "=", maxSplits: 1).last.map(String.init)
        }
        return [value] + values.filter { $0.utf8.count >= 8 && $0 != "resumable" }
    }
}

extension GeminiUploadURL: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    var description: String { "…" }
    var debugDescription: String { description }
    var customMirror: Mirror { Mirror(reflecting: description) }
}
