import SatchelCore

/// Where an account lives and what opens its door.
package struct Endpoint: Sendable {
    /// Without a slash at its end: `https://api.openai.com/v1`.
    package let baseURL: String
    /// As it stands in the URL, without the port: for messages.
    package let host: String
    package let key: Secret?
    let organisation: String?
    let project: String?
    /// The segment of the path that names the version, where the provider has several: `v1beta`.
    let apiVersion: String?
    let extraHeaders: [HTTPHeader]

    /// Checks everything that could send a request elsewhere or smuggle something into it.
    ///
    /// - Parameters:
    ///   - baseURL: `http` or `https`, a host, perhaps a port and a path; nothing else.
    ///   - key: nil where the server wants none.
    ///   - organisation: sent as `OpenAI-Organization`.
    ///   - project: sent as `OpenAI-Project`.
    ///   - apiVersion: letters, digits, `.`, `-`; nil for the provider's usual one.
    ///   - extraHeaders: for gateways; their values are treated as secrets.
    /// - Throws: a sentence on what is wrong with which of them.
    package init(
        baseURL: String,
        key: Secret?,
        organisation: String? = nil,
        project: String? = nil,
        apiVersion: String? = nil,
        extraHeaders: [(name: String, value: String)] = []
    ) throws(EndpointError) {
        let parts = try Self.split(baseURL)
        self.baseURL = parts.base
        self.host = parts.host
        self.key = key
        self.organisation = organisation
        self.project = project
        self.apiVersion = apiVersion
        if let apiVersion {
            let isPlain = apiVersion.utf8.allSatisfy {
                $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-") || UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0
                    || UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0
            }
            guard isPlain, apiVersion.first?.isLetter == true else {
                throw EndpointError("API version \(escaped(apiVersion.utf8)): is none; write it as v1beta")
            }
        }
        self.extraHeaders = extraHeaders.map { HTTPHeader($0.name, $0.value) }
        if let key, !HTTPHeader("Authorization", key.value).isWellFormed {
            throw EndpointError("API key: has a line break or control character inside; set it again")
        }
        if let bad = self.extraHeaders.first(where: { !$0.isWellFormed }) {
            throw EndpointError("header \(escaped(bad.name.utf8)): has characters that no header may have; remove them")
        }
        for (name, value) in [("organisation", organisation), ("project", project)] {
            guard HTTPHeader(name, value ?? "").isWellFormed else {
                throw EndpointError("\(name): has a line break or control character inside; set it again")
            }
        }
    }

    /// Whether the key would cross a network unencrypted.
    package var sendsKeyInClear: Bool { key != nil && baseURL.hasPrefix("http://") && !isLoopbackHost(host) }

    /// What must never be seen in a message.
    var secrets: [String] { (key.map { [$0.value] } ?? []) + extraHeaders.map(\.value) }

    /// The URL of `path` below the base; `path` is already percent-encoded and begins with a slash.
    func url(_ path: String) -> String { baseURL + path }

    private static func split(_ text: String) throws(EndpointError) -> (base: String, host: String) {
        let shown = masked(escaped(text.utf8))
        func fail(_ why: String) -> EndpointError { EndpointError("base URL \(shown): \(why)") }
        let lowered = text.lowercased()
        guard lowered.hasPrefix("http://") || lowered.hasPrefix("https://") else {
            throw fail("is neither http nor https; write it as https://host/v1")
        }
        let forbidden = Set("\"<>\\^`{|}".utf8)
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && !forbidden.contains($0) }) else {
            throw fail("has characters that no URL may have; percent-encode them, and write the host in its ASCII form")
        }
        guard !text.contains("?"), !text.contains("#") else {
            throw fail("has a query or a fragment; leave it out")
        }
        let isSecure = lowered.hasPrefix("https")
        var rest = text.dropFirst(isSecure ? 8 : 7)
        while rest.hasSuffix("/") { rest = rest.dropLast() }
        let authority = rest.prefix { $0 != "/" }
        guard !authority.contains("@") else {
            throw EndpointError("base URL: has a user name or password in it; give the key as a key")
        }
        // An IPv6 address has its colons inside brackets.
        let bracket = authority.lastIndex(of: "]")
        let colon = authority[(bracket ?? authority.startIndex)...].lastIndex(of: ":")
        let host = authority[..<(colon ?? authority.endIndex)]
        guard !host.isEmpty else { throw fail("has no host; write it as https://host/v1") }
        if let colon {
            guard let port = UInt16(authority[authority.index(after: colon)...]), port > 0 else {
                throw fail("has a port that is no number from 1 to 65535")
            }
        }
        return ((isSecure ? "https://" : "http://") + rest, host.lowercased())
    }
}

/// What is wrong with an endpoint's settings, as a sentence without secrets.
package struct EndpointError: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// An id from a stranger as one path segment of a URL; nil for `.` and `..`, which would climb.
func pathSegment(_ id: RemoteFileID) -> String? {
    guard id.rawValue != ".", id.rawValue != ".." else { return nil }
    return percentEncoded(id.rawValue)
}

/// Percent-encodes everything but RFC 3986's unreserved characters.
func percentEncoded(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var result: [UInt8] = []
    for byte in text.utf8 {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            result.append(byte)
        default:
            result += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
    }
    return String(decoding: result, as: UTF8.self)
}
