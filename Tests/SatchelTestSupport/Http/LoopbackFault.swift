/// What goes wrong with one request, at the level of bytes.
package enum LoopbackFault: Sendable {
    /// Read the request, do nothing, answer this.
    case answer(LoopbackResponse)
    /// Carry the request out, and answer this all the same.
    case answerAfterwards(LoopbackResponse)
    /// Answer this after the head, while the body is still coming, and close.
    case answerEarly(LoopbackResponse)
    /// Read the head, then close without a word.
    case refuse
    /// Reset after so many bytes of the request's body; at its end when it is shorter.
    case resetRequest(afterBytes: Int)
    /// Stop reading after so many bytes of the body until the gate opens, then go on as if nothing had been.
    case holdRequest(afterBytes: Int, TestGate)
    /// Read the request, wait at the gate, then carry it out.
    case hold(TestGate)
    /// Carry the request out, wait at the gate, then answer.
    case holdAnswer(TestGate)
    /// Carry the request out and close without an answer.
    case loseAnswer
    /// Carry the request out and reset after so many bytes of the answer, its head included.
    case resetAnswer(afterBytes: Int)
    /// Carry the request out; announce the whole body, send so many bytes of it and close.
    case truncate(bodyBytes: Int)
    /// Carry the request out and answer so slowly, for ten seconds at most; the rest then goes at once.
    case slow(bytesPerSecond: Int)
    /// Read the request, do nothing, and send these bytes instead of HTTP.
    case garbage([UInt8])

    package static func status(_ status: Int, headers: HeaderFields = [:], body: String = "") -> LoopbackFault {
        .answer(.text(body, status: status, headers: headers))
    }
}

/// Which requests: a method and a path, `POST /v1/files`; `*` for any method, and at the end of the path for any rest.
package struct LoopbackMatch: Hashable, Sendable, ExpressibleByStringLiteral {
    package var method: String?
    package var path: String

    package init(_ text: String) {
        let words = text.split(separator: " ", maxSplits: 1).map(String.init)
        method = words.count == 2 && words[0] != "*" ? words[0] : nil
        path = words.last ?? "*"
    }

    package init(stringLiteral value: String) { self.init(value) }

    package static let any: LoopbackMatch = "*"

    package func matches(method: String, path: String) -> Bool {
        if let wanted = self.method, wanted != method { return false }
        if self.path.hasSuffix("*") { return path.hasPrefix(self.path.dropLast()) }
        return path == self.path
    }

    package func matches(_ request: LoopbackRequest) -> Bool { matches(method: request.method, path: request.path) }
}

extension LoopbackMatch: CustomStringConvertible {
    package var description: String { "\(method ?? "*") \(path)" }
}
