import SatchelTestSupport
import Testing

struct LoopbackAnthropicMessagesTests {
    @Test func theModelSaysWhatItWasShown() async throws {
        try await LoopbackAnthropic.with { anthropic in
            let asking = Asking(anthropic)
            let id = try await asking.uploadedID("abc", named: "n.0011.swift")
            let body = anthropicMessage([
                anthropicDocument(id, ["title": "Sources/n.swift"]), anthropicDocument(id), anthropicText("first"),
            ])
            let reply = try await asking.post(body)
            #expect(reply.status == 200)
            let digest = "3:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
            let echo = "file:Sources/n.swift:\(digest)\nfile:n.0011.swift:\(digest)\nyou said: first"
            let message = try #require(reply.json)
            #expect(message["content"]?[0]?["text"]?.string == echo)
            #expect(message["stop_reason"] == "end_turn")
            #expect((message["usage"]?["input_tokens"]?.int ?? 0) > 0)
            var counted = try #require(body.object)
            counted["max_tokens"] = nil
            let count = try await asking.post(.object(counted), to: "/v1/messages/count_tokens")
            #expect(count.json?["input_tokens"] == message["usage"]?["input_tokens"])
        }
    }

    @Test(
        arguments: [
            ("a.bin", "x", "application/octet-stream", "document", "Unsupported document file format"),
            ("a.txt", "x", "text/plain; charset=utf-16", "document", "Unsupported document file format"),
            ("a.txt", [0xff, 0x00], "text/plain", "document", "not valid UTF-8"),
            ("a.pdf", "x", "application/pdf", "document", "PDF"),
            ("a.png", "x", "image/png", "image", "Could not process image"),
            ("a.txt", "x", "text/plain", "image", "Unsupported image file format"),
        ] as [(String, RawBytes, String, String, String)]
    )
    func theStoredTypeDecidesHowAFileIsTaken(
        name: String,
        bytes: RawBytes,
        type: String,
        block: String,
        words: String
    ) async throws {
        try await LoopbackAnthropic.with { anthropic in
            let asking = Asking(anthropic)
            let id = try await asking.uploadedID(bytes, named: name, type: type)
            let reply = try await asking.post(
                anthropicMessage([
                    ["type": .string(block), "source": ["type": "file", "file_id": .string(id)]], anthropicText("x"),
                ])
            )
            #expect(reply.status == 400)
            #expect(reply.text.contains(words), "\(reply.text)")
        }
    }

    @Test(
        arguments: [
            anthropicMessage([anthropicText("x")], ["colour": "red"]),
            anthropicMessage([anthropicText("x")], ["temperature": 1]),
            anthropicMessage([anthropicText("x")], ["max_tokens": "40"]),
            anthropicMessage([anthropicText("x")], ["max_tokens": 128_001]),
            anthropicMessage([anthropicText("x")], ["stream": 1]),
            anthropicMessage([anthropicText("x")], ["messages": []]),
            anthropicMessage([anthropicText("x")], ["system": [["type": "image"]]]),
            anthropicMessage([anthropicText("")]), anthropicMessage([]),
            anthropicMessage([["type": "text", "text": "x", "path": "a"]]),
            anthropicMessage([["type": "input_text", "text": "x"]]),
            anthropicMessage([["type": "text", "text": "x", "cache_control": ["type": "persistent"]]]),
            anthropicMessage([["type": "text", "text": "x", "citations": [["type": "char_location"]]]]),
            anthropicMessage([anthropicDocument("x", ["title": .string(String(repeating: "t", count: 501))])]),
            anthropicMessage([anthropicDocument("x", ["filename": "a"])]),
            anthropicMessage(
                [anthropicText("x")],
                ["messages": [["role": "assistant", "content": "x"], ["role": "user", "content": "y"]]]
            ),
            anthropicMessage(
                [anthropicText("x")],
                ["messages": [["role": "user", "content": "x"], ["role": "assistant", "content": "y"]]]
            ),
            anthropicMessage(
                [],
                [
                    "messages": [
                        ["role": "user", "content": "x"], ["role": "assistant", "content": [anthropicDocument("x")]],
                        ["role": "user", "content": "y"],
                    ]
                ]
            ),
            anthropicMessage(
                (0..<5).map {
                    ["type": "text", "text": .string("\($0)"), "cache_control": ["type": "ephemeral"]]
                }
            ),
            ["model": "claude-echo", "messages": [["role": "user", "content": "x"]]],
        ] as [JSONValue]
    )
    func anImproperMessageIsRefused(body: JSONValue) async throws {
        try await LoopbackAnthropic.with { anthropic in
            let reply = try await Asking(anthropic).post(body)
            #expect(reply.status == 400, "\(reply.text)")
            #expect(reply.json?["error"]?["type"] == "invalid_request_error")
        }
    }

    @Test func whatIsNotThereIsSaidAndNotTakenForAFile() async throws {
        try await LoopbackAnthropic.with { anthropic in
            let asking = Asking(anthropic)
            let model = try await asking.post(anthropicMessage([anthropicText("x")], ["model": "no-such-model"]))
            #expect(model.status == 404)
            #expect(model.json?["error"]?["message"] == "model: no-such-model")
            let file = try await asking.post(anthropicMessage([anthropicDocument("file_unknown")]))
            #expect(file.status == 404)
            anthropic.options.contextTokens = 10
            let long = try await asking.post(anthropicMessage([anthropicText(String(repeating: "word ", count: 100))]))
            #expect(long.text.contains("prompt is too long"))
            anthropic.options.maxRequestSize = 100
            let large = try await asking.post(anthropicMessage([anthropicText(String(repeating: "word ", count: 100))]))
            #expect(large.status == 413)
            #expect(large.json?["request_id"] == .null)
        }
    }

    @Test func aStreamHasItsEventsInOrderAndAwkwardPieces() async throws {
        try await LoopbackAnthropic.with { anthropic in
            anthropic.options.thoughts = "let me see"
            let reply = try await Asking(anthropic).post(
                anthropicMessage([anthropicText("grüße 🙂")], ["stream": true])
            )
            #expect(reply.headers["content-type"] == "text/event-stream; charset=utf-8")
            let events = anthropicEvents(reply)
            #expect(events.allSatisfy { $0.data["type"]?.string == $0.name })
            #expect(events.first?.name == "message_start")
            #expect(events.first?.data["message"]?["content"] == [])
            #expect(events[1].name == "ping")
            #expect(events.suffix(2).map(\.name) == ["message_delta", "message_stop"])
            let deltas = events.compactMap { $0.data["delta"] }
            let said = deltas.compactMap { $0["text"]?.string }
            #expect(said.count > 1)
            #expect(said.joined() == "you said: grüße 🙂")
            #expect(deltas.compactMap { $0["thinking"]?.string }.joined() == "let me see")
            #expect(events.filter { $0.name == "content_block_start" }.map { $0.data["index"] } == [0, 1])
            let usage = events.dropLast().last?.data["usage"]
            #expect((usage?["output_tokens_details"]?["thinking_tokens"]?.int ?? 0) > 0)
            #expect(reply.chunks.contains { String(validating: $0, as: UTF8.self) == nil })
        }
    }

    @Test(arguments: [
        (LoopbackAnswer.refusal("no"), "message_delta", "refusal"),
        (.ending(.incomplete("max_output_tokens")), "message_delta", "max_tokens"),
        (.ending(.failed(code: "server_error", message: "x"), after: 1), "error", "api_error"),
        (.ending(.errorEvent(code: "overloaded_error", message: "x")), "error", "overloaded_error"),
        (.ending(.nestedError(code: "server_error", message: "x")), "error", "api_error"),
        (.ending(.silence), "content_block_delta", "text_delta"), (.keepAlives, "ping", ""),
        (.unknownEvents, "new_thing", ""),
    ])
    func anAnswerEndsAsItWasTold(answer: LoopbackAnswer, event: String, word: String) async throws {
        try await LoopbackAnthropic.with { anthropic in
            anthropic.nextAnswer(answer)
            let body = anthropicMessage([anthropicText("hello")], ["stream": true])
            let last = anthropicEvents(try await Asking(anthropic).post(body)).last { $0.name == event }?.data
            let found = last?["delta"]?["stop_reason"] ?? last?["error"]?["type"] ?? last?["delta"]?["type"]
            #expect(found?.string ?? "" == word)
        }
    }

    @Test(arguments: [LoopbackAnswer.Ending.cut, .reset])
    func aCutStreamHasNoEnd(ending: LoopbackAnswer.Ending) async throws {
        try await LoopbackAnthropic.with { anthropic in
            anthropic.nextAnswer(.ending(ending, after: 2))
            let body = anthropicMessage([anthropicText("hello")], ["stream": true])
            await #expect(throws: RawClient.Ended.self) { try await Asking(anthropic).post(body) }
        }
    }

    @Test func citationsNameTheDocumentsThatMayBeCited() async throws {
        try await LoopbackAnthropic.with { anthropic in
            let asking = Asking(anthropic)
            let id = try await asking.uploadedID("abc")
            for (isWanted, count) in [(true, 1), (false, 0)] {
                anthropic.nextAnswer(.citing)
                let shown = anthropicDocument(id, ["title": "a/b.txt", "citations": ["enabled": .bool(isWanted)]])
                let reply = try await asking.post(anthropicMessage([shown, anthropicText("x")], ["stream": true]))
                let citations = anthropicEvents(reply).compactMap { $0.data["delta"]?["citation"] }
                #expect(citations.count == count)
                #expect(citations.allSatisfy { $0["file_id"]?.string == id && $0["document_title"] == "a/b.txt" })
            }
            let mixed = [
                anthropicDocument(id, ["citations": ["enabled": true]]), anthropicDocument(id), anthropicText("x"),
            ]
            #expect(try await asking.post(anthropicMessage(mixed)).status == 400)
        }
    }

    @Test func theSameMarkedBeginningIsReadFromTheCache() async throws {
        try await LoopbackAnthropic.with(store: LoopbackStore(clock: TestClock())) { anthropic in
            let asking = Asking(anthropic)
            let id = try await asking.uploadedID(RawBytes(String(repeating: "abcd", count: 1000)))
            let shown = anthropicDocument(id, ["cache_control": ["type": "ephemeral"]])
            func usage(_ blocks: [JSONValue]) async throws -> [Int64] {
                let usage = try await asking.post(anthropicMessage(blocks)).json?["usage"]
                return ["input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"].map {
                    usage?[$0]?.int ?? -1
                }
            }
            #expect(try await usage([shown, anthropicText("one")]) == [1, 1001, 0])
            #expect(try await usage([shown, anthropicText("two")]) == [1, 0, 1001])
            #expect(try await usage([anthropicText("early"), shown, anthropicText("two")]) == [1, 1003, 0])
            anthropic.store.clock.advance(by: 301)
            #expect(try await usage([shown, anthropicText("one")]) == [1, 1001, 0])
        }
    }
}
