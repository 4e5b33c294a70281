/// Server-sent events being written: collected as bytes, then cut into pieces that end in awkward places.
struct EventStream {
    private let lineEnd: String
    private let lengths: [Int]
    private var steps: [LoopbackResponse.Step] = []
    private var pending: [UInt8] = []
    private var piece = 0

    init(_ options: OpenAIOptions) { self.init(lineEnd: options.lineEnd, pieceLengths: options.pieceLengths) }

    init(lineEnd: String, pieceLengths: [Int]) {
        self.lineEnd = lineEnd
        lengths = pieceLengths.filter { $0 > 0 }
    }

    /// `event:` is left out when `name` is nil.
    mutating func event(_ name: String?, _ data: JSONValue) {
        if let name { line("event: \(name)") }
        line("data: \(data)")
        line("")
    }

    mutating func line(_ text: String) { pending += Array((text + lineEnd).utf8) }

    /// Everything so far is sent before this happens.
    mutating func then(_ step: LoopbackResponse.Step) {
        flush()
        steps.append(step)
    }

    mutating func response() -> LoopbackResponse {
        flush()
        return LoopbackResponse(
            200,
            headers: ["Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-cache"],
            body: .steps(steps)
        )
    }

    private mutating func flush() {
        var rest = pending[...]
        while !rest.isEmpty {
            var length = rest.count
            if !lengths.isEmpty {
                length = lengths[piece % lengths.count]
                // No character of more than one byte gets through in one piece.
                if let at = rest.prefix(length).firstIndex(where: { $0 >= 0x80 }) { length = at - rest.startIndex + 1 }
            }
            piece += 1
            steps.append(.bytes(Array(rest.prefix(length))))
            rest = rest.dropFirst(length)
        }
        pending = []
    }
}
