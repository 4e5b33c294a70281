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
