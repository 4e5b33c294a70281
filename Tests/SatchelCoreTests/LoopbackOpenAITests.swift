import SatchelTestSupport
import Testing

extension Asking where Wire == OpenAIWire {
    func upload(
        _ bytes: RawBytes,
        named name: String = "a.txt",
        fields: [(String, String)] = [("purpose", "user_data")]
    ) async throws -> RawClient.Reply {
        try await post(form: FormPart.fields(fields) + [.file(bytes, named: name, type: "text/plain")])
    }

    func uploadedID(_ bytes: RawBytes, named name: String = "a.txt") async throws -> JSONValue {
        try #require(try await upload(bytes, named: name).json?["id"])
    }
}

private func message(_ parts: [JSONValue]) -> JSONValue {
    ["model": "m", "input": [["role": "user", "content": .array(parts)]]]
}

struct LoopbackOpenAITests {
    @Test func anUploadIsStoredListedRetrievedAndDeleted() async throws {
        try await LoopbackOpenAI.with { openAI in
            let asking = Asking(openAI)
            let reply = try await asking.upload("hello\r\n", named: "Main.swift.txt")
            #expect(reply.status == 200)
            #expect(reply.headers["x-request-id"] != nil)
            let file = try #require(reply.json)
            #expect(file["bytes"] == 7)
            #expect(file["filename"] == "Main.swift.txt")
            #expect(file["expires_at"] == .null)
            let stored = try #require(openAI.files.first)
            #expect(stored.text == "hello\r\n")
            #expect(stored.contentType == "text/plain")
            let id = try #require(file["id"]?.string)
            #expect(try await asking.ask("GET /v1/files/\(id)").json == file)
            #expect(try await asking.ask("GET /v1/files").json?["data"] == [file])
            let content = try await asking.ask("GET /v1/files/\(id)/content")
            #expect(content.json?["error"]?["message"] == "Not allowed to download files of purpose: user_data")
            #expect(try await asking.ask("DELETE /v1/files/\(id)").json?["deleted"] == true)
            let again = try await asking.ask("DELETE /v1/files/\(id)")
            #expect(again.status == 404)
            #expect(again.json?["error"]?["message"] == "No such File object: \(id)")
            #expect(openAI.uploadCount == 1)
            #expect(openAI.deleteCount == 1)
        }
    }

    @Test(arguments: [
        [], [("purpose", "anything")], [("purpose", "user_data"), ("colour", "red")],
        [("purpose", "user_data"), ("purpose", "user_data")],
        [("purpose", "user_data"), ("expires_after[seconds]", "3600")],
        [("purpose", "user_data"), ("expires_after[anchor]", "created_at")],
        [("purpose", "user_data"), ("expires_after[anchor]", "created_at"), ("expires_after[seconds]", "3599")],
        [("purpose", "user_data"), ("expires_after[anchor]", "created_at"), ("expires_after[seconds]", "2592001")],
        [("purpose", "user_data"), ("expires_after[anchor]", "now"), ("expires_after[seconds]", "3600")],
        [("purpose", "user_data"), ("expires_after", "3600")],
    ])
    func anImproperUploadIsRefused(fields: [(String, String)]) async throws {
        try await LoopbackOpenAI.with { openAI in
            let reply = try await Asking(openAI).upload("x", fields: fields)
            #expect(reply.status == 400)
            #expect(reply.json?["error"]?["type"] == "invalid_request_error")
            #expect(openAI.uploadCount == 0)
        }
    }

    @Test func aFileIsGoneWhenItsTimeIsOver() async throws {
        try await LoopbackOpenAI.with(store: LoopbackStore(clock: TestClock())) { openAI in
            let asking = Asking(openAI)
            let fields = [
                ("expires_after[anchor]", "created_at"), ("expires_after[seconds]", "3600"), ("purpose", "user_data"),
            ]
            let file = try #require(try await asking.upload("x", fields: fields).json)
            #expect(file["expires_at"]?.int == file["created_at"]?.int.map { $0 + 3600 })
            let id = try #require(file["id"]?.string)
            openAI.store.clock.advance(by: 3599)
            #expect(try await asking.ask("GET /v1/files/\(id)").status == 200)
            openAI.store.clock.advance(by: 1)
            #expect(try await asking.ask("GET /v1/files/\(id)").status == 404)
            #expect(try await asking.ask("DELETE /v1/files/\(id)").status == 404)
            #expect(try await asking.ask("GET /v1/files").json?["data"] == [])
            let chat = try await asking.post(
                "/v1/responses",
                message([["type": "input_file", "file_id": .string(id)]])
            )
            #expect(chat.status == 400)
            #expect(chat.json?["error"]?["param"] == "input[0].content[0].file_id")
        }
    }

    @Test func aListingIsCutIntoPages() async throws {
        try await LoopbackOpenAI.with { openAI in
            let asking = Asking(openAI)
            var ids: [String] = []
            for name in ["a.txt", "b.txt", "c.txt"] {
                ids.append(try #require(try await asking.uploadedID("x", named: name).string))
            }
            let first = try #require(try await asking.ask("GET /v1/files?limit=2&order=asc").json)
            #expect(first["data"]?.array?.map { $0["id"]?.string } == [ids[0], ids[1]])
            #expect(first["has_more"] == true)
            #expect(first["last_id"]?.string == ids[1])
            let second = try #require(try await asking.ask("GET /v1/files?limit=2&order=asc&after=\(ids[1])").json)
            #expect(second["data"]?.array?.map { $0["id"]?.string } == [ids[2]])
            #expect(second["has_more"] == false)
            let newest = try #require(try await asking.ask("GET /v1/files?limit=1").json)
            #expect(newest["first_id"]?.string == ids[2])
            for query in ["limit=0", "limit=10001", "limit=x", "order=up", "after=file-gone", "purpose=x", "page=2"] {
                #expect(try await asking.ask("GET /v1/files?\(query)").status == 400, "\(query)")
            }
        }
    }

    @Test func everyKeySeesItsOwnFilesOnly() async throws {
        try await LoopbackOpenAI.with { openAI in
            let id = try await Asking(openAI).uploadedID("x").string ?? ""
            let other = Asking(openAI, key: openAI.otherKey)
            #expect(try await other.ask("GET /v1/files/\(id)").status == 404)
            #expect(try await other.ask("GET /v1/files").json?["data"] == [])
            let wrong = try await Asking(openAI, key: "sk-wrong-key").ask("GET /v1/files")
            #expect(wrong.status == 401)
            #expect(wrong.json?["error"]?["code"] == "invalid_api_key")
        }
    }

    @Test func aFullProjectTakesNoMore() async throws {
        try await LoopbackOpenAI.with { openAI in
            openAI.store.quota = 10
            let first = try await Asking(openAI).upload("123456")
            #expect(first.status == 200)
            let reply = try await Asking(openAI).upload("12345")
            #expect(reply.status == 400)
            #expect(reply.text.contains("exceeded your file storage quota"))
        }
    }

    @Test func theModelSaysWhatItWasShown() async throws {
        try await LoopbackOpenAI.with { openAI in
            let asking = Asking(openAI)
            let id = try await asking.uploadedID("abc", named: "n.md")
            let reply = try await asking.post(
                "/v1/responses",
                message([["type": "input_text", "text": "first"], ["type": "input_file", "file_id": id]])
            )
            let echo =
                "file:n.md:3:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\nyou said: first"
            #expect(reply.json?["output"]?[0]?["content"]?[0]?["text"]?.string == echo)
            #expect((reply.json?["usage"]?["total_tokens"]?.int ?? 0) > 0)
        }
    }

    @Test(
        arguments: [
            ("a.swift", "x", "input_file", "but got .swift."), ("Makefile", "x", "input_file", "but got none."),
            ("a.png", "x", "input_file", "but got .png."), ("a.txt", [0xff, 0x00], "input_file", "badly formatted"),
            ("a.pdf", "%PDF-1.7", "input_image", "but got .pdf."), ("a.png", "text", "input_image", "invalid file"),
        ] as [(String, RawBytes, String, String)]
    )
    func theStoredNameDecidesHowAFileIsTaken(name: String, bytes: RawBytes, type: String, text: String) async throws {
        try await LoopbackOpenAI.with { openAI in
            let asking = Asking(openAI)
            let id = try await asking.uploadedID(bytes, named: name)
            let reply = try await asking.post("/v1/responses", message([["type": .string(type), "file_id": id]]))
            #expect(reply.status == 400)
            #expect(reply.text.contains(text), "\(reply.text)")
        }
    }

    @Test(
        arguments: [
            ["model": "m", "input": "x", "colour": "red"], ["input": "x"], ["model": "m"],
            ["model": "m", "input": "x", "stream": "yes"], ["model": "m", "input": "x", "max_output_tokens": 15],
            ["model": "m", "input": [["role": "assistant", "content": [["type": "input_text", "text": "x"]]]]],
            ["model": "m", "input": [["role": "user", "content": [["type": "output_text", "text": "x"]]]]],
            [
                "model": "m",
                "input": [["role": "user", "content": [["type": "input_text", "text": "x", "path": "a"]]]],
            ],
            [
                "model": "m",
                "input": [["role": "user", "content": [["type": "input_file", "file_id": "x", "file_url": "y"]]]],
            ],
            message([["type": "input_file", "file_id": .string(String(repeating: "f", count: 65))]]),
            message([["type": "input_file", "file_id": "file-unknown"]]),
            message([["type": "input_file", "file_id": "x", "filename": "a.txt"]]),
        ] as [JSONValue]
    )
    func anImproperChatIsRefused(body: JSONValue) async throws {
        try await LoopbackOpenAI.with { openAI in
            let reply = try await Asking(openAI).post("/v1/responses", body)
            #expect(reply.status == 400)
        }
    }

    @Test func aStreamHasItsEventsInOrderAndAwkwardPieces() async throws {
        try await LoopbackOpenAI.with { openAI in
            let body: JSONValue = ["model": "m", "input": "grüße 🙂", "stream": true]
            let reply = try await Asking(openAI).post("/v1/responses", body)
            let events = reply.events
            #expect(events.compactMap { $0["sequence_number"]?.int } == Array(0..<Int64(events.count)))
            let types = events.compactMap { $0["type"]?.string }
            #expect(types.first == "response.created")
            #expect(types.last == "response.completed")
            let deltas = events.filter { $0["type"] == "response.output_text.delta" }.compactMap { $0["delta"]?.string }
            #expect(deltas.count > 1)
            #expect(deltas.joined() == "you said: grüße 🙂")
            #expect(events.last?["response"]?["usage"]?["output_tokens"] != nil)
            #expect(reply.chunks.contains { String(validating: $0, as: UTF8.self) == nil })
            #expect(reply.chunks.contains { $0.count == 1 })
        }
    }

    @Test(arguments: [
        (LoopbackAnswer.refusal("no"), "response.refusal.done", "response.completed"),
        (.ending(.incomplete("max_output_tokens")), "response.output_text.done", "response.incomplete"),
        (
            .ending(.failed(code: "server_error", message: "x"), after: 1), "response.output_text.delta",
            "response.failed"
        ),
        (.ending(.errorEvent(code: "server_error", message: "x")), "response.output_text.delta", "error"),
        (.ending(.silence), "response.output_text.delta", "response.output_text.delta"),
        (.keepAlives, "response.output_text.done", "response.completed"),
        (.unknownEvents, "response.new_thing", "response.new_thing"),
    ])
    func anAnswerEndsAsItWasTold(answer: LoopbackAnswer, contains: String, last: String) async throws {
        try await LoopbackOpenAI.with { openAI in
            openAI.nextAnswer(answer)
            let body: JSONValue = ["model": "m", "input": "hello", "stream": true]
            let types = (try await Asking(openAI).post("/v1/responses", body)).events.compactMap { $0["type"]?.string }
            #expect(types.contains(contains))
            #expect(types.last == last)
        }
    }

    @Test func citationsNameTheFilesThatWereGiven() async throws {
        try await LoopbackOpenAI.with { openAI in
            let asking = Asking(openAI)
            let id = try await asking.uploadedID("abc")
            openAI.nextAnswer(.citing)
            var body = try #require(message([["type": "input_file", "file_id": id]]).object)
            body["stream"] = true
            let citations = (try await asking.post("/v1/responses", .object(body))).events.filter {
                $0["type"] == "response.output_text.annotation.added"
            }
            #expect(citations.map { $0["annotation"]?["file_id"] } == [id])
        }
    }

    @Test(arguments: [LoopbackAnswer.Ending.cut, .reset])
    func aCutStreamHasNoEnd(ending: LoopbackAnswer.Ending) async throws {
        try await LoopbackOpenAI.with { openAI in
            openAI.nextAnswer(.ending(ending, after: 2))
            let body: JSONValue = ["model": "m", "input": "hello", "stream": true]
            await #expect(throws: RawClient.Ended.self) { try await Asking(openAI).post("/v1/responses", body) }
        }
    }

    @Test func chatCompletionsStreamChunksWithUsageAndADone() async throws {
        try await LoopbackOpenAI.with(.plainChat) { openAI in
            let asking = Asking(openAI)
            let body: JSONValue = [
                "model": "m", "stream": true, "stream_options": ["include_usage": true],
                "messages": [
                    ["role": "system", "content": "s"], ["role": "user", "content": [["type": "text", "text": "hi"]]],
                ],
            ]
            let reply = try await asking.post("/v1/chat/completions", body)
            let chunks = reply.events
            let text = chunks.compactMap { $0["choices"]?[0]?["delta"]?["content"]?.string }.joined()
            #expect(text == "you said: hi")
            #expect(chunks.last?["choices"] == [])
            #expect(chunks.last?["usage"]?["prompt_tokens"] != nil)
            #expect(reply.text.hasSuffix("data: [DONE]\n\n"))
            #expect(try await asking.ask("GET /v1/files").status == 404)
            #expect(try await asking.post("/v1/responses", ["model": "m", "input": "x"]).status == 404)
        }
    }

    @Test func ogxRewritesNamesExpiresEverythingAndStreamsDataOnly() async throws {
        try await LoopbackOpenAI.with(.ogx) { openAI in
            let asking = Asking(openAI)
            let file = try #require(try await asking.upload("abc", named: "src/naïve (1).swift").json)
            #expect(file["filename"] == "src_na_ve__1_.swift")
            #expect(file["expires_at"]?.int != nil)
            let fields = [
                ("purpose", "user_data"), ("expires_after[anchor]", "created_at"), ("expires_after[seconds]", "60"),
            ]
            #expect(try await asking.upload("x", fields: fields).json?["detail"] != nil)
            #expect(try await asking.ask("GET /v1/files/notafile").status == 400)
            let missing = try await asking.ask("GET /v1/files/file-00")
            #expect(missing.status == 404)
            #expect(missing.json?["error"]?["code"] == nil)
            var body = try #require(message([["type": "input_file", "file_id": "file-00"]]).object)
            #expect(try await asking.post("/v1/responses", .object(body)).json?["detail"] != nil)
            body["stream"] = true
            let stream = try await asking.post("/v1/responses", .object(body))
            #expect(stream.status == 200)
            #expect(!stream.text.contains("event:"))
            #expect(stream.events.last?["type"] == "error")
        }
    }
}
