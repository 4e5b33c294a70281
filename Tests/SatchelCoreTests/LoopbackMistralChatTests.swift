import SatchelTestSupport
import Testing

private func text(_ events: [JSONValue]) -> String {
    events.compactMap { $0["choices"]?[0]?["delta"]?["content"]?.string }.joined()
}

private func usages(_ reply: RawClient.Reply) -> Int { reply.events.count { $0["usage"] != nil } }

private let unknownID = "6f3847f3-13fd-4970-afdb-0cac29f15a56"
private let png: RawBytes = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]

struct LoopbackMistralChatTests {
    @Test func theModelIsShownWhatASignedURLLeadsTo() async throws {
        try await LoopbackMistral.with(store: LoopbackStore(clock: TestClock())) { mistral in
            let asking = Asking(mistral)
            let id = try await asking.uploadedID("%PDF-abc", named: "n.pdf")
            let url = try await asking.url(of: id, hours: 1)
            #expect(url.hasPrefix("https://") && url.contains("&sig="))
            #expect(mistral.signedURLs == [url])
            let chunk: JSONValue = [
                "type": "document_url", "document_url": .string(url), "document_name": "docs/n.pdf",
            ]
            let question: JSONValue = ["type": "text", "text": "first"]
            let reply = try await asking.say([chunk, question])
            let echo = "file:docs/n.pdf:8:\(try #require(mistral.files.first).sha256)\nyou said: first"
            #expect(reply.json?["choices"]?[0]?["message"]?["content"]?.string == echo)
            let unnamed = try await asking.say([["type": "document_url", "document_url": .string(url)]])
            #expect(unnamed.text.contains("file:\(id.filter { $0 != "-" }).pdf:8:"))
            let byID = try await asking.say([["type": "file", "file_id": .string(id)]])
            #expect(byID.text.contains("file:n.pdf:8:"))
            // A signed URL is a secret: whoever has it may use it.
            let other = Asking(mistral, key: mistral.otherKey)
            #expect(try await other.say([chunk, question]).status == 200)
            mistral.store.clock.advance(by: 3600)
            let late = try await asking.say([chunk, question])
            #expect(late.status == 400)
            #expect(late.json?["type"] == "invalid_request_file")
            #expect(late.json?["message"]?.string?.contains(url) == true)
            for expiry in ["0", "169", "x"] {
                #expect(try await asking.ask("GET /v1/files/\(id)/url?expiry=\(expiry)").status == 422)
            }
        }
    }

    @Test func aPictureIsShownByItsURLOnly() async throws {
        try await LoopbackMistral.with { mistral in
            let asking = Asking(mistral)
            let id = try await asking.uploadedID(png, named: "a.png", type: "image/png")
            let url = try await asking.url(of: id)
            let plain = try await asking.say([["type": "image_url", "image_url": .string(url)]])
            #expect(plain.text.contains("file:\(id.filter { $0 != "-" }).png:8:"))
            #expect(try await asking.say([["type": "image_url", "image_url": ["url": .string(url)]]]).status == 200)
            mistral.options.maxImageSize = 7
            #expect(try await asking.say([["type": "image_url", "image_url": .string(url)]]).status == 400)
            let pdf = try await asking.url(of: try await asking.uploadedID())
            #expect(try await asking.say([["type": "image_url", "image_url": .string(pdf)]]).status == 400)
        }
    }

    @Test func aDocumentHasItsLimits() async throws {
        try await LoopbackMistral.with { mistral in
            let asking = Asking(mistral)
            let pages = "%PDF-1.7 /Type /Pages /Type /Page /Type /Page"
            let url = try await asking.url(of: try await asking.uploadedID(RawBytes(pages)))
            let chunk: JSONValue = [["type": "document_url", "document_url": .string(url)]]
            #expect(try await asking.say(chunk).status == 200)
            mistral.options.maxDocumentPages = 1
            #expect(try await asking.say(chunk).json?["code"] == "3730")
            mistral.options.maxDocumentSize = 10
            #expect(try await asking.say(chunk).json?["code"] == "3310")
        }
    }

    @Test(
        arguments: [
            (["messages": []], 422), (["model": "m"], 422), (["model": "m", "messages": []], 400),
            (["model": "m", "messages": [["role": "developer", "content": "x"]]], 422),
            (["model": "m", "messages": [["role": "user", "content": "x", "name": "y"]]], 422),
            (["model": "m", "messages": [["role": "user", "content": "x"]], "input": "x"], 422),
            (["model": "m", "messages": [["role": "user", "content": "x"]], "max_output_tokens": 5], 422),
            (["model": "m", "messages": [["role": "user", "content": "x"]], "stream": "yes"], 422),
            (["model": "m", "messages": [["role": "user", "content": [["type": "input_text", "text": "x"]]]]], 422),
            (
                ["model": "m", "messages": [["role": "user", "content": [["type": "text", "text": "x", "id": 1]]]]], 422
            ),
            (
                [
                    "model": "m",
                    "messages": [
                        ["role": "user", "content": [["type": "document_url", "document_url": "http://x/a"]]]
                    ],
                ], 422
            ),
            (
                [
                    "model": "m",
                    "messages": [
                        ["role": "user", "content": [["type": "document_url", "document_url": "https://x/a"]]]
                    ],
                ], 400
            ),
            (
                [
                    "model": "m",
                    "messages": [["role": "user", "content": [["type": "file", "file_id": .string(unknownID)]]]],
                ], 404
            ),
            (
                [
                    "model": "m",
                    "messages": [["role": "user", "content": "x"], ["role": "assistant", "content": "y"]],
                ], 400
            ),
            (
                [
                    "model": "m",
                    "messages": [
                        ["role": "user", "content": "x"], ["role": "assistant", "content": ""],
                        ["role": "user", "content": "z"],
                    ],
                ], 400
            ),
            (
                [
                    "model": "m",
                    "messages": [["role": "user", "content": "x"], ["role": "system", "content": "y"]],
                ], 400
            ),
        ] as [(JSONValue, Int)]
    )
    func anImproperChatIsRefused(body: JSONValue, status: Int) async throws {
        try await LoopbackMistral.with { mistral in
            let reply = try await Asking(mistral).chat(body)
            #expect(reply.status == status)
            #expect(reply.json?["object"] == "error")
        }
    }

    @Test func aStreamHasChunksUsageAndADone() async throws {
        try await LoopbackMistral.with { mistral in
            let asking = Asking(mistral)
            let wishes: [String: JSONValue] = [
                "stream": true, "stream_options": ["include_usage": true], "prompt_cache_key": "k",
            ]
            let reply = try await asking.say("grüße 🙂", with: wishes)
            let events = reply.events
            #expect(text(events) == "you said: grüße 🙂")
            #expect(events.last?["choices"]?[0]?["finish_reason"] == "stop")
            #expect(events.last?["usage"]?["prompt_tokens_details"]?["cached_tokens"] != nil)
            #expect(reply.text.hasSuffix("data: [DONE]\n\n"))
            #expect(reply.chunks.contains { String(validating: $0, as: UTF8.self) == nil })
            let unasked = try await asking.say("x", with: ["stream": true])
            #expect(usages(unasked) == 0)
        }
    }

    @Test func streamOptionsMayBeRefusedAsExtraInputs() async throws {
        try await LoopbackMistral.with { mistral in
            mistral.options.streamOptions = .refused
            let asking = Asking(mistral)
            let refused = try await asking.say(
                "x",
                with: ["stream": true, "stream_options": ["include_usage": true]]
            )
            #expect(refused.status == 422)
            let complaint = refused.json?["message"]?["detail"]?[0]
            #expect(complaint?["type"] == "extra_forbidden")
            #expect(complaint?["loc"] == ["body", "stream_options", "include_usage"])
            let unasked = try await asking.say("x", with: ["stream": true])
            #expect(usages(unasked) == 1)
        }
    }

    @Test(
        arguments: [
            (.refusal("no"), "stop", false), (.ending(.incomplete("max_output_tokens")), "length", false),
            (.ending(.incomplete("error"), after: 1), "error", false),
            (.ending(.failed(code: "x", message: "y"), after: 1), nil, true),
            (.ending(.errorEvent(code: "x", message: "y")), nil, true),
            (.ending(.nestedError(code: "x", message: "y")), nil, true), (.ending(.silence), nil, false),
            (.keepAlives, "stop", false), (.unknownEvents, "stop", false),
        ] as [(LoopbackAnswer, String?, Bool)]
    )
    func anAnswerEndsAsItWasTold(answer: LoopbackAnswer, reason: String?, isError: Bool) async throws {
        try await LoopbackMistral.with { mistral in
            mistral.nextAnswer(answer)
            let last = (try await Asking(mistral).say("hello", with: ["stream": true])).events.last
            #expect(last?["choices"]?[0]?["finish_reason"]?.string == reason)
            #expect((last?["object"] == "error" || last?["error"] != nil) == isError)
        }
    }

    @Test(arguments: [LoopbackAnswer.Ending.cut, .reset])
    func aCutStreamHasNoEnd(ending: LoopbackAnswer.Ending) async throws {
        try await LoopbackMistral.with { mistral in
            mistral.nextAnswer(.ending(ending, after: 2))
            await #expect(throws: RawClient.Ended.self) {
                try await Asking(mistral).say("hello", with: ["stream": true])
            }
        }
    }

    @Test func contentMayBeAListOfThoughtsTextsAndReferences() async throws {
        try await LoopbackMistral.with { mistral in
            mistral.options.thought = "hm"
            mistral.options.answersInChunks = true
            mistral.nextAnswer(.citing)
            let asking = Asking(mistral)
            let url = try await asking.url(of: try await asking.uploadedID())
            let content: JSONValue = [["type": "document_url", "document_url": .string(url)]]
            let events = (try await asking.say(content, with: ["stream": true])).events
            let chunks = events.compactMap { $0["choices"]?[0]?["delta"]?["content"]?.array }.joined()
            #expect(chunks.first?["thinking"]?[0]?["text"] == "hm")
            #expect(chunks.contains { $0["type"] == "text" })
            #expect(chunks.last == ["type": "reference", "reference_ids": [0]])
            mistral.nextAnswer(.citing)
            let whole = try await asking.say(content).json?["choices"]?[0]?["message"]?["content"]?.array
            #expect(whole?.compactMap { $0["type"]?.string } == ["thinking", "text", "reference"])
        }
    }
}
