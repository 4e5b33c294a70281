import SatchelCore

/// What we remember of a file: its name, or where that does not say it all, the URI that chats refer to it by.
///
/// Behind a proxy a file is named by the host that really holds it, and a chat must use that URI. Elsewhere the URI
/// follows from the base URL.
struct GeminiReference: Hashable, Sendable {
    let name: GeminiName
    /// `https://generativelanguage.googleapis.com/v1beta/files/…`; nil where the base URL says as much.
    let uri: String?

    /// - Parameters:
    ///   - name: of the file.
    ///   - uri: as the file has it; believed when it is an address that ends in the name.
    ///   - endpoint: what is at the same origin needs no URI of its own.
    init(_ name: GeminiName, uri: String?, at endpoint: Endpoint) {
        self.name = name
        guard let uri, let origin = HTTPOrigin(of: uri), origin != HTTPOrigin(of: endpoint.baseURL),
            Self.name(in: uri) == name
        else {
            self.uri = nil
            return
        }
        self.uri = uri
    }

    /// Nil for an id that is not one of this provider.
    init?(_ id: RemoteFileID) {
        if let name = GeminiName(id.rawValue) {
            (self.name, uri) = (name, nil)
        } else if HTTPOrigin(of: id.rawValue) != nil, let name = Self.name(in: id.rawValue) {
            (self.name, uri) = (name, id.rawValue)
        } else {
            return nil
        }
    }

    var id: RemoteFileID? { RemoteFileID(uri ?? name.rawValue) }

    /// The `files/…` that a URI ends in.
    private static func name(in uri: String) -> GeminiName? {
        let parts = uri.split(separator: "/", omittingEmptySubsequences: false).suffix(2)
        return uri.utf8.count <= 512 ? GeminiName(parts.joined(separator: "/")) : nil
    }
}
