import SatchelCore
@testable import SatchelRemote
import Testing

/// xAI's stream: `data:` lines only, with pings, an agent's items, an exact price and a `[DONE]`.
struct XAIDecoderTests {
    private let stream = [
        #"{"type":"response.created","response":{"id":"r1"}}"#, #"{"type":"ping"}"#,
        #"{"type":"response.output_item.added","item":{"id":"s1","type":"attachment_search_call"}}"#,
        #"{"type":"response.output_item.done","item":{"id":"s1","type":"attachment_search_call"}}"#,
        #"{"type":"response.output_item.added","item":{"id":"s2","type":"attachment_search_call"}}"#,
        #"{"type":"response.output_item.added","item":{"id":"t1","type":"reasoning"}}"#,
        #"{"type":"response.reasoning_text.delta","delta":"Hm"}"#,
        #"{"type":"response.output_item.added","item":{"id":"m1","type":"message"}}"#,
        #"{"type":"response.output_text.delta","delta":"Grüße "}"#, #"{"type":"ping"}"#,
        #"{"type":"response.output_text.delta","delta":"🙂"}"#,
        #"{"type":"response.done","response":{"id":"r1","status":"completed","usage":{"input_tokens":20,"input_tokens_details":{"cached_tokens":8},"output_tokens":5,"output_tokens_details":{"reasoning_tokens":2},"num_server_side_tools_used":2,"cost_in_usd_ticks":100123400}}}"#,
        "[DONE]",
    ]
    private let events: [ChatEvent] = [
        .started("r1"), .status("searching files"), .status("searching files"), .reasoning("Hm"), .text("Grüße "),
        .text("🙂"),
        .usage(
            ChatUsage(
                input: 20,
                cached: 8,
                output: 5,
                reasoning: 2,
                toolCalls: 2,
                cost: Dollars(ticks: 100_123_400)
            )
        ),
        .finished(.stop),
    ]

    private func decode(_ pieces: [ArraySlice<UInt8>]) throws -> [ChatEvent] {
        var decoder = ResponsesDecoder()
        var reader = SSEReader()
        var result: [ChatEvent] = []
        for piece in pieces {
            for event in try reader.take(Array(piece)) { result += try decoder.take(event) }
        }
        if let last = reader.finish() { result += try decoder.take(last) }
        return result + decoder.end()
    }

    private func decode(_ data: String...) throws -> [ChatEvent] {
        try decode([Array(data.map { "data: \($0)\n\n" }.joined().utf8)[...]])
    }

    @Test(arguments: ["\n", "\r\n", "\r"]) func itIsTheSameWhereverItIsCut(lineEnd: String) throws {
        let text = stream.map { "data: \($0)\(lineEnd)\(lineEnd): a comment\(lineEnd)\(lineEnd)" }.joined()
        let bytes = Array(text.utf8)
        // Every 13th place is inside of everything once; the single bytes after it leave none out.
        for cut in stride(from: 0, to: bytes.count, by: 13) {
            #expect(try decode([bytes[..<cut], bytes[cut...]]) == events)
        }
        #expect(try decode(bytes.indices.map { bytes[$0...$0] }) == events)
    }

    @Test func doneAloneIsNoEnd() throws {
        #expect(try decode(stream[0], stream[8], "[DONE]") == [.started("r1"), .text("Grüße ")])
    }

    @Test func aToolThatNobodyKnowsIsCalledByItsName() throws {
        let added = #"{"type":"response.output_item.added","item":{"id":"x1","type":"x_search_call"}}"#
        let working = #"{"type":"response.x_search_call.in_progress","item_id":"x1"}"#
        let function = #"{"type":"response.output_item.added","item":{"id":"f1","type":"function_call"}}"#
        #expect(try decode(added, working, function) == [.status("using x search")])
    }

    @Test(arguments: [
        ("max_output_tokens", FinishReason.length), ("max_prompt_tokens", .other("max_prompt_tokens")),
        ("max_time_limit", .other("max_time_limit")),
    ])
    func anAnswerThatIsNotCompleteSaysWhy(word: String, reason: FinishReason) throws {
        for type in ["response.incomplete", "response.done"] {
            let end =
                #"{"type":"\#(type)","response":{"id":"r1","status":"incomplete","incomplete_details":{"reason":"\#(word)"}}}"#
            #expect(try decode(end) == [.started("r1"), .finished(reason)])
        }
    }

    @Test func thoughtsAreNotTakenForTheAnswer() throws {
        let end = #"""
            {"type":"response.completed","response":{"id":"r1","output":[{"type":"attachment_search_call"},{"type":"reasoning","content":[{"type":"reasoning_text","text":"Hm"}]},{"type":"message","content":[{"type":"output_text","text":"Hi."}]}]}}
            """#
        #expect(try decode(end) == [.started("r1"), .text("Hi."), .finished(.stop)])
    }

    @Test(arguments: [
        #"{"type":"error","code":"503","message":"overloaded"}"#, #"{"error":{"code":503,"message":"overloaded"}}"#,
        #"{"type":"response.failed","response":{"error":{"code":"503","message":"overloaded"}}}"#,
    ])
    func anErrorEndsIt(event: String) throws {
        #expect(throws: ChatStreamFault.refused(ErrorReply(message: "overloaded", code: "503"))) {
            try decode(stream[0], event)
        }
    }

    @Test(arguments: [
        (0, "0.00 USD"), (1, "0.0000000001 USD"), (100_123_400, "0.01001234 USD"), (5_000_000_000, "0.50 USD"),
        (12_345_678_901, "1.2345678901 USD"), (1_000_000_000_000_000_000, "100000000.00 USD"),
    ])
    func aPriceIsExact(ticks: Int64, text: String) {
        #expect(Dollars(ticks: ticks)?.description == text)
    }

    @Test func aPriceThatIsNoneIsLeftOut() throws {
        for price in ["-1", "9223372036854775807", "\"many\"", "null", "1e300"] {
            let end =
                #"{"type":"response.done","response":{"id":"r1","usage":{"input_tokens":3,"output_tokens":2,"cost_in_usd_ticks":\#(price)}}}"#
            let usage = ChatUsage(input: 3, cached: 0, output: 2, reasoning: 0)
            #expect(try decode(end) == [.started("r1"), .usage(usage), .finished(.stop)])
        }
    }
}
