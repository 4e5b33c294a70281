import FoundationEssentials
import Glibc
import SatchelCore
@testable import SatchelRemote
import Testing

struct ChatDecoderTests {
    /// The events of a whole stream, without what a connection adds.
    private func decode(_ stream: String, _ decoder: any ChatDecoder) throws -> [ChatEvent] {
        var decoder = decoder
        var reader = SSEReader()
        var result: [ChatEvent] = []
        for event in try reader.take(Array(stream.utf8)) { result += try decoder.take(event) }
        if let last = reader.finish() { result += try decoder.take(last) }
        return result + decoder.end()
    }

    private func lines(_ data: String...) -> String { data.map { "data: \($0)\n\n" }.joined() }

    @Test func aWholeTextAtTheEndIsEnough() throws {
        let stream = lines(
            #"{"type":"response.created","response":{"id":"r1"}}"#,
            #"{"type":"response.completed","response":{"id":"r1","output":[{"type":"message","content":[{"type":"output_text","text":"Hi."}]}],"usage":{"input_tokens":3,"output_tokens":2}}}"#
        )
        #expect(
            try decode(stream, ResponsesDecoder()) == [
                .started("r1"), .text("Hi."), .usage(ChatUsage(input: 3, cached: 0, output: 2, reasoning: 0)),
                .finished(.stop),
            ]
        )
    }

    @Test func theTypeMayStandInTheEventLineOnly() throws {
        let stream =
            "event: response.output_text.delta\ndata: {\"delta\":\"a\"}\n\nevent: response.completed\ndata: {}\n\n"
        #expect(try decode(stream, ResponsesDecoder()) == [.text("a"), .finished(.stop)])
    }

    @Test func toolsAndThoughtsAreShown() throws {
        let stream = lines(
            #"{"type":"response.reasoning_summary_text.delta","delta":"Hm"}"#,
            #"{"type":"response.file_search_call.in_progress","item_id":"f1"}"#,
            #"{"type":"response.file_search_call.searching","item_id":"f1"}"#,
            #"{"type":"response.file_search_call.completed","item_id":"f1"}"#,
            #"{"type":"response.code_interpreter_call.in_progress","item_id":"c1"}"#,
            #"{"type":"response.output_text.annotation.added","annotation":{"type":"url_citation","url":"https://x/","title":"X"}}"#,
            #"{"type":"response.output_item.done","item":{"content":[{"annotations":[{"file_id":"f","filename":"a"},{"url":"https://x/","title":"X"}]}]}}"#
        )
        #expect(
            try decode(stream, ResponsesDecoder()) == [
                .reasoning("Hm"), .status("searching files"), .status("running code"),
                .citation(Citation(name: "X", url: "https://x/")),
                .citation(Citation(file: RemoteFileID("f"), name: "a")),
            ]
        )
    }

    @Test func completionsEndWithOrWithoutDone() throws {
        let chunks = [
            #"{"id":"c1","choices":[{"delta":{"role":"assistant","content":null}}]}"#,
            #"{"id":"c1","choices":[{"delta":{"reasoning_content":"Hm"}}]}"#,
            #"{"id":"c1","choices":[{"delta":{"content":"Hi"}}]}"#,
            #"{"id":"c1","choices":[{"delta":{},"finish_reason":"length"}]}"#,
            #"{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":4},"completion_tokens_details":null}}"#,
        ]
        let expected: [ChatEvent] = [
            .started("c1"), .reasoning("Hm"), .text("Hi"),
            .usage(ChatUsage(input: 9, cached: 4, output: 2, reasoning: 0)),
            .finished(.length),
        ]
        let stream = chunks.map { "data: \($0)\n\n" }.joined()
        #expect(try decode(stream, ChatCompletionsDecoder()) == expected)
        #expect(try decode(stream + "data: [DONE]\n\n", ChatCompletionsDecoder()) == expected)
        let cut = chunks[..<3].map { "data: \($0)\n\n" }.joined()
        #expect(try decode(cut, ChatCompletionsDecoder()) == Array(expected[..<3]))
    }

    @Test func whatIsNoJSONIsSaid() {
        #expect(throws: ChatStreamFault.self) { try decode(lines("{\"type\":"), ResponsesDecoder()) }
        #expect(throws: ChatStreamFault.self) { try decode(lines("oops"), ChatCompletionsDecoder()) }
    }

    /// Replies recorded from real servers, where there are any: `*.http` files below the folder in the environment.
    @Test(.enabled(if: getenv("SATCHEL_WIRE_STREAMS") != nil)) func recordedStreamsAreUnderstood() throws {
        let root = try #require(getenv("SATCHEL_WIRE_STREAMS").map { String(cString: $0) })
        var count = 0
        for case let name in try FileManager.default.subpathsOfDirectory(atPath: root)
        where name.hasSuffix("_stream.http") {
            let isResponses = name.contains("resp")
            guard isResponses || name.contains("chat"),
                let data = FileManager.default.contents(atPath: "\(root)/\(name)")
            else { continue }
            let text = String(decoding: data, as: UTF8.self)
            let body = try #require(
                text.firstRange(of: "\r\n\r\n").map { text[$0.upperBound...] }
                    ?? text.firstRange(of: "\n\n").map { text[$0.upperBound...] }
            )
            count += 1
            do {
                let events = try decode(String(body), isResponses ? ResponsesDecoder() : ChatCompletionsDecoder())
                let words = events.map { if case .text(let text) = $0 { text } else { "" } }.joined()
                #expect(!words.isEmpty, "\(name)")
                guard case .finished(let reason)? = events.last else {
                    Issue.record("\(name) has no end")
                    continue
                }
                print("\(name): \(words.debugDescription) \(reason.code) \(events.count) events")
                let hasUsage = events.contains { if case .usage = $0 { true } else { false } }
                #expect(
                    hasUsage == body.contains("\"output_tokens\":") || body.contains("\"completion_tokens\":"),
                    "\(name)"
                )
            } catch let fault as ChatStreamFault {
                print("\(name): \(fault)")
                #expect(name.contains("missing"), "\(name)")
            }
        }
        #expect(count > 0)
    }
}
