import FoundationEssentials
import SatchelCore
import SatchelTestSupport
import Testing

extension Asking where Wire == GeminiWire {
    func start(_ file: JSONValue, size: Int?, headers: HeaderFields = [:]) async throws -> RawClient.Reply {
        var all = headers
        all.addIfMissing("X-Goog-Upload-Protocol", "resumable")
        all.addIfMissing("X-Goog-Upload-Command", "start")
        if let size { all.addIfMissing("X-Goog-Upload-Header-Content-Length", "\(size)") }
        all.addIfMissing("Content-Type", "application/json")
        return try await ask("POST /upload/v1beta/files", headers: all, body: (["file": file] as JSONValue).bytes)
    }

    /// What the `Host` that ``RawClient`` sends leads to.
    var origin: String { "http://127.0.0.1" }

    /// The path and query of the upload URL.
    func target(of reply: RawClient.Reply) throws -> String {
        let url = try #require(reply.headers["x-goog-upload-url"])
        return try #require(url.hasPrefix(origin) ? String(url.dropFirst(origin.count)) : nil)
    }

    func send(_ command: String, _ bytes: [UInt8], at offset: Int?, to target: String) async throws -> RawClient.Reply {
        var headers: HeaderFields = ["X-Goog-Upload-Command": command]
        if let offset { headers.add("X-Goog-Upload-Offset", "\(offset)") }
        // No key: the URL is enough.
        var asking = self
        asking.headers = [:]
        return try await asking.ask("POST \(target)", headers: headers, body: bytes)
    }

    func upload(_ bytes: RawBytes, _ file: JSONValue = ["mimeType": "text/plain"]) async throws -> RawClient.Reply {
        let reply = try await start(file, size: bytes.bytes.count)
        guard reply.status == 200 else { return reply }
        return try await send("upload, finalize", bytes.bytes, at: 0, to: try target(of: reply))
    }

    func uploaded(_ bytes: RawBytes, _ file: JSONValue = ["mimeType": "text/plain"]) async throws -> JSONValue {
        try #require(try await upload(bytes, file).json?["file"])
    }
}

private func asking(_ parts: [JSONValue]) -> JSONValue { ["contents": [["role": "user", "parts": .array(parts)]]] }

private func part(_ file: JSONValue, mimeType: JSONValue = "text/plain") -> JSONValue {
    ["fileData": ["fileUri": file["uri"] ?? nil, "mimeType": mimeType]]
}

private let generate = "/v1beta/models/gemini-2.5-flash:generateContent"
private let streamed = "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse"

struct LoopbackGeminiTests {
    @Test func anUploadIsStoredListedRetrievedAndDeleted() async throws {
        try await LoopbackGemini.with(store: LoopbackStore(clock: TestClock())) { gemini in
            let asking = Asking(gemini)
            let reply = try await asking.upload("hello\r\n", ["displayName": "src/a.swift", "mimeType": "text/plain"])
            #expect(reply.status == 200)
            #expect(reply.headers["x-goog-upload-status"] == "final")
            let file = try #require(reply.json?["file"])
            #expect(file["sizeBytes"] == "7")
            #expect(file["displayName"] == "src/a.swift")
            #expect(file["state"] == "ACTIVE")
            #expect(file["source"] == "UPLOADED")
            #expect(file["createTime"] == "2027-01-15T08:00:00.415855131Z")
            #expect(file["expirationTime"] == "2027-01-17T08:00:00.415855131Z")
            let hash = try #require(file["sha256Hash"]?.string.flatMap { Data(base64Encoded: $0) })
            #expect(String(decoding: hash, as: UTF8.self) == gemini.files.first?.sha256.hex)
            let name = try #require(file["name"]?.string)
            #expect(name.wholeMatch(of: /files\/[a-z0-9]{12}/) != nil)
            #expect(file["uri"]?.string == asking.origin + "/v1beta/" + name)
            #expect(try await asking.ask("GET /v1beta/\(name)").json == file)
            #expect(try await asking.ask("GET /v1/files").json == ["files": [file]])
            let content = try await asking.ask("GET /v1beta/\(name):download?alt=media")
            #expect(content.status == 400)
            #expect(try await asking.ask("DELETE /v1beta/\(name)").json == [:])
            let again = try await asking.ask("DELETE /v1beta/\(name)")
            #expect(again.status == 403)
            #expect(again.json?["error"]?["status"] == "PERMISSION_DENIED")
            #expect(again.text.contains("or it may not exist."))
            #expect(try await asking.ask("GET /v1beta/files").json == [:])
            #expect(gemini.uploadCount == 1)
            #expect(gemini.deleteCount == 1)
        }
    }

    @Test func anUploadInPiecesCanBeAskedHowFarItIs() async throws {
        var options = GeminiOptions()
        options.brokenChunks = 1
        try await LoopbackGemini.with(options) { gemini in
            let asking = Asking(gemini)
            let grain = 262_144
            let bytes = [UInt8](repeating: 7, count: 5 * grain + 3)
            let start = try await asking.start(["name": "files/ws-1", "size_bytes": 1], size: bytes.count)
            #expect(start.headers["x-goog-upload-status"] == "active")
            let target = try asking.target(of: start)
            let early = try await asking.send("upload", Array(bytes.prefix(4 * grain)), at: 0, to: target)
            #expect(early.status == 503)
            let asked = try await asking.send("query", [], at: nil, to: target)
            #expect(asked.headers["x-goog-upload-size-received"] == "\(2 * grain)")
            let wrong = try await asking.send("upload", Array(bytes.prefix(grain)), at: 0, to: target)
            #expect(wrong.status == 400)
            #expect(wrong.headers["x-goog-upload-status"] == "active")
            #expect(try await asking.send("upload", [1, 2, 3], at: 2 * grain, to: target).status == 400)
            #expect(try await asking.send("upload, finalize", [1], at: 2 * grain, to: target).status == 400)
            let rest = Array(bytes.dropFirst(2 * grain))
            let last = try await asking.send("upload, finalize", rest, at: 2 * grain, to: target)
            #expect(last.json?["file"]?["name"] == "files/ws-1")
            #expect(gemini.files.first.map { Array($0.bytes) } == bytes)
            let over = try await asking.send("query", [], at: nil, to: target)
            #expect(over.headers["x-goog-upload-status"] == "final")
            #expect(over.json?["file"] == last.json?["file"])
            #expect(
                try await asking.send("query", [], at: nil, to: target.replacing("upload_id=", with: "upload_id=0"))
                    .status == 404
            )
        }
    }

    @Test(
        arguments: [
            (["colour": "red"], [:], 1), (["name": "my-file"], [:], 1), (["name": "files/Upper"], [:], 1),
            (["name": "files/-a"], [:], 1), (["name": "files/\(String(repeating: "a", count: 41))"], [:], 1),
            (["displayName": .string(String(repeating: "x", count: 513))], [:], 1), (["displayName": 7], [:], 1),
            (["mimeType": "text"], [:], 1), ([:], ["X-Goog-Upload-Protocol": "multipart"], 1),
            ([:], ["X-Goog-Upload-Command": "upload"], 1), ([:], ["Content-Type": "text/plain"], 1),
            ([:], ["X-Goog-Upload-Header-Content-Length": "x"], 1), ([:], [:], 2_147_483_649),
        ] as [(JSONValue, HeaderFields, Int)]
    )
    func anImproperUploadIsRefused(file: JSONValue, headers: HeaderFields, size: Int) async throws {
        try await LoopbackGemini.with { gemini in
            let reply = try await Asking(gemini).start(file, size: size, headers: headers)
            #expect(reply.status == (size > 1 ? 413 : 400))
            #expect(reply.json?["error"]?["code"]?.int == Int64(reply.status))
            #expect(reply.headers["x-goog-upload-url"] == nil)
        }
    }

    @Test(arguments: [GeminiOptions.Collision.atStart, .atFinish])
    func aNameIsGivenOnce(collision: GeminiOptions.Collision) async throws {
        var options = GeminiOptions()
        options.collision = collision
        try await LoopbackGemini.with(options) { gemini in
            let asking = Asking(gemini)
            let named: JSONValue = ["name": "files/s-1", "mimeType": "text/plain"]
            _ = try await asking.uploaded("one", named)
            let again = try await asking.upload("two", named)
            #expect(again.status == 409)
            #expect(again.json?["error"] == ["code": 409, "message": "s-1 already exists."])
            #expect(again.headers["x-goog-upload-status"] == (collision == .atFinish ? "final" : nil))
            let foreign = try await Asking(gemini, key: gemini.otherKey).upload("three", named)
            #expect(foreign.status == 409)
            #expect(try await asking.ask("DELETE /v1beta/files/s-1").status == 200)
            gemini.options.reservesNames = true
            #expect(try await asking.upload("four", named).status == 409)
            gemini.options.reservesNames = false
            #expect(try await asking.upload("four", named).status == 200)
        }
    }

    @Test(arguments: [403, 404]) func aFileIsGoneAfterTwoDays(status: Int) async throws {
        var options = GeminiOptions()
        options.missingStatus = status
        try await LoopbackGemini.with(options, store: LoopbackStore(clock: TestClock())) { gemini in
            let asking = Asking(gemini)
            let file = try await asking.uploaded("x")
            let name = try #require(file["name"]?.string)
            gemini.store.clock.advance(by: 48 * 3600 - 1)
            #expect(try await asking.ask("GET /v1beta/\(name)").status == 200)
            #expect(try await Asking(gemini, key: gemini.otherKey).ask("GET /v1beta/\(name)").status == status)
            gemini.store.clock.advance(by: 1)
            #expect(try await asking.ask("GET /v1beta/\(name)").status == status)
            #expect(try await asking.ask("GET /v1beta/files").json == [:])
            #expect(try await asking.post(generate, SatchelCoreTests.asking([part(file)])).status == status)
        }
    }

    @Test func aListingIsCutIntoPages() async throws {
        try await LoopbackGemini.with { gemini in
            let asking = Asking(gemini)
            var names: [JSONValue?] = []
            for text in ["a", "b", "c"] { names.append(try await asking.uploaded(RawBytes(text))["name"]) }
            let first = try #require(try await asking.ask("GET /v1beta/files?pageSize=2").json)
            #expect(first["files"]?.array?.map { $0["name"] } == [names[2], names[1]])
            let token = try #require(first["nextPageToken"]?.string)
            gemini.store.forget(names[1]?.string ?? "")
            let escaped = token.replacing("+", with: "%2B").replacing("/", with: "%2F").replacing("=", with: "%3D")
            let second = try #require(
                try await asking.ask("GET /v1beta/files?pageSize=2&pageToken=\(escaped)").json
            )
            #expect(second["files"]?.array?.map { $0["name"] } == [names[0]])
            #expect(second["nextPageToken"] == nil)
            for query in ["pageSize=101", "pageSize=x", "pageToken=zzz", "limit=3", "pageSize=1&pageSize=2"] {
                #expect(try await asking.ask("GET /v1beta/files?\(query)").status == 400, "\(query)")
            }
        }
    }

    @Test func keysAreTold() async throws {
        try await LoopbackGemini.with { gemini in
            let wrong = try await Asking(gemini, key: "AIza-wrong").ask("GET /v1beta/files")
            #expect(wrong.status == 400)
            #expect(wrong.json?["error"]?["details"]?[0]?["reason"] == "API_KEY_INVALID")
            var none = Asking(gemini)
            none.headers = [:]
            #expect(try await none.ask("GET /v1beta/files").json?["error"]?["status"] == "PERMISSION_DENIED")
            let bearer: HeaderFields = ["Authorization": "Bearer \(gemini.key)"]
            #expect(try await none.ask("GET /v1beta/files", headers: bearer).status == 401)
            #expect(try await Asking(gemini).ask("GET /v2/files").status == 404)
            #expect(try await Asking(gemini).ask("GET /v1beta/file").status == 404)
        }
    }

    @Test func aFullProjectSaysToWaitForEver() async throws {
        try await LoopbackGemini.with { gemini in
            gemini.store.quota = 10
            #expect(try await Asking(gemini).upload("123456").status == 200)
            let reply = try await Asking(gemini).upload("12345")
            #expect(reply.status == 429)
            let details = reply.json?["error"]?["details"]
            #expect(details?[0]?["violations"]?[0]?["quotaId"] == "FileStorageBytesPerProject")
            #expect(details?[1]?["retryDelay"] == "9223372036854775807s")
            #expect(try await Asking(gemini).upload("").status == 400)
        }
    }

    @Test func aFileIsProcessedBeforeItIsUsedOrFails() async throws {
        var options = GeminiOptions()
        options.processingGets = 2
        try await LoopbackGemini.with(options) { gemini in
            let client = Asking(gemini)
            let file = try await client.uploaded("x")
            #expect(file["state"] == "PROCESSING")
            let name = try #require(file["name"]?.string)
            let early = try await client.post(generate, asking([part(file)]))
            #expect(early.json?["error"]?["status"] == "FAILED_PRECONDITION")
            for state in ["PROCESSING", "PROCESSING", "ACTIVE"] as [JSONValue] {
                #expect(try await client.ask("GET /v1beta/\(name)").json?["state"] == state)
            }
            #expect(try await client.post(generate, asking([part(file)])).status == 200)
            (gemini.options.processingGets, gemini.options.failures) = (0, 1)
            let failed = try await client.uploaded("y")
            #expect(failed["state"] == "FAILED")
            #expect(failed["error"]?["message"] != nil)
            #expect(try await client.uploaded("z")["state"] == "ACTIVE")
        }
    }

    @Test func theModelSaysWhatItWasShown() async throws {
        try await LoopbackGemini.with { gemini in
            let client = Asking(gemini)
            let file = try await client.uploaded("abc", ["display_name": "n.md", "mime_type": "text/plain"])
            let own: JSONValue = .string("\(client.origin)/v1beta/\(file["name"]?.string ?? "")")
            let reply = try await client.post(
                generate,
                asking([
                    ["text": "<<<File: docs/a b.md>>>"], part(file),
                    ["file_data": ["file_uri": own, "mime_type": "text/plain"]], ["text": "first"],
                ])
            )
            let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
            let echo = "file:docs/a b.md:3:\(digest)\nfile:unnamed:3:\(digest)\nyou said: first"
            #expect(reply.json?["candidates"]?[0]?["content"]?["parts"]?[0]?["text"]?.string == echo)
            #expect(reply.json?["candidates"]?[0]?["finishReason"] == "STOP")
            #expect((reply.json?["usageMetadata"]?["thoughtsTokenCount"]?.int ?? 0) > 0)
            let count = try await client.post("/v1beta/models/m:countTokens", asking([part(file)]))
            #expect((count.json?["totalTokens"]?.int ?? 0) > 0)
        }
    }

    @Test(
        arguments: [
            ["contents": []], ["contents": [["parts": [["text": "x"]]]], "colour": "red"],
            ["contents": [["role": "assistant", "parts": [["text": "x"]]]]],
            ["contents": [["role": "user", "parts": []]]], asking([["text": "x", "path": "a"]]), asking([[:]]),
            asking([["text": "x", "inlineData": ["data": "", "mimeType": "text/plain"]]]),
            asking([["inlineData": ["data": "eA==", "mimeType": "text/x-swift"]]]),
            asking([["inlineData": ["data": "eA==", "mimeType": "text/plain; charset=utf-8"]]]),
            asking([["inlineData": ["data": "*", "mimeType": "text/plain"]]]),
            asking([["fileData": ["fileUri": "files/abc", "mimeType": "text/plain"]]]),
            asking([["fileData": ["fileUri": "https://example.org/v1beta/files/abc", "mimeType": "text/plain"]]]),
            ["contents": [["parts": [["text": "x"]]]], "generationConfig": ["maxOutputTokens": 0]],
            ["contents": [["parts": [["text": "x"]]]], "generationConfig": ["max_tokens": 5]],
            ["contents": [["parts": [["text": "x"]]]], "systemInstruction": "be kind"],
        ] as [JSONValue]
    )
    func anImproperChatIsRefused(body: JSONValue) async throws {
        try await LoopbackGemini.with { gemini in
            let reply = try await Asking(gemini).post(generate, body)
            #expect(reply.status == 400)
            #expect(reply.json?["error"]?["status"] == "INVALID_ARGUMENT")
        }
    }

    @Test func aStreamRepeatsItsUsageAndEndsWithAReason() async throws {
        var options = GeminiOptions()
        options.thinks = true
        try await LoopbackGemini.with(options) { gemini in
            let reply = try await Asking(gemini).post(streamed, asking([["text": "grüße 🙂"]]))
            #expect(!reply.text.contains("event:"))
            #expect(!reply.text.contains("[DONE]"))
            let events = reply.events
            let parts = events.compactMap { $0["candidates"]?[0]?["content"]?["parts"]?[0] }
            #expect(parts.first?["thought"] == true)
            #expect(
                parts.filter { $0["thought"] == nil }.compactMap { $0["text"]?.string }.joined() == "you said: grüße 🙂"
            )
            #expect(events.allSatisfy { $0["usageMetadata"]?["promptTokenCount"] != nil })
            #expect(events.filter { $0["candidates"]?[0]?["finishReason"] != nil }.count == 1)
            #expect(events.last?["usageMetadata"]?["candidatesTokenCount"] != nil)
            #expect(reply.chunks.contains { String(validating: $0, as: UTF8.self) == nil })
            let list = try await Asking(gemini).post(
                "/v1beta/models/m:streamGenerateContent",
                asking([["text": "hi"]])
            )
            #expect(list.json?.array?.count == 1)
        }
    }

    @Test(
        arguments: [
            (.refusal("no"), ["promptFeedback", "blockReason"], "PROHIBITED_CONTENT"),
            (.ending(.incomplete("max_output_tokens")), ["candidates", "finishReason"], "MAX_TOKENS"),
            (.ending(.incomplete("content_filter")), ["candidates", "finishReason"], "SAFETY"),
            (.ending(.failed(code: "server_error", message: "x"), after: 1), ["error", "status"], "INTERNAL"),
            (
                .ending(.errorEvent(code: "rate_limit_exceeded", message: "x"), after: 1), ["error", "status"],
                "RESOURCE_EXHAUSTED"
            ),
            (.ending(.silence, after: 1), ["modelVersion"], "gemini-2.5-flash"), (.unknownEvents, ["addedLater"], nil),
        ] as [(LoopbackAnswer, [String], JSONValue?)]
    )
    func anAnswerEndsAsItWasTold(answer: LoopbackAnswer, path: [String], value: JSONValue?) async throws {
        try await LoopbackGemini.with { gemini in
            gemini.nextAnswer(answer)
            let last = (try await Asking(gemini).post(streamed, asking([["text": "hello"]]))).events.last
            let found = path.reduce(last) { place, name in place?[name]?[0] ?? place?[name] }
            #expect(found != nil)
            if let value { #expect(found == value) }
        }
    }

    @Test(arguments: [LoopbackAnswer.Ending.cut, .reset])
    func aCutStreamHasNoEnd(ending: LoopbackAnswer.Ending) async throws {
        try await LoopbackGemini.with { gemini in
            gemini.nextAnswer(.ending(ending, after: 2))
            await #expect(throws: RawClient.Ended.self) {
                try await Asking(gemini).post(streamed, asking([["text": "hello"]]))
            }
        }
    }

    @Test(arguments: LoopbackRefusal.allCases) func everyRefusalHasItsShape(refusal: LoopbackRefusal) async throws {
        try await LoopbackGemini.with { gemini in
            gemini.server.inject(gemini.refusing(refusal), on: "GET /v1beta/files")
            let reply = try await Asking(gemini).ask("GET /v1beta/files")
            #expect(reply.json?["error"]?["code"]?.int == Int64(reply.status))
            #expect(reply.json?["error"]?["status"]?.string != nil)
        }
    }
}
