internal import SatchelCore

/// A provider's address as it is used: without a slash at the end; nil when it is not one.
///
/// A user name, a query and a fragment are refused: a key in an address ends up in logs.
func baseURL(_ text: String) -> String? {
    let text = text.hasSuffix("/") ? String(text.dropLast()) : text
    guard let host = host(of: text), !host.isEmpty else { return nil }
    let isPlain = text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "\\") }
    guard isPlain, !text.contains("?"), !text.contains("#"), !text.contains("@") else { return nil }
    return text
}

/// True when the address leads to this machine only.
func isLoopback(_ address: String) -> Bool { host(of: address).map { isLoopbackHost($0) } ?? false }

/// `api.example.org` or `[::1]` of an http or https address; nil for anything else or a port that is none.
private func host(of address: String) -> String? {
    let lowered = address.lowercased()
    guard let scheme = ["https://", "http://"].first(where: { lowered.hasPrefix($0) }) else { return nil }
    let authority = address.dropFirst(scheme.count).prefix { $0 != "/" }
    let end = authority.hasPrefix("[") ? authority.firstIndex(of: "]").map { authority.index(after: $0) } : nil
    let host = authority[..<(end ?? authority.firstIndex(of: ":") ?? authority.endIndex)]
    let port = authority[host.endIndex...]
    if !port.isEmpty {
        guard port.first == ":", let number = UInt16(port.dropFirst()), number > 0 else { return nil }
    }
    return String(host)
}
