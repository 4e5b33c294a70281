import SatchelCore

/// The resource name of a file: `files/` and up to 40 lower-case letters, digits and dashes.
///
/// Ours are chosen before the upload and follow from the content, so that one question tells whether it is there:
/// `files/satchel-` and 30 hexadecimal digits. The key is hashed in with the content. Names have no project in them,
/// and nobody else is to learn from a name that is taken what somebody has uploaded, or to take ours.
struct GeminiName: Hashable, Sendable {
    /// `files/satchel-1f…`.
    let rawValue: String

    /// How many names a content has: the first one may be held by a copy that ends soon, or still be reserved after a
    /// deletion.
    static let forms = 4

    /// The name of a content under a key.
    ///
    /// - Parameters:
    ///   - digest: of the content.
    ///   - key: the account's; nil where a server wants none.
    ///   - form: from 1 to ``forms``.
    ///   - hashing: makes the name.
    init(of digest: ContentDigest, under key: Secret?, form: Int, hashing: any Hashing) {
        let mixed = hashing.digest(of: Array((key?.value ?? "").utf8) + [0] + digest.bytes)
        rawValue = "files/satchel-" + mixed.prefix(30) + (form > 1 ? "-\(form)" : "")
    }

    /// Nil for what is no name: nothing else gets into a URL.
    init?(_ text: some StringProtocol) {
        let id = text.dropFirst("files/".count)
        let isPlain = id.utf8.allSatisfy { byte in
            byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
                || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
                || UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20
        }
        guard text.hasPrefix("files/"), (1...128).contains(id.utf8.count), isPlain else { return nil }
        rawValue = String(text)
    }
}

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

/// Scheme, host and port of an address.
struct HTTPOrigin: Hashable, Sendable {
    /// As it was written: `https://host:8443`.
    let text: String
    private let scheme: String
    private let host: String
    private let port: String

    /// Nil for what is not `http` or `https`, has no host, or names a user.
    init?(of address: String) {
        let lowered = address.lowercased()
        guard let scheme = ["https", "http"].first(where: { lowered.hasPrefix($0 + "://") }) else { return nil }
        let authority = lowered.dropFirst(scheme.count + 3).prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        guard !authority.isEmpty, authority.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }),
            !authority.contains(where: { "@\\\"<>^`{|}%".contains($0) })
        else { return nil }
        let bracket = authority.lastIndex(of: "]") ?? authority.startIndex
        let colon = authority[bracket...].lastIndex(of: ":") ?? authority.endIndex
        self.scheme = scheme
        host = String(authority[..<colon])
        let port = authority[colon...].dropFirst()
        self.port = port.isEmpty ? (scheme == "https" ? "443" : "80") : String(port)
        text = String(address.prefix(scheme.count + 3 + authority.count))
    }

    static func == (left: Self, right: Self) -> Bool {
        left.scheme == right.scheme && left.host == right.host && left.port == right.port
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(host)
        hasher.combine(port)
    }
}
