import SatchelTestSupport
import Testing

/// A client that knows nothing but how to write requests down.
private struct Asking {
    let anthropic: LoopbackAnthropic
    var headers: HeaderFields

    init(_ anthropic: LoopbackAnthropic, headers: HeaderFields? = nil) {
        self.anthropic = anthropic
        self.headers = headers ?? ["x-api-key": anthropic.key, "anthropic-version": "2026-10-21"]
    }

    func ask(_ line: String, headers: HeaderFields = [:], body: [UInt8]? = nil) async throws -> RawClient.Reply {
        let port = anthropic.server.port
        var all = self.headers
        all.fields += headers.fields
        let sent = all
        return try await offPoolThrowing {
            var client = try RawClient(port: port)
            return try client.ask(line, headers: sent, body: body)
        }
    }

    func post(_ document: JSONValue, to path: String = "/v1/messages") async throws -> RawClient.Reply {
        try await ask("POST \(path)", headers: ["Content-Type": "application/json"], body: document.bytes)
    }

    func upload(
        _ bytes: RawBytes,
        named name: String? = "a.txt",
        type: String? = "text/plain",
        fields: [(String, String)] = [],
        after: [(String, String)] = []
    ) async throws -> RawClient.Reply {
        func part(_ field: (String, String)) -> [UInt8] {
            Array("--B\r\nContent-Disposition: form-data; name=\"\(field.0)\"\r\n\r\n\(field.1)\r\n".utf8)
        }
        var body = fields.flatMap(part)
        body += Array("--B\r\nContent-Disposition: form-data; name=\"file\"".utf8)
        if let name { body += Array("; filename=\"\(name)\"".utf8) }
        if let type { body += Array("\r\nContent-Type: \(type)".utf8) }
        body += Array("\r\n\r\n".utf8) + bytes.bytes + Array("\r\n".utf8)
        body += after.flatMap(part) + Array("--B--\r\n".utf8)
        return try await ask("POST /v1/files", headers: ["Content-Type": "multipart/form-data; boundary=B"], body: body)
    }

    func uploadedID(_ bytes: RawBytes, named name: String = "a.txt", type: String = "text/plain") async throws -> String
    {
        try #require(try await upload(bytes, named: name, type: type).json?["id"]?.string)
    }
}

private func message(_ blocks: [JSONValue], _ more: [String: JSONValue] = [:]) -> JSONValue {
    let body: [String: JSONValue] = [
        "model": "claude-echo", "max_tokens": 100, "messages": [["role": "user", "content": .array(blocks)]],
    ]
    return .object(body.merging(more) { $1 })
}

private func document(_ id: String, _ more: [String: JSONValue] = [:]) -> JSONValue {
    let block: [String: JSONValue] = ["type": "document", "source": ["type": "file", "file_id": .string(id)]]
    return .object(block.merging(more) { $1 })
}

private func text(_ text: String) -> JSONValue { ["type": "text", "text": .string(text)] }

/// Each event's name and `data:`.
private func events(_ reply: RawClient.Reply) -> [(name: String, data: JSONValue)] {
    reply.text.split(separator: "\n\n").compactMap { event in
        let lines = event.split(separator: "\n")
        guard lines.count == 2, lines[0].hasPrefix("event: "), lines[1].hasPrefix("data: "),
            let data = JSONValue(parsing: String(lines[1].dropFirst(6)))
        else { return nil }
        return (String(lines[0].dropFirst(7)), data)
    }
}

private let key = ("x-api-key", "sk-ant-loopback-0001")
private let version = ("anthropic-version", "2026-10-21")

/// A request's headers, and the status that they deserve.
private struct Identity: Sendable {
    var headers: HeaderFields = [:]
    var status: Int

    init(_ status: Int, _ fields: (String, String)...) {
        self.status = status
        for (name, value) in fields { headers.add(name, value) }
    }
}

struct LoopbackAnthropicTests {
    private static let identities = [
        Identity(401), Identity(400, key), Identity(400, key, ("anthropic-version", "2024-01-01")),
        Identity(401, ("x-api-key", "sk-ant-wrong"), version),
        Identity(200, ("Authorization", "Bearer sk-ant-loopback-0001"), version),
        Identity(200, key, ("anthropic-version", "2023-06-01")),
        Identity(401, key, ("Authorization", "Bearer sk-ant-loopback-0001"), version),
        Identity(400, key, version, ("anthropic-beta", "files-api-2025-04-14")),
        Identity(403, key, version, ("anthropic-workspace-id", "wrkspc_loopback2")),
    ]

    @Test func anUploadIsStoredListedRetrievedAndDeleted() async throws {
        try await LoopbackAnthropic.with { anthropic in
            let asking = Asking(anthropic)
            let reply = try await asking.upload("hello\r\n", named: "src/Main.swift")
            #expect(reply.status == 200)
            #expect(reply.headers["request-id"] != nil)
            let file = try #require(reply.json?.object)
            #expect(
                Set(file.keys) == [
                    "id", "type", "filename", "mime_type", "size_bytes", "created_at", "downloadable", "expires_at",
                ]
            )
            #expect(file["type"] == "file")
            #expect(file["filename"] == "Main.swift")
            #expect(file["mime_type"] == "text/plain")
            #expect(file["size_bytes"] == 7)
            #expect(file["downloadable"] == false)
            #expect(file["expires_at"] == .null)
            #expect(anthropic.files.first?.text == "hello\r\n")
            let id = try #require(file["id"]?.string)
            #expect(id.hasPrefix("file_011C"))
            #expect(try await asking.ask("GET /v1/files/\(id)").json == .object(file))
            #expect(try await asking.ask("GET /v1/files").json == ["data": [.object(file)], "next_page": nil])
            let content = try await asking.ask("GET /v1/files/\(id)/content")
            #expect(content.status == 400)
            #expect(content.json?["error"]?["details"]?["error_code"] == "file_not_downloadable")
            let gone: JSONValue = ["id": .string(id), "type": "file_deleted"]
            #expect(try await asking.ask("DELETE /v1/files/\(id)").json == gone)
            let again = try await asking.ask("DELETE /v1/files/\(id)")
            #expect(again.status == 404)
            #expect(again.json?["type"] == "error")
            #expect(again.json?["error"]?["type"] == "not_found_error")
            #expect(again.json?["request_id"]?.string == again.headers["request-id"])
            #expect(anthropic.uploadCount == 1)
            #expect(anthropic.deleteCount == 1)
        }
    }

    @Test(
        arguments: [
            ([("purpose", "user_data")], []), ([("expires_in_seconds", "3599")], []),
            ([("expires_in_seconds", "7776001")], []), ([("expires_in_seconds", "1e4")], []),
            ([("expires_in_seconds", "3600"), ("expires_in_seconds", "3600")], []),
            ([], [("expires_in_seconds", "3600")]),
        ] as [([(String, String)], [(String, String)])]
    )
    func anImproperUploadIsRefused(fields: [(String, String)], after: [(String, String)]) async throws {
        try await LoopbackAnthropic.with { anthropic in
            let reply = try await Asking(anthropic).upload("x", fields: fields, after: after)
            #expect(reply.status == 400)
            #expect(reply.json?["error"]?["type"] == "invalid_request_error")
            #expect(anthropic.uploadCount == 0)
        }
    }

    @Test(arguments: ["a:b.txt", "what?.txt", "a\\b", "a*b", "a|b", "<a>"])
    func someCharactersMakeNoFilename(name: String) async throws {
        try await LoopbackAnthropic.with { anthropic in
            let reply = try await Asking(anthropic).upload("x", named: name)
            #expect(reply.status == 400)
            let long = try await Asking(anthropic).upload("x", named: String(repeating: "n", count: 256))
            #expect(long.status == 400)
            let nameless = try await Asking(anthropic).upload("x", named: nil)
            #expect(nameless.json?["filename"] == "unnamed.txt")
        }
    }

    @Test(arguments: Self.identities)
    private func keysAndVersionsAreChecked(identity: Identity) async throws {
        try await LoopbackAnthropic.with { anthropic in
            let reply = try await Asking(anthropic, headers: identity.headers).ask("GET /v1/files")
            #expect(reply.status == identity.status)
        }
    }

    @Test func anExpiredFileIsStillListedButOfNoUse() async throws {
        try await LoopbackAnthropic.with(store: LoopbackStore(clock: TestClock())) { anthropic in
            let asking = Asking(anthropic)
            let file = try #require(try await asking.upload("x", fields: [("expires_in_seconds", "3600")]).json)
            #expect(file["created_at"] == "2027-01-15T08:00:00Z")
            #expect(file["expires_at"] == "2027-01-15T09:00:00Z")
            let id = try #require(file["id"]?.string)
            #expect(try await asking.post(message([document(id)])).status == 200)
            anthropic.store.clock.advance(by: 3600)
            #expect(try await asking.ask("GET /v1/files/\(id)").json == file)
            #expect(try await asking.ask("GET /v1/files").json?["data"] == [file])
            #expect(try await asking.ask("GET /v1/files?ids%5B%5D=\(id)").json?["data"] == [file])
            for reply in [
                try await asking.ask("GET /v1/files/\(id)/content"), try await asking.post(message([document(id)])),
            ] {
                #expect(reply.status == 404)
                #expect(reply.json?["error"]?["details"]?["error_code"] == "file_expired")
            }
            anthropic.store.clock.advance(by: 30 * 86400)
            #expect(try await asking.ask("GET /v1/files").json?["data"] == [])
            #expect(try await asking.ask("GET /v1/files/\(id)").status == 404)
        }
    }

    @Test func aListingIsCutIntoPagesNewestFirst() async throws {
        try await LoopbackAnthropic.with { anthropic in
            let asking = Asking(anthropic)
            var ids: [String] = []
            for number in 0..<25 { ids.append(try await asking.uploadedID("x", named: "\(number).txt")) }
            ids.reverse()
            func page(_ query: String) async throws -> (ids: [String?], next: String?) {
                let json = try #require(try await asking.ask("GET /v1/files\(query)").json)
                return (json["data"]?.array?.map { $0["id"]?.string } ?? [], json["next_page"]?.string)
            }
            let first = try await page("")
            #expect(first.ids == Array(ids[..<20]))
            let next = try #require(first.next)
            #expect(next.hasPrefix("page_"))
            // The place of a cursor outlives its file.
            anthropic.store.forget(ids[19])
            let second = try await page("?page=\(next)&limit=1000")
            #expect(second.ids == Array(ids[20...]))
            #expect(second.next == nil)
            let some = try await page("?ids%5B%5D=\(ids[3])&ids%5B%5D=file_unknown&ids%5B%5D=\(ids[1])")
            #expect(some.ids == [ids[1], ids[3]])
            for query in [
                "limit=0", "limit=1001", "limit=x", "page=3", "after_id=x", "before_id=x", "order=asc",
                "ids%5B%5D=x&limit=3", (0...100).map { "ids%5B%5D=f\($0)" }.joined(separator: "&"),
            ] {
                #expect(try await asking.ask("GET /v1/files?\(query)").status == 400, "\(query)")
            }
        }
    }

    @Test func everyWorkspaceSeesItsOwnFilesOnlyAndHoldsSoMuch() async throws {
        try await LoopbackAnthropic.with { anthropic in
            let id = try await Asking(anthropic).uploadedID("x")
            let other = Asking(
                anthropic,
                headers: ["x-api-key": anthropic.otherKey, "anthropic-version": "2026-10-21"]
            )
            #expect(try await other.ask("GET /v1/files/\(id)").status == 404)
            #expect(try await other.ask("GET /v1/files").json?["data"] == [])
            #expect(try await other.post(message([document(id)])).status == 404)
            anthropic.store.quota = 3
            let full = try await Asking(anthropic).upload("abc")
            #expect(full.status == 400)
            #expect(full.json?["error"]?["details"]?["error_code"] == "storage_quota_exceeded")
        }
    }

    @Test func theModelSaysWhatItWasShown() async throws {
        try await LoopbackAnthropic.with { anthropic in
            let asking = Asking(anthropic)
            let id = try await asking.uploadedID("abc", named: "n.0011.swift")
            let body = message([document(id, ["title": "Sources/n.swift"]), document(id), text("first")])
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
                message([["type": .string(block), "source": ["type": "file", "file_id": .string(id)]], text("x")])
            )
            #expect(reply.status == 400)
            #expect(reply.text.contains(words), "\(reply.text)")
        }
    }

    @Test(
        arguments: [
            message([text("x")], ["colour": "red"]), message([text("x")], ["temperature": 1]),
            message([text("x")], ["max_tokens": "40"]), message([text("x")], ["max_tokens": 128_001]),
            message([text("x")], ["stream": 1]), message([text("x")], ["messages": []]),
            message([text("x")], ["system": [["type": "image"]]]), message([text("")]), message([]),
            message([["type": "text", "text": "x", "path": "a"]]), message([["type": "input_text", "text": "x"]]),
            message([["type": "text", "text": "x", "cache_control": ["type": "persistent"]]]),
            message([["type": "text", "text": "x", "citations": [["type": "char_location"]]]]),
            message([document("x", ["title": .string(String(repeating: "t", count: 501))])]),
            message([document("x", ["filename": "a"])]),
            message(
                [text("x")],
                ["messages": [["role": "assistant", "content": "x"], ["role": "user", "content": "y"]]]
            ),
            message(
                [text("x")],
                ["messages": [["role": "user", "content": "x"], ["role": "assistant", "content": "y"]]]
            ),
            message(
                [],
                [
                    "messages": [
                        ["role": "user", "content": "x"], ["role": "assistant", "content": [document("x")]],
                        ["role": "user", "content": "y"],
                    ]
                ]
            ),
            message(
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
            let model = try await asking.post(message([text("x")], ["model": "no-such-model"]))
            #expect(model.status == 404)
            #expect(model.json?["error"]?["message"] == "model: no-such-model")
            let file = try await asking.post(message([document("file_unknown")]))
            #expect(file.status == 404)
            anthropic.options.contextTokens = 10
            let long = try await asking.post(message([text(String(repeating: "word ", count: 100))]))
            #expect(long.text.contains("prompt is too long"))
            anthropic.options.maxRequestSize = 100
            let large = try await asking.post(message([text(String(repeating: "word ", count: 100))]))
            #expect(large.status == 413)
            #expect(large.json?["request_id"] == .null)
        }
    }

    @Test func aStreamHasItsEventsInOrderAndAwkwardPieces() async throws {
        try await LoopbackAnthropic.with { anthropic in
            anthropic.options.thoughts = "let me see"
            let reply = try await Asking(anthropic).post(message([text("grüße 🙂")], ["stream": true]))
            #expect(reply.headers["content-type"] == "text/event-stream; charset=utf-8")
            let events = events(reply)
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
            let body = message([text("hello")], ["stream": true])
            let last = events(try await Asking(anthropic).post(body)).last { $0.name == event }?.data
            let found = last?["delta"]?["stop_reason"] ?? last?["error"]?["type"] ?? last?["delta"]?["type"]
            #expect(found?.string ?? "" == word)
        }
    }

    @Test(arguments: [LoopbackAnswer.Ending.cut, .reset])
    func aCutStreamHasNoEnd(ending: LoopbackAnswer.Ending) async throws {
        try await LoopbackAnthropic.with { anthropic in
            anthropic.nextAnswer(.ending(ending, after: 2))
            let body = message([text("hello")], ["stream": true])
            await #expect(throws: RawClient.Ended.self) { try await Asking(anthropic).post(body) }
        }
    }

    @Test func citationsNameTheDocumentsThatMayBeCited() async throws {
        try await LoopbackAnthropic.with { anthropic in
            let asking = Asking(anthropic)
            let id = try await asking.uploadedID("abc")
            for (isWanted, count) in [(true, 1), (false, 0)] {
                anthropic.nextAnswer(.citing)
                let shown = document(id, ["title": "a/b.txt", "citations": ["enabled": .bool(isWanted)]])
                let reply = try await asking.post(message([shown, text("x")], ["stream": true]))
                let citations = events(reply).compactMap { $0.data["delta"]?["citation"] }
                #expect(citations.count == count)
                #expect(citations.allSatisfy { $0["file_id"]?.string == id && $0["document_title"] == "a/b.txt" })
            }
            let mixed = [document(id, ["citations": ["enabled": true]]), document(id), text("x")]
            #expect(try await asking.post(message(mixed)).status == 400)
        }
    }

    @Test func theSameMarkedBeginningIsReadFromTheCache() async throws {
        try await LoopbackAnthropic.with(store: LoopbackStore(clock: TestClock())) { anthropic in
            let asking = Asking(anthropic)
            let id = try await asking.uploadedID(RawBytes(String(repeating: "abcd", count: 1000)))
            let shown = document(id, ["cache_control": ["type": "ephemeral"]])
            func usage(_ blocks: [JSONValue]) async throws -> [Int64] {
                let usage = try await asking.post(message(blocks)).json?["usage"]
                return ["input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"].map {
                    usage?[$0]?.int ?? -1
                }
            }
            #expect(try await usage([shown, text("one")]) == [1, 1001, 0])
            #expect(try await usage([shown, text("two")]) == [1, 0, 1001])
            #expect(try await usage([text("early"), shown, text("two")]) == [1, 1003, 0])
            anthropic.store.clock.advance(by: 301)
            #expect(try await usage([shown, text("one")]) == [1, 1001, 0])
        }
    }
}
