import SatchelTestSupport
import Testing

extension Asking where Wire == XAIWire {
    func post(_ document: JSONValue) async throws -> RawClient.Reply { try await post("/v1/responses", document) }

    /// The fields in their order; `file` stands for the bytes.
    func upload(
        _ bytes: RawBytes,
        named name: String = "a.txt",
        fields: [(String, String)] = [("purpose", ""), ("file", "")]
    ) async throws -> RawClient.Reply {
        try await post(
            form: fields.map { field, value in
                field == "file" ? .file(bytes, named: name, type: "text/plain") : .field(field, value)
            }
        )
    }

    func uploadedID(_ bytes: RawBytes, named name: String = "a.txt") async throws -> JSONValue {
        try #require(try await upload(bytes, named: name).json?["id"])
    }
}

private func message(_ parts: [JSONValue], _ more: [String: JSONValue] = [:]) -> JSONValue {
    .object(["model": "m", "input": [["role": "user", "content": .array(parts)]]].merging(more) { $1 })
}

struct LoopbackXAITests {
    @Test func anUploadIsStoredListedRetrievedDownloadedAndDeleted() async throws {
        try await LoopbackXAI.with { xAI in
            let asking = Asking(xAI)
            let reply = try await asking.upload("let a = 1\r\n", named: "Main.swift")
            #expect(reply.status == 200)
            #expect(reply.headers["x-request-id"] != nil)
            let file = try #require(reply.json)
            #expect(
                Set(file.object?.keys.map(\.self) ?? []) == [
                    "id", "object", "bytes", "created_at", "expires_at", "filename", "purpose",
                ]
            )
            #expect(file["filename"] == "Main.swift" && file["bytes"] == 11 && file["expires_at"] == .null)
            let id = try #require(file["id"]?.string)
            #expect(id.hasPrefix("file_") && id.count == 41)
            #expect(try await asking.ask("GET /v1/files/\(id)").json == file)
            #expect(try await asking.ask("GET /v1/files").json?["data"] == [file])
            #expect(try await asking.ask("GET /v1/files/\(id)/content").text == "let a = 1\r\n")
            #expect(try await asking.ask("GET /v1/files/\(id)/content?format=text").status == 200)
            #expect(try await asking.ask("GET /v1/files/\(id)/content?format=html").status == 400)
            #expect(try await asking.ask("DELETE /v1/files/\(id)").json?["deleted"] == true)
            #expect(try await asking.ask("DELETE /v1/files/\(id)").status == 404)
            #expect(try await asking.ask("GET /v1/files/\(id)/content").status == 404)
            #expect(xAI.uploadCount == 1 && xAI.deleteCount == 1)
        }
    }

    @Test(arguments: [
        [("file", ""), ("expires_after", "3600")], [("file", ""), ("purpose", "assistants")], [("purpose", "x")],
        [("expires_after", "3599"), ("file", "")], [("expires_after", "2592001"), ("file", "")],
        [("expires_after", "1h"), ("file", "")], [("expires_after[seconds]", "3600"), ("file", "")],
        [("expires_after[anchor]", "created_at"), ("file", "")],
        [("expires_after[anchor]", "now"), ("expires_after[seconds]", "3600"), ("file", "")],
        [
            ("expires_after", "3600"), ("expires_after[anchor]", "created_at"), ("expires_after[seconds]", "3600"),
            ("file", ""),
        ],
        [("colour", "red"), ("file", "")],
    ])
    func anImproperUploadIsRefused(fields: [(String, String)]) async throws {
        try await LoopbackXAI.with { xAI in
            let reply = try await Asking(xAI).upload("x", fields: fields)
            #expect(reply.status == 400)
            #expect(xAI.uploadCount == 0)
        }
    }

    @Test(arguments: [
        [("expires_after", "3600"), ("file", "")],
        [("purpose", "assistants"), ("expires_after", "3600"), ("file", "")],
        [("expires_after[anchor]", "created_at"), ("expires_after[seconds]", "3600"), ("file", "")],
    ])
    func aFileIsGoneWhenItsTimeIsOver(fields: [(String, String)]) async throws {
        try await LoopbackXAI.with(store: LoopbackStore(clock: TestClock())) { xAI in
            let asking = Asking(xAI)
            let file = try #require(try await asking.upload("x", fields: fields).json)
            #expect(file["expires_at"]?.int == file["created_at"]?.int.map { $0 + 3600 })
            let id = try #require(file["id"]?.string)
            xAI.store.clock.advance(by: 3600)
            #expect(try await asking.ask("GET /v1/files/\(id)").status == 404)
            #expect(try await asking.ask("GET /v1/files").json?["data"] == [])
            #expect(try await asking.post(message([["type": "input_file", "file_id": .string(id)]])).status == 404)
        }
    }

    @Test(arguments: ["a;b.txt", "a\\b.txt", "a\u{2028}b.txt", String(repeating: "ä", count: 256)])
    func aNameThatCannotBeStoredIsRefused(name: String) async throws {
        try await LoopbackXAI.with { xAI async throws in
            let asking = Asking(xAI)
            #expect(try await asking.upload("x", named: name).status == 400)
            #expect(try await asking.upload("x", named: String(repeating: "ä", count: 255)).status == 200)
        }
    }

    @Test func aFileThatIsTooLargeIsRefused() async throws {
        var options = XAIOptions()
        options.maxFileSize = 3
        try await LoopbackXAI.with(options) { xAI async throws in
            let asking = Asking(xAI)
            #expect(try await asking.upload("abcd").status == 413)
            #expect(try await asking.upload("abc").status == 200)
        }
    }

    @Test func aListingIsCutIntoPagesByToken() async throws {
        try await LoopbackXAI.with { xAI in
            let asking = Asking(xAI)
            var ids: [JSONValue] = []
            for number in 0..<3 { ids.append(try await asking.uploadedID("\(number)", named: "\(number).txt")) }
            let query = "limit=2&order=asc&sort_by=created_at"
            let first = try #require(try await asking.ask("GET /v1/files?\(query)").json)
            #expect(first["data"]?.array?.map { $0["id"] } == [ids[0], ids[1]])
            #expect(Set(first.object?.keys.map(\.self) ?? []) == ["data", "pagination_token"])
            let token = try #require(first["pagination_token"]?.string)
            let second = try #require(try await asking.ask("GET /v1/files?\(query)&pagination_token=\(token)").json)
            #expect(second["data"]?.array?.map { $0["id"] } == [ids[2]])
            #expect(second["pagination_token"] != nil, "there is one on the last page too")
            let wrong = "limit=2&order=desc&sort_by=created_at&pagination_token=\(token)"
            #expect(try await asking.ask("GET /v1/files?\(wrong)").status == 400)
            // The cursor of others is read and ignored.
            let same = try await asking.ask("GET /v1/files?\(query)&after=\(ids[1].string ?? "")").json
            #expect(same?["data"]?.array?.map { $0["id"] } == [ids[0], ids[1]])
            let newest = try await asking.ask("GET /v1/files?limit=1&sort_by=created_at").json
            #expect(newest?["data"]?[0]?["id"] == ids[2])
            for query in ["limit=0", "limit=101", "order=up", "sort_by=age", "purpose=x", "page=2"] {
                #expect(try await asking.ask("GET /v1/files?\(query)").status == 400, "\(query)")
            }
            xAI.options.tokenOnLastPage = false
            let last = try await asking.ask("GET /v1/files?limit=3&sort_by=created_at").json
            #expect(last?["pagination_token"] == nil && last?["data"]?.array?.count == 3)
        }
    }

    @Test func aWrongKeyIsABadRequestAndNoneIsUnauthorised() async throws {
        try await LoopbackXAI.with { xAI in
            let id = try await Asking(xAI).uploadedID("x").string ?? ""
            let other = Asking(xAI, key: xAI.otherKey)
            #expect(try await other.ask("GET /v1/files/\(id)").status == 404)
            #expect(try await other.ask("GET /v1/files").json?["data"] == [])
            let wrong = try await Asking(xAI, key: "xai-wrong").ask("GET /v1/files")
            #expect(wrong.status == 400)
            #expect(wrong.json?["error"]?.string?.hasPrefix("Incorrect API key") == true)
            #expect(wrong.json?["code"]?.string != nil)
            let nobody = Asking(xAI, key: "")
            #expect(try await nobody.ask("GET /v1/files").status == 401)
        }
    }

    @Test func anErrorHasOneOfFourShapes() async throws {
        try await LoopbackXAI.with { xAI in
            for shape in XAIOptions.ErrorShape.allCases {
                xAI.options.errorShape = shape
                let reply = try await Asking(xAI).ask("GET /v1/files/file_gone")
                #expect(reply.status == 404)
                #expect(reply.text.contains("File not found: file_gone"))
                #expect((reply.json != nil) == (shape != .text))
                #expect((reply.json?["error"]?["message"] != nil) == (shape == .nested))
            }
        }
    }

    @Test func theModelSaysWhatItWasShown() async throws {
        try await LoopbackXAI.with { xAI in
            let asking = Asking(xAI)
            let id = try await asking.uploadedID("abc", named: "n.swift")
            let parts: [JSONValue] = [["type": "input_file", "file_id": id], ["type": "input_text", "text": "hi"]]
            let more: [String: JSONValue] = [
                "store": false, "max_turns": 4, "include": ["reasoning.encrypted_content"], "prompt_cache_key": "k",
            ]
            let reply = try #require(try await asking.post(message(parts, more)).json)
            let output = try #require(reply["output"]?.array)
            #expect(output.map { $0["type"] } == ["attachment_search_call", "reasoning", "message"])
            #expect(output[1]["encrypted_content"] != nil)
            let echo =
                "file:n.swift:3:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\nyou said: hi"
            #expect(output[2]["content"]?[0]?["text"]?.string == echo)
            #expect((reply["usage"]?["cost_in_usd_ticks"]?.int ?? 0) > 50_000_000)
        }
    }

    @Test(
        arguments: [
            (["model": "m", "input": "x", "colour": "red"], 422), (["input": "x"], 422), (["model": "m"], 422),
            (["model": "m", "input": "x", "stream": "yes"], 422), (["model": "m", "input": "x", "max_turns": 0], 422),
            (["model": "m", "input": "x", "include": ["everything"]], 422),
            (message([["type": "input_file", "file_id": "x", "file_url": "y"]]), 422),
            (message([["type": "input_file", "file_id": "file_gone"]]), 404),
            // No picture by id.
            (message([["type": "input_image", "file_id": "file_gone"]]), 422),
            (message([["type": "input_image", "image_url": "data:image/gif;base64,R0lGODlh"]]), 400),
            (message([["type": "output_text", "text": "x"]]), 422),
            (
                [
                    "model": "m",
                    "input": [["role": "system", "content": [["type": "input_file", "file_id": "file_gone"]]]],
                ], 422
            ),
            (["model": "m", "input": "x", "previous_response_id": "r", "instructions": "i"], 400),
        ] as [(JSONValue, Int)]
    )
    func anImproperChatIsRefused(body: JSONValue, status: Int) async throws {
        try await LoopbackXAI.with { xAI in
            let reply = try await Asking(xAI).post(body)
            #expect(reply.status == status, "\(reply.text)")
        }
    }

    @Test func aBodyWithoutItsTypeIsRefused() async throws {
        try await LoopbackXAI.with { xAI async throws in
            let asking = Asking(xAI)
            #expect(try await asking.ask("POST /v1/responses", body: []).status == 415)
            #expect(try await asking.ask("POST /v1/files", body: []).status == 415)
        }
    }

    @Test func aPictureMustNotPoseAsADocument() async throws {
        try await LoopbackXAI.with { xAI in
            let asking = Asking(xAI)
            let id = try await asking.uploadedID([0x89, 0x50, 0x4e, 0x47, 0xff], named: "a.png")
            #expect(try await asking.post(message([["type": "input_file", "file_id": id]])).status == 400)
        }
    }

    @Test func aStreamIsDataOnlyWithPingsAndADone() async throws {
        try await LoopbackXAI.with { xAI in
            let asking = Asking(xAI)
            let id = try await asking.uploadedID("abc")
            let parts: [JSONValue] = [
                ["type": "input_file", "file_id": id], ["type": "input_text", "text": "grüße 🙂"],
            ]
            let reply = try await asking.post(message(parts, ["stream": true]))
            #expect(!reply.text.contains("event:"))
            #expect(reply.text.hasSuffix("data: [DONE]\n\n"))
            let all = reply.events
            let types = all.compactMap { $0["type"]?.string }
            #expect(types.first == "response.created" && types.last == "response.completed")
            #expect(types.contains("ping") && types.contains("response.reasoning_summary_text.delta"))
            let items = all.filter { $0["type"] == "response.output_item.added" }.map { $0["item"]?["type"] }
            #expect(items == ["attachment_search_call", "reasoning", "message"])
            let deltas = all.filter { $0["type"] == "response.output_text.delta" }.compactMap { $0["delta"]?.string }
            #expect(deltas.joined().hasSuffix("you said: grüße 🙂"))
            #expect(all.last?["response"]?["usage"]?["cost_in_usd_ticks"] != nil)
            #expect(reply.chunks.contains { String(validating: $0, as: UTF8.self) == nil })
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
        (.keepAlives, "response.output_text.done", "ping"),
        (.unknownEvents, "response.new_thing.added", "response.new_thing.added"),
    ])
    func anAnswerEndsAsItWasTold(answer: LoopbackAnswer, contains: String, last: String) async throws {
        try await LoopbackXAI.with { xAI in
            xAI.nextAnswer(answer)
            let body: JSONValue = ["model": "m", "input": "hello", "stream": true]
            let types = (try await Asking(xAI).post(body)).events.compactMap { $0["type"]?.string }
            #expect(types.contains(contains))
            #expect(types.last == last)
        }
    }

    @Test(arguments: [LoopbackAnswer.Ending.cut, .reset])
    func aCutStreamHasNoEnd(ending: LoopbackAnswer.Ending) async throws {
        try await LoopbackXAI.with { xAI in
            xAI.nextAnswer(.ending(ending, after: 2))
            let body: JSONValue = ["model": "m", "input": "hello", "stream": true]
            await #expect(throws: RawClient.Ended.self) { try await Asking(xAI).post(body) }
        }
    }
}
