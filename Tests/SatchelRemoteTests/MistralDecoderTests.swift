import SatchelCore
@testable import SatchelRemote
import Testing

struct MistralDecoderTests {
    private func decode(_ pieces: [[UInt8]]) throws -> [ChatEvent] {
        var decoder = MistralDecoder()
        var reader = SSEReader()
        var result: [ChatEvent] = []
        for piece in pieces {
            for event in try reader.take(piece) { result += try decoder.take(event) }
        }
        if let last = reader.finish() { result += try decoder.take(last) }
        return result + decoder.end()
    }

    private func decode(_ chunks: [String], done: Bool = true, lineEnd: String = "\n") throws -> [ChatEvent] {
        let lines = (chunks + (done ? ["[DONE]"] : [])).map { "data: \($0)" + lineEnd + lineEnd }
        return try decode([Array(lines.joined().utf8)])
    }

    private let whole = [
        #"{"id":"c1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}"#,
        #"{"id":"c1","p":"abc","choices":[{"index":0,"delta":{"content":[{"type":"thinking","thinking":[{"type":"text","text":"Hm"},{"type":"reference","reference_ids":[1]}],"closed":true}]},"finish_reason":null}]}"#,
        #"{"id":"c1","choices":[{"index":0,"delta":{"content":[{"type":"text","text":"Grü"},{"type":"new_thing","x":{"y":[1]}},{"type":"reference","reference_ids":[3,"f-4"]}]},"finish_reason":null}]}"#,
        #"{"id":"c1","choices":[{"index":0,"delta":{"content":"ße 👋","tool_calls":null},"finish_reason":null}]}"#,
        #"{"id":"c1","choices":[{"index":0,"delta":{"content":""},"finish_reason":"length"}],"usage":{"prompt_tokens":90,"completion_tokens":7,"total_tokens":97,"prompt_tokens_details":{"cached_tokens":64},"num_cached_tokens":63}}"#,
    ]
    private let events: [ChatEvent] = [
        .started("c1"), .reasoning("Hm"), .text("Grü"), .citation(Citation(name: "3")),
        .citation(Citation(name: "f-4")),
        .text("ße 👋"), .usage(ChatUsage(input: 90, cached: 64, output: 7, reasoning: 0)), .finished(.length),
    ]

    @Test(arguments: ["\n", "\r\n", "\r"]) func anAnswerMayBeCutAnywhere(lineEnd: String) throws {
        var text = ": ping" + lineEnd + lineEnd
        for chunk in whole { text += "data: \(chunk)" + lineEnd + lineEnd + ": keep-alive" + lineEnd + lineEnd }
        text += "data: [DONE]" + lineEnd + lineEnd
        let bytes = Array(text.utf8)
        for place in stride(from: 0, through: bytes.count, by: 13) {
            #expect(try decode([Array(bytes[..<place]), Array(bytes[place...])]) == events)
        }
        #expect(try decode(bytes.map { [$0] }) == events)
    }

    @Test func anEndNeedsAReasonOrADone() throws {
        #expect(try decode(whole, done: false) == events)
        #expect(try decode(Array(whole[..<4]), done: false) == Array(events[..<6]))
        #expect(try decode(Array(whole[..<1])) == [.started("c1"), .finished(.stop)])
    }

    @Test(arguments: [
        ("stop", FinishReason.stop), ("length", .length), ("model_length", .length),
        ("tool_calls", .toolCalls),
    ])
    func reasonsHaveTheWordsOfTheSchema(word: String, reason: FinishReason) throws {
        let chunk = #"{"choices":[{"delta":{},"finish_reason":"\#(word)"}]}"#
        #expect(try decode([chunk]) == [.finished(reason)])
    }

    @Test(arguments: [
        #"{"prompt_tokens":9,"completion_tokens":2,"num_cached_tokens":4}"#,
        #"{"prompt_tokens":9,"completion_tokens":2,"prompt_token_details":{"cached_tokens":4}}"#,
        #"{"prompt_tokens":9,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":4},"prompt_audio_seconds":null}"#,
    ])
    func cachedTokensStandInOneOfThreePlaces(usage: String) throws {
        let found = try decode([#"{"choices":[],"usage":\#(usage)}"#], done: false)
        #expect(found == [.usage(ChatUsage(input: 9, cached: 4, output: 2, reasoning: 0))])
    }

    @Test(arguments: [
        #"{"object":"error","message":"it broke","type":"internal_server_error","param":null,"code":"1000"}"#,
        #"{"object":"Error","message":[{"type":"x","loc":["body","tools"],"msg":"it broke"}],"code":3001}"#,
        #"{"error":{"message":"it broke","code":"x"}}"#,
    ])
    func anErrorInTheStreamIsThrown(body: String) throws {
        let error = #expect(throws: ChatStreamFault.self) { try decode([whole[0], body]) }
        guard case .refused(let reply)? = error else { throw error ?? .unreadable("no error") }
        #expect(reply.message?.hasSuffix("it broke") == true)
    }

    @Test func whatIsNoJSONIsSaid() {
        #expect(throws: ChatStreamFault.self) { try decode(["oops"]) }
        #expect(throws: ChatStreamFault.self) { try decode([String(repeating: "[", count: 100)]) }
    }

    @Test(arguments: [
        "null", "[]", "5", "{}", #"[{"type":"text"}]"#, #"[5,null,"x"]"#, #"[{"type":"thinking","thinking":5}]"#,
    ])
    func contentsThatMakeNoSenseBringNothing(content: String) throws {
        #expect(try decode([#"{"choices":[{"delta":{"content":\#(content)}}]}"#]) == [.finished(.stop)])
    }
}
