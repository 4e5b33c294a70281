import SatchelTestSupport
import Testing

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
            #expect(try await asking.post(anthropicMessage([anthropicDocument(id)])).status == 200)
            anthropic.store.clock.advance(by: 3600)
            #expect(try await asking.ask("GET /v1/files/\(id)").json == file)
            #expect(try await asking.ask("GET /v1/files").json?["data"] == [file])
            #expect(try await asking.ask("GET /v1/files?ids%5B%5D=\(id)").json?["data"] == [file])
            for reply in [
                try await asking.ask("GET /v1/files/\(id)/content"),
                try await asking.post(anthropicMessage([anthropicDocument(id)])),
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
            #expect(try await other.post(anthropicMessage([anthropicDocument(id)])).status == 404)
            anthropic.store.quota = 3
            let full = try await Asking(anthropic).upload("abc")
            #expect(full.status == 400)
            #expect(full.json?["error"]?["details"]?["error_code"] == "storage_quota_exceeded")
        }
    }
}
