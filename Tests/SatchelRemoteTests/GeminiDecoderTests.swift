import SatchelCore
@testable import SatchelRemote
import Testing

/// The stream of `streamGenerateContent`, whatever it is cut into and whatever is in it.
struct GeminiDecoderTests {
    private func endpoint() throws -> Endpoint { try Endpoint(baseURL: "https://g.example", key: nil) }

    /// The events of a stream that comes in pieces of `length` bytes.
    private func decode(_ stream: String, every length: Int = .max) throws -> [ChatEvent] {
        var decoder = GeminiDecoder(at: try endpoint())
        var reader = SSEReader()
        var result: [ChatEvent] = []
        var rest = Array(stream.utf8)[...]
        while !rest.isEmpty {
            for event in try reader.take(Array(rest.prefix(length))) { result += try decoder.take(event) }
            rest = rest.dropFirst(length)
        }
        if let last = reader.finish() { result += try decoder.take(last) }
        return result + decoder.end()
    }

    private func lines(_ data: String..., lineEnd: String = "\n") -> String {
        data.map { "data: \($0)\(lineEnd)\(lineEnd)" }.joined()
    }

    private func joined(_ events: [ChatEvent]) -> [ChatEvent] {
        events.reduce(into: []) { all, event in
            if case .text(let more) = event, case .text(let before)? = all.last {
                all[all.count - 1] = .text(before + more)
            } else {
                all.append(event)
            }
        }
    }

    private static let thinking =
        #"{"candidates":[{"content":{"parts":[{"text":"Hm","thought":true,"thoughtSignature":"eA=="}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":20,"totalTokenCount":20},"modelVersion":"m","responseId":"r1"}"#
    private static let words =
        #"{"candidates":[{"content":{"parts":[{"text":"Grüße "},{"text":"👋","addedLater":1},{"executableCode":{"code":"x"}}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":20,"totalTokenCount":24},"modelVersion":"m","responseId":"r1"}"#
    private static let last =
        #"{"candidates":[{"content":{"parts":[{"text":""}],"role":"model"},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":20,"cachedContentTokenCount":8,"candidatesTokenCount":4,"thoughtsTokenCount":3,"toolUsePromptTokenCount":2,"totalTokenCount":29},"modelVersion":"m","responseId":"r1"}"#
    private static let whole: [ChatEvent] = [
        .started("r1"), .reasoning("Hm"), .text("Grüße 👋"),
        .usage(ChatUsage(input: 22, cached: 8, output: 7, reasoning: 3)), .finished(.stop),
    ]

    @Test(arguments: [1, 2, 3, 5, 7, 64, 1000], ["\n", "\r\n", "\r"])
    func anAnswerIsTheSameHoweverItIsCut(length: Int, lineEnd: String) throws {
        let stream = lines(Self.thinking, Self.words, Self.last, lineEnd: lineEnd)
        #expect(joined(try decode(stream, every: length)) == Self.whole)
    }

    @Test func commentsAndWhatNobodyKnowsArePassedOver() throws {
        let stream =
            ": ping\n\n" + lines(Self.thinking) + ": ping\n\n" + lines(#"{"addedLater":{"x":1}}"#)
            + "event: something\nid: 7\nretry: 10\n" + lines(Self.words, Self.last, #"{"candidates":7}"#)
        #expect(joined(try decode(stream)) == Self.whole)
    }

    @Test func aLastEventWithoutItsEmptyLineCounts() throws {
        let stream = lines(Self.thinking, Self.words, Self.last)
        #expect(joined(try decode(String(stream.dropLast(2)))) == Self.whole)
    }

    @Test func aCutStreamHasItsWordsAndNoEnd() throws {
        #expect(joined(try decode(lines(Self.thinking, Self.words))) == Array(Self.whole[..<3]))
    }

    @Test func theCountMayComeAfterTheReason() throws {
        let reason = #"{"candidates":[{"finishReason":"MAX_TOKENS"}],"responseId":"r1"}"#
        let count = #"{"usageMetadata":{"promptTokenCount":5,"candidatesTokenCount":2}}"#
        let usage = ChatUsage(input: 5, cached: 0, output: 2, reasoning: 0)
        #expect(try decode(lines(reason, count)) == [.started("r1"), .usage(usage), .finished(.length)])
        #expect(try decode(lines(reason)) == [.started("r1"), .finished(.length)])
    }

    @Test(arguments: [
        ("STOP", FinishReason.stop), ("MAX_TOKENS", .length), ("SAFETY", .contentFilter),
        ("RECITATION", .contentFilter),
        ("PROHIBITED_CONTENT", .contentFilter), ("MALFORMED_FUNCTION_CALL", .other("malformed_function_call")),
        ("ADDED_LATER", .other("added_later")),
    ])
    func theReasonForStoppingIsKept(word: String, reason: FinishReason) throws {
        #expect(try decode(lines(#"{"candidates":[{"finishReason":"\#(word)"}]}"#)) == [.finished(reason)])
    }

    @Test func aBlockedPromptIsARefusal() throws {
        let stream = lines(
            #"{"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"},"usageMetadata":{"promptTokenCount":7},"responseId":"r1"}"#
        )
        #expect(
            try decode(stream) == [
                .started("r1"), .refusal("The prompt was blocked by the provider: PROHIBITED_CONTENT."),
                .usage(ChatUsage(input: 7, cached: 0, output: 0, reasoning: 0)), .finished(.contentFilter),
            ]
        )
    }

    @Test func sourcesAreCitedOnceAndFilesByTheirIDs() throws {
        let stream = lines(
            #"{"candidates":[{"content":{"parts":[{"text":"a"}]},"citationMetadata":{"citationSources":[{"startIndex":0,"uri":"https://g.example/v1beta/files/satchel-1"},{"uri":"https://x.example/"}]}}]}"#,
            #"{"candidates":[{"finishReason":"STOP","citationMetadata":{"citationSources":[{"uri":"https://x.example/"},{"license":"mit"}]},"groundingMetadata":{"groundingChunks":[{"retrievedContext":{"title":"a.swift","uri":"https://other.example/v1/files/f2"}},{"web":{"uri":"https://w.example/","title":"W"}},{"maps":{}}]}}]}"#
        )
        #expect(
            try decode(stream) == [
                .text("a"), .citation(Citation(file: RemoteFileID("files/satchel-1"))),
                .citation(Citation(url: "https://x.example/")),
                .citation(Citation(file: RemoteFileID("https://other.example/v1/files/f2"), name: "a.swift")),
                .citation(Citation(name: "W", url: "https://w.example/")), .finished(.stop),
            ]
        )
    }

    @Test func anErrorInTheStreamIsThrown() throws {
        let stream = lines(
            Self.words,
            #"{"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"4s"}]}}"#
        )
        var reply: ErrorReply?
        do {
            _ = try decode(stream)
        } catch ChatStreamFault.refused(let said) {
            reply = said
        }
        let refusals = Refusals(endpoint: try endpoint(), dialect: .gemini)
        let error = refusals.error(inStream: try #require(reply), head: HTTPHead(status: 200), ids: [])
        #expect(error.kind == .temporary(retryAfter: 4))
        #expect(error.message == "503 from g.example: The model is overloaded")
    }

    @Test func whatIsNoJSONIsSaid() {
        #expect(throws: ChatStreamFault.self) { try decode(lines("{\"candidates\":")) }
        #expect(throws: ChatStreamFault.self) { try decode(lines("[DONE]")) }
    }
}
