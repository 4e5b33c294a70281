import FoundationEssentials
import Glibc
import SatchelCore
@testable import SatchelRemote
import Testing

struct AnthropicDecoderTests {
    /// The events of a stream that comes in these pieces, and what stopped it.
    private func decode(_ pieces: [ArraySlice<UInt8>]) -> (events: [ChatEvent], fault: ChatStreamFault?) {
        var decoder = AnthropicDecoder()
        var reader = SSEReader()
        var events: [ChatEvent] = []
        do {
            for piece in pieces {
                for event in try reader.take(Array(piece)) { events += try decoder.take(event) }
            }
            if let last = reader.finish() { events += try decoder.take(last) }
            return (events + decoder.end(), nil)
        } catch {
            return (events, error as? ChatStreamFault)
        }
    }

    private func decode(_ stream: String) -> (events: [ChatEvent], fault: ChatStreamFault?) {
        decode([Array(stream.utf8)[...]])
    }

    private func stream(_ data: [String], lineEnd: String = "\n") -> String {
        data.map { json in
            let type = json.dropFirst(#"{"type":""#.count).prefix { $0 != "\"" }
            return "event: \(type)\(lineEnd)data: \(json)\(lineEnd)\(lineEnd)"
        }
        .joined()
    }

    private let whole = [
        #"{"type":"message_start","message":{"id":"msg_1","content":[],"usage":{"input_tokens":5,"cache_creation_input_tokens":100,"cache_read_input_tokens":1000,"output_tokens":1}}}"#,
        #"{"type":"ping"}"#,
        #"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}"#,
        #"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Hm."}}"#,
        #"{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"c2ln"}}"#,
        #"{"type":"content_block_stop","index":0}"#,
        #"{"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}"#,
        #"{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"Grüße "}}"#,
        #"{"type":"content_block_delta","index":1,"delta":{"type":"citations_delta","citation":{"type":"char_location","cited_text":"a","document_index":0,"document_title":"src/a.txt","file_id":"file_1","start_char_index":0,"end_char_index":1}}}"#,
        #"{"type":"content_block_delta","index":1,"delta":{"type":"citations_delta","citation":{"type":"char_location","cited_text":"b","document_index":0,"document_title":"src/a.txt","file_id":"file_1","start_char_index":2,"end_char_index":3}}}"#,
        #"{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"👋"}}"#,
        #"{"type":"content_block_stop","index":1}"#,
        #"{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null,"stop_details":null},"usage":{"output_tokens":15,"output_tokens_details":{"thinking_tokens":4}}}"#,
        #"{"type":"message_stop"}"#,
    ]

    private func place(_ quote: String, _ characters: Range<Int>) -> Citation {
        Citation(file: RemoteFileID("file_1"), name: "src/a.txt", quote: quote, characters: characters)
    }

    private var expected: [ChatEvent] {
        [
            .started("msg_1"), .reasoning("Hm."), .text("Grüße "),
            .citation(place("a", 0..<1)), .citation(place("b", 2..<3)), .text("👋"),
            .usage(ChatUsage(input: 1105, cached: 1000, cacheWrite: 100, output: 15, reasoning: 4)), .finished(.stop),
        ]
    }

    @Test(arguments: ["\n", "\r\n"]) func aStreamMayBeCutAnywhere(lineEnd: String) {
        let bytes = Array(stream(whole, lineEnd: lineEnd).utf8)
        for cut in bytes.indices {
            let (events, fault) = decode([bytes[..<cut], bytes[cut...]])
            guard fault == nil, events == expected else {
                Issue.record("cut at \(cut): \(events)")
                return
            }
        }
        #expect(decode(bytes.indices.map { bytes[$0...$0] }).events == expected)
    }

    @Test func commentsAndWhatNobodyKnowsArePassedOver() {
        var lines: [String] = []
        for json in whole {
            lines.append(json.dropLast() + #","added_later":{"x":[1]}}"#)
            lines.append(#"{"type":"new_thing","delta":{"type":"new_delta","new":"x"},"index":7}"#)
            lines.append(#"{"type":"content_block_delta","index":1,"delta":{"type":"new_delta","new":"x"}}"#)
        }
        let text = ": comment\n\n" + stream(lines) + "data: [DONE]\n\n"
        #expect(decode(text).events == expected)
    }

    @Test func anErrorEndsItAndWhatCameStays() {
        for error in [
            #"{"type":"error","error":{"details":null,"type":"overloaded_error","message":"Overloaded"},"request_id":"req_1"}"#,
            #"{"error":{"type":"overloaded_error","message":"Overloaded"}}"#,
        ] {
            let (events, fault) = decode(stream(Array(whole[..<8])) + "data: \(error)\n\n" + stream(Array(whole[8...])))
            #expect(events == [.started("msg_1"), .reasoning("Hm."), .text("Grüße ")])
            guard case .refused(let reply)? = fault else {
                Issue.record("no fault")
                continue
            }
            #expect(reply.type == "overloaded_error")
            #expect(reply.message == "Overloaded")
        }
        #expect(decode("event: message_delta\ndata: {\"type\":\n\n").fault != nil)
    }

    @Test(
        arguments: [
            ("rate_limit_error", .rateLimited(retryAfter: nil)), ("overloaded_error", .temporary(retryAfter: nil)),
            ("api_error", .temporary(retryAfter: nil)), ("timeout_error", .temporary(retryAfter: nil)),
            ("authentication_error", .unauthorised), ("permission_error", .forbidden), ("billing_error", .quota),
            ("request_too_large", .tooLarge), ("invalid_request_error", .rejected), ("not_found_error", .gone),
        ] as [(String, ProviderError.Kind)]
    )
    func anErrorInTheStreamIsSortedByItsType(type: String, kind: ProviderError.Kind) throws {
        let refusals = Refusals(endpoint: try Endpoint(baseURL: "https://x", key: nil), dialect: .anthropic)
        let reply = ErrorReply(Array(#"{"type":"error","error":{"type":"\#(type)","message":"words"}}"#.utf8))
        let error = refusals.error(inStream: reply, head: HTTPHead(status: 200), ids: ["file_1"])
        #expect(error.kind == kind)
    }

    @Test func withoutAReasonItIsCut() {
        let events = decode(stream(Array(whole[..<12]))).events
        #expect(events == Array(expected[..<6]))
    }

    @Test func theLastEventMayBeMissing() {
        #expect(decode(stream(Array(whole[..<13]))).events == expected)
    }

    @Test(
        arguments: [
            ("end_turn", .stop), ("stop_sequence", .stop), ("max_tokens", .length),
            ("model_context_window_exceeded", .length), ("refusal", .contentFilter),
            ("pause_turn", .other("pause_turn")),
        ] as [(String, FinishReason)]
    )
    func theReasonForStoppingIsKept(word: String, reason: FinishReason) {
        let end = #"{"type":"message_delta","delta":{"stop_reason":"\#(word)"},"usage":{"output_tokens":1}}"#
        #expect(decode(stream([end, #"{"type":"message_stop"}"#])).events.last == .finished(reason))
    }

    @Test func aRefusalSaysWhy() {
        let end =
            #"{"type":"message_delta","delta":{"stop_reason":"refusal","stop_details":{"type":"refusal","category":"bio","explanation":"No."}},"usage":{"output_tokens":1}}"#
        #expect(
            decode(stream([whole[0], end, whole[13]])).events == [
                .started("msg_1"), .refusal("No."),
                .usage(ChatUsage(input: 1105, cached: 1000, cacheWrite: 100, output: 1, reasoning: 0)),
                .finished(.contentFilter),
            ]
        )
    }

    @Test func laterFiguresCount() {
        let end =
            #"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"input_tokens":7,"cache_creation_input_tokens":0,"cache_read_input_tokens":null,"output_tokens":9}}"#
        #expect(
            decode(stream([whole[0], end, whole[13]])).events.dropFirst().first
                == .usage(ChatUsage(input: 1007, cached: 1000, output: 9, reasoning: 0))
        )
    }

    /// Replies recorded from real servers that speak Messages too, where there are any.
    @Test(.enabled(if: getenv("SATCHEL_WIRE_STREAMS") != nil)) func recordedStreamsAreUnderstood() throws {
        let root = try #require(getenv("SATCHEL_WIRE_STREAMS").map { String(cString: $0) })
        var count = 0
        for case let name in try FileManager.default.subpathsOfDirectory(atPath: root)
        where name.hasSuffix("/messages_stream.http") || name.hasSuffix("/msg_stream.http") {
            let data = try #require(FileManager.default.contents(atPath: "\(root)/\(name)"))
            let text = String(decoding: data, as: UTF8.self)
            let blank = try #require(text.firstRange(of: "\r\n\r\n") ?? text.firstRange(of: "\n\n"))
            let (events, fault) = decode(String(text[blank.upperBound...]))
            #expect(fault == nil)
            let words = events.map { if case .text(let text) = $0 { text } else { "" } }.joined()
            #expect(!words.isEmpty)
            #expect(events.last == .finished(.stop))
            count += 1
        }
        #expect(count > 0)
    }
}
