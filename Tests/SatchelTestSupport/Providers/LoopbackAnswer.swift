/// How one chat request is answered.
package struct LoopbackAnswer: Sendable {
    package enum Ending: Sendable {
        case completed
        /// With this reason: `max_output_tokens` or `content_filter`.
        case incomplete(String)
        /// A `response.failed` event; without streaming a response with that status.
        case failed(code: String, message: String)
        /// An `error` event; without streaming HTTP 500.
        case errorEvent(code: String, message: String)
        /// `data: {"error": {…}}`, as some gateways have it.
        case nestedError(code: String, message: String)
        /// The connection closes in good order in the middle of the stream, without its last chunk.
        case cut
        /// The connection is reset in the middle of the stream.
        case reset
        /// The stream ends in good order, but without its terminal event.
        case silence
    }

    /// A tool that the model asks for.
    package struct Call: Hashable, Sendable {
        package var name: String
        /// JSON text, as the model wrote it.
        package var arguments: String
    }

    /// Instead of the echo.
    package var text: String?
    /// Asked for instead of an answer, where the request offers tools; then only ``text`` is said beside it.
    package var calls: [Call] = []
    /// Instead of the echo, made of the bytes of the files that were really shown.
    package var composed: (@Sendable ([ArraySlice<UInt8>]) -> String)?
    /// Instead of any text.
    package var refusal: String?
    /// Cite every file that was given.
    package var citesFiles = false
    /// Comments between the events.
    package var keepsAlive = false
    /// Events of types that nobody knows, and unknown members in those that everybody knows.
    package var addsUnknownEvents = false
    /// Wait at the gate after so many deltas.
    package var pause: (deltas: Int, gate: TestGate)?
    /// Where an ending cuts in: after so many deltas, or after the last.
    package var endsAfter: Int?
    package var ending = Ending.completed
    /// Characters per delta.
    package var deltaLength = 7

    package init() {}

    package static func text(_ text: String) -> LoopbackAnswer { make { $0.text = text } }
    package static func composed(_ compose: @escaping @Sendable ([ArraySlice<UInt8>]) -> String) -> LoopbackAnswer {
        make { $0.composed = compose }
    }

    package static func calling(_ calls: (name: String, arguments: String)..., saying text: String? = nil)
        -> LoopbackAnswer
    {
        make {
            $0.calls = calls.map { Call(name: $0.name, arguments: $0.arguments) }
            $0.text = text
        }
    }

    package static func refusal(_ text: String) -> LoopbackAnswer { make { $0.refusal = text } }
    package static var citing: LoopbackAnswer { make { $0.citesFiles = true } }
    package static var keepAlives: LoopbackAnswer { make { $0.keepsAlive = true } }
    package static var unknownEvents: LoopbackAnswer { make { $0.addsUnknownEvents = true } }

    /// Ends like that after `deltas` deltas; after all of them when nil.
    package static func ending(_ ending: Ending, after deltas: Int? = nil) -> LoopbackAnswer {
        make {
            $0.ending = ending
            $0.endsAfter = deltas
        }
    }

    package static func pausing(after deltas: Int, at gate: TestGate) -> LoopbackAnswer {
        make { $0.pause = (deltas, gate) }
    }

    /// What is really asked for: nothing where nothing is offered.
    func calls(_ tools: ToolTalk) -> [Call] { tools.offered.isEmpty || !tools.mayCall ? [] : calls }

    /// Nil for an answer that only asks for tools.
    func words(_ tools: ToolTalk, _ echo: String, _ files: [ArraySlice<UInt8>]) -> String? {
        if let refusal { return refusal }
        if let text { return text }
        return calls(tools).isEmpty ? composed?(files) ?? echo : nil
    }

    private static func make(_ change: (inout LoopbackAnswer) -> Void) -> LoopbackAnswer {
        var answer = LoopbackAnswer()
        change(&answer)
        return answer
    }
}
