/// Status and headers of an answer.
struct HTTPHead: Hashable, Sendable {
    var status: Int
    var headers: [HTTPHeader] = []

    /// The first header of that name, whatever its case.
    subscript(name: String) -> String? {
        headers.first { $0.name.utf8.elementsEqual(name.utf8, by: equalIgnoringCase) }?.value
    }
}

/// A whole answer.
struct HTTPResponse: Hashable, Sendable {
    var head: HTTPHead
    var body: [UInt8]

    var status: Int { head.status }
}

/// Why there is no whole answer.
enum HTTPFailure: Error, Hashable, Sendable {
    /// The request cannot be put on the wire: a malformed URL or header.
    case invalid(String)
    /// No connection was made, so nothing was sent.
    case unreachable(String)
    /// The connection ended after the request began to go out: it may have been carried out.
    case lost(String)
    /// The answer has more bytes than asked for.
    case tooLarge(limit: Int)
    /// What came back is not HTTP.
    case malformed(String)
    /// The bytes to send could not be read.
    case source
    case cancelled
}

private func equalIgnoringCase(_ left: UInt8, _ right: UInt8) -> Bool {
    left == right || (left | 0x20 == right | 0x20 && (left | 0x20) >= 0x61 && (left | 0x20) <= 0x7a)
}
