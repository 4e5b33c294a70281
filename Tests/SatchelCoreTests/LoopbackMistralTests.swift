import SatchelTestSupport
import Testing

/// A client that knows nothing but how to write requests down.
private struct Asking {
    let mistral: LoopbackMistral
    var key: String?

    init(_ mistral: LoopbackMistral, key: String? = nil) {
        self.mistral = mistral
        self.key = key ?? mistral.key
    }

    func ask(_ line: String, headers: HeaderFields = [:], body: [UInt8]? = nil) async throws -> RawClient.Reply {
        let port = mistral.server.port
        var headers = headers
        if let key { headers.add("Authorization", "Bearer \(key)") }
        let all = headers
        return try await offPoolThrowing {
            var client = try RawClient(port: port)
            return try client.ask(line, headers: all, body: body)
        }
    }

    func chat(_ document: JSONValue) async throws -> RawClient.Reply {
        try await ask(
            "POST /v1/chat/completions",
            headers: ["Content-Type": "application/json"],
            body: document.bytes
        )
    }

    func say(_ content: JSONValue, with members: [String: JSONValue] = [:]) async throws -> RawClient.Reply {
        let body: [String: JSONValue] = ["model": "m", "messages": [["role": "user", "content": content]]]
        return try await chat(.object(body.merging(members) { $1 }))
    }

    func upload(
        _ bytes: RawBytes = "%PDF-1.7 alpha",
        named name: String = "a.pdf",
        type: String? = "application/pdf",
        fields: [(String, String)] = [("purpose", "ocr")]
    ) async throws -> RawClient.Reply {
        var body: [UInt8] = []
        for (field, value) in fields {
            body += Array("--B\r\nContent-Disposition: form-data; name=\"\(field)\"\r\n\r\n\(value)\r\n".utf8)
        }
        body += Array("--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"\(name)\"\r\n".utf8)
        if let type { body += Array("Content-Type: \(type)\r\n".utf8) }
        body += Array("\r\n".utf8) + bytes.bytes + Array("\r\n--B--\r\n".utf8)
        return try await ask("POST /v1/files", headers: ["Content-Type": "multipart/form-data; boundary=B"], body: body)
    }

    func uploadedID(
        _ bytes: RawBytes = "%PDF-1.7 alpha",
        named name: String = "a.pdf",
        type: String = "application/pdf"
    ) async throws -> String {
        try #require(try await upload(bytes, named: name, type: type).json?["id"]?.string)
    }

    func url(of id: String, hours: Int = 24) async throws -> String {
        try #require(try await ask("GET /v1/files/\(id)/url?expiry=\(hours)").json?["url"]?.string)
    }
}

/// The `data:` of each event.
private func events(_ reply: RawClient.Reply) -> [JSONValue] {
    reply.text.split(separator: "\n").compactMap { line in
        line.hasPrefix("data: {") ? JSONValue(parsing: String(line.dropFirst("data: ".count))) : nil
    }
}

private func text(_ events: [JSONValue]) -> String {
    events.compactMap { $0["choices"]?[0]?["delta"]?["content"]?.string }.joined()
}

private func usages(_ reply: RawClient.Reply) -> Int { events(reply).count { $0["usage"] != nil } }

private let unknownID = "6f3847f3-13fd-4970-afdb-0cac29f15a56"
private let png: RawBytes = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]

struct LoopbackMistralTests {
    @Test func anUploadIsStoredListedRetrievedDownloadedAndDeleted() async throws {
        try await LoopbackMistral.with { mistral in
            let asking = Asking(mistral)
            let reply = try await asking.upload(named: "src/Report 1.pdf")
            #expect(reply.status == 200)
            var file = try #require(reply.json?.object)
            #expect(file["bytes"] == 14)
            #expect(file["filename"] == "src/Report 1.pdf")
            #expect(file["sample_type"] == "ocr_input")
            #expect(file["visibility"] == "workspace")
            #expect(file["expires_at"] == .null)
            let id = try #require(file["id"]?.string)
            #expect(id.split(separator: "-").map(\.count) == [8, 4, 4, 4, 12])
            #expect(
                try await asking.ask("GET /v1/files").json == ["object": "list", "data": [.object(file)], "total": 1]
            )
            file["deleted"] = false
            #expect(try await asking.ask("GET /v1/files/\(id)").json == .object(file))
            #expect(try await asking.ask("GET /v1/files/\(id)/content").text == "%PDF-1.7 alpha")
            #expect(try await asking.ask("DELETE /v1/files/\(id)").json?["deleted"] == true)
            for line in ["GET /v1/files/\(id)", "GET /v1/files/\(id)/content", "GET /v1/files/\(id)/url"] {
                #expect(try await asking.ask(line).json == ["detail": "Not Found"])
            }
            #expect(try await asking.ask("DELETE /v1/files/\(id)").status == 404)
            #expect(try await asking.ask("DELETE /v1/files/file-abc").status == 422)
            #expect(mistral.uploadCount == 1)
            #expect(mistral.deleteCount == 1)
        }
    }

    @Test(
        arguments: [
            ("a.txt", "text/plain", "alpha"), ("main.swift", "text/plain", "print(1)"), ("a.csv", "text/csv", "a,b"),
            ("a.md", "text/markdown", "# a"), ("a.zip", "application/zip", "PK\u{3}\u{4}"),
            ("a.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "PK\u{3}\u{4}"),
            ("a.pdf", "application/octet-stream", "%PDF-1.7"), ("a.pdf", "application/pdf", "no document"),
            ("a", nil, "%PDF-1.7"), ("a.pdf", "application/pdf", ""),
        ] as [(String, String?, RawBytes)]
    )
    func whatIsNoDocumentIsRefused(name: String, type: String?, bytes: RawBytes) async throws {
        try await LoopbackMistral.with { mistral in
            let reply = try await Asking(mistral).upload(bytes, named: name, type: type)
            #expect(reply.status == 422)
            #expect(reply.json?["detail"] == "Invalid file format.")
            #expect(reply.json?["message"]?.string?.contains("only application/pdf, image/.*, ") == true)
            #expect(mistral.uploadCount == 0)
        }
    }

    @Test(
        arguments: [
            ("a.pdf", nil, "%PDF-1.7"), ("a.png", "image/png", [0x89, 0x50, 0x4e, 0x47]),
            ("a.epub", "application/epub+zip", "PK\u{3}\u{4}"), ("a.ipynb", "application/x-ipynb+json", "{}"),
            (
                "a.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "PK\u{3}\u{4}"
            ),
        ] as [(String, String?, RawBytes)]
    )
    func documentsAndPicturesAreTaken(name: String, type: String?, bytes: RawBytes) async throws {
        try await LoopbackMistral.with { mistral in
            let reply = try await Asking(mistral).upload(bytes, named: name, type: type)
            #expect(reply.status == 200)
        }
    }

    @Test(arguments: [
        [], [("purpose", "anything")], [("purpose", "ocr"), ("colour", "red")],
        [("purpose", "ocr"), ("purpose", "ocr")],
        [("purpose", "ocr"), ("visibility", "world")], [("purpose", "ocr"), ("expiry", "soon")],
        [("purpose", "batch")],
    ])
    func anImproperUploadIsRefused(fields: [(String, String)]) async throws {
        try await LoopbackMistral.with { mistral in
            let reply = try await Asking(mistral).upload(fields: fields)
            #expect(reply.status == 422)
            #expect(reply.json?["detail"] != nil)
            #expect(mistral.uploadCount == 0)
        }
    }

    @Test func aFileIsGoneAfterThirtyDays() async throws {
        try await LoopbackMistral.with(store: LoopbackStore(clock: TestClock())) { mistral in
            mistral.options.saysExpiry = true
            let asking = Asking(mistral)
            let file = try #require(try await asking.upload().json)
            #expect(file["expires_at"]?.int == file["created_at"]?.int.map { $0 + 2_592_000 })
            let id = try #require(file["id"]?.string)
            mistral.store.clock.advance(by: 2_591_999)
            #expect(try await asking.ask("GET /v1/files/\(id)").status == 200)
            mistral.store.clock.advance(by: 1)
            #expect(try await asking.ask("GET /v1/files/\(id)").status == 404)
            #expect(try await asking.ask("GET /v1/files").json?["total"] == 0)
        }
    }

    @Test func aListingIsCutIntoNumberedPages() async throws {
        try await LoopbackMistral.with { mistral in
            let asking = Asking(mistral)
            var ids: [String] = []
            for name in ["a.pdf", "b.pdf", "c.pdf"] { ids.append(try await asking.uploadedID(named: name)) }
            let first = try #require(try await asking.ask("GET /v1/files?page=0&page_size=2&include_total=true").json)
            #expect(first["data"]?.array?.map { $0["id"]?.string } == [ids[2], ids[1]])
            #expect(first["total"] == 3)
            let second = try #require(try await asking.ask("GET /v1/files?page=1&page_size=2&include_total=false").json)
            #expect(second["data"]?.array?.map { $0["id"]?.string } == [ids[0]])
            #expect(second["total"] == nil)
            #expect(try await asking.ask("GET /v1/files?page=2&page_size=2").json?["data"] == [])
            #expect(try await asking.ask("GET /v1/files?search=b.p").json?["total"] == 1)
            for query in ["page=-1", "page=x", "page_size=0", "include_total=maybe", "after=x", "page=0&page=1"] {
                let reply = try await asking.ask("GET /v1/files?\(query)")
                #expect(reply.status == 422, "\(query)")
                #expect(reply.json?["detail"]?[0]?["loc"]?[0] == "query")
            }
        }
    }

    @Test func everyKeySeesItsOwnFilesOnly() async throws {
        try await LoopbackMistral.with { mistral in
            let id = try await Asking(mistral).uploadedID()
            let other = Asking(mistral, key: mistral.otherKey)
            #expect(try await other.ask("GET /v1/files/\(id)").status == 404)
            #expect(try await other.ask("GET /v1/files").json?["data"] == [])
            let wrong = try await Asking(mistral, key: "wrong").ask("GET /v1/files")
            #expect(wrong.status == 401)
            #expect(wrong.json == ["detail": "Unauthorized"])
        }
    }

    @Test func aFullWorkspaceTakesNoMore() async throws {
        try await LoopbackMistral.with { mistral in
            mistral.store.quota = 20
            let first = try await Asking(mistral).upload()
            #expect(first.status == 200)
            let second = try await Asking(mistral).upload()
            #expect(second.status == 403)
        }
    }

    @Test func aDeletedFileMayStillBeLookedUp() async throws {
        try await LoopbackMistral.with { mistral in
            mistral.options.keepsDeleted = true
            let asking = Asking(mistral)
            let id = try await asking.uploadedID()
            _ = try await asking.ask("DELETE /v1/files/\(id)")
            #expect(try await asking.ask("GET /v1/files/\(id)").json?["deleted"] == true)
            #expect(try await asking.ask("GET /v1/files").json?["data"]?[0]?["deleted"] == true)
            #expect(try await asking.ask("GET /v1/files/\(id)/url").status == 404)
        }
    }

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
            let events = events(reply)
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
            let last = events(try await Asking(mistral).say("hello", with: ["stream": true])).last
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
            let events = events(try await asking.say(content, with: ["stream": true]))
            let chunks = events.compactMap { $0["choices"]?[0]?["delta"]?["content"]?.array }.joined()
            #expect(chunks.first?["thinking"]?[0]?["text"] == "hm")
            #expect(chunks.contains { $0["type"] == "text" })
            #expect(chunks.last == ["type": "reference", "reference_ids": [0]])
            mistral.nextAnswer(.citing)
            let whole = try await asking.say(content).json?["choices"]?[0]?["message"]?["content"]?.array
            #expect(whole?.compactMap { $0["type"]?.string } == ["thinking", "text", "reference"])
        }
    }

    @Test(arguments: LoopbackRefusal.allCases)
    func refusalsHaveTheShapesOfTheProvider(refusal: LoopbackRefusal) async throws {
        try await LoopbackMistral.with { mistral in
            mistral.server.inject(mistral.refusing(refusal))
            let reply = try await Asking(mistral).ask("GET /v1/files")
            #expect(reply.status >= 400)
            #expect(reply.json?["detail"] != nil || reply.json?["object"] == "error")
            if case .rateLimited(let seconds) = refusal { #expect(reply.headers["retry-after"] == String(seconds)) }
        }
    }
}
