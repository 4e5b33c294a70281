import FoundationEssentials
import SatchelCore
import SatchelTestSupport
@testable import SatchelRemote
import Testing

/// What only Anthropic's Files API has.
@Suite(.timeLimit(.minutes(2)))
struct AnthropicFilesTests {
    private func withAnthropic(
        store: LoopbackStore = LoopbackStore(),
        _ body: (any FileProvider, LoopbackAnthropic) async throws -> Void
    ) async throws {
        try await LoopbackAnthropic.with(store: store) { server in
            try await body(try Backend.anthropic.files(at: server, key: server.key), server)
            #expect(server.server.flaws.isEmpty)
        }
    }

    @Test func theLifetimeComesBeforeTheFile() async throws {
        try await withAnthropic { provider, server in
            _ = try await send(upload(Array("abc".utf8), expiresAfter: 86400), to: provider)
            let request = try #require(server.server.requests("POST /v1/files").first)
            let form = try request.form()
            #expect(form.parts.map(\.name) == ["expires_in_seconds", "file"])
            #expect(form.parts.map(\.text) == ["86400", "abc"])
            #expect(form["file"]?.filename == "notes.0011223344556677.md")
            #expect(form["file"]?.contentType == "text/plain")
            #expect(request.headers["x-api-key"] == server.key)
            #expect(request.headers["anthropic-version"] == "2026-10-21")
            for name in ["authorization", "anthropic-beta", "anthropic-workspace-id"] {
                #expect(request.headers[name] == nil)
            }
        }
    }

    @Test func aNameOfOursIsAlwaysAllowed() async throws {
        try await withAnthropic { provider, _ in
            for name in ["what?: a|b*.md", ".env", "quo\"te<1>.txt", "back\\slash", "tab\tand\nline", "naïve 🙂.swift"] {
                let path = try #require(WorkspacePath(name))
                let digest = independentDigest(of: Array(name.utf8))
                let label = uploadLabel(for: path, digest: digest, media: .text, traits: .anthropic, mark: UploadMark())
                var upload = upload(Array(name.utf8), named: label.name)
                upload.mime = label.mime
                let stored = try await send(upload, to: provider)
                #expect(stored.name == label.name)
            }
        }
    }

    @Test func whatHasExpiredIsNotThereAlthoughItIsListed() async throws {
        try await withAnthropic { provider, server in
            let before = Date()
            let gone = try await send(upload([1], expiresAfter: 3600), to: provider)
            let stays = try await send(upload([2], expiresAfter: 86400), to: provider)
            server.store.clock.advance(by: 3600)
            // Their clock is an hour ahead of ours: theirs counts.
            let raw = try await provider.list(after: nil)
            #expect(raw.files.map(\.id) == [stays.id])
            let one = try await provider.retrieve(gone.id)
            #expect(one == nil)
            let some = try await provider.retrieve([gone.id, stays.id])
            #expect(some.map(\.id) == [stays.id])
            let named = try await provider.find(uploadName: gone.name, size: 1, createdAfter: before - 7200)
            #expect(named?.id == stays.id)
        }
    }

    @Test func manyIDsAreAskedAfterByTheHundred() async throws {
        try await withAnthropic { provider, server in
            let results = await provider.upload((0..<120).map { upload(Array("content \($0)".utf8)) })
            let ids = try results.map { try $0.get().id }
            let unknown = try (0..<130).map { try #require(RemoteFileID("file_unknown?&\($0)")) }
            server.server.forgetRequests()
            let found = try await provider.retrieve(ids + unknown + ids)
            #expect(Set(found.map(\.id)) == Set(ids))
            #expect(found.count == 120)
            #expect(server.server.requests("GET /v1/files").map { $0.query.count } == [100, 100, 50])
            #expect(server.server.requests.count == 3)
        }
    }

    @Test func aGatewayThatDoesNotReadTheIDsIsNotBelieved() async throws {
        try await withAnthropic { provider, server in
            let stored = try await send(upload([1]), to: provider)
            let page: JSONValue = [
                "data": [["id": "file_other", "type": "file", "filename": "x", "size_bytes": 1]], "has_more": true,
            ]
            server.server.inject(.answer(.json(page)), on: "GET /v1/files")
            let found = try await provider.retrieve([stored.id])
            #expect(found.map(\.id) == [stored.id])
        }
    }

    @Test func aServerThatRepeatsItsFirstPageIsNotAskedForEver() async throws {
        try await withAnthropic { provider, server in
            (server.options.repeatsPages, server.options.maxPage) = (true, 10)
            _ = await provider.upload((0..<25).map { upload(Array("\($0)".utf8)) })
            server.server.forgetRequests()
            let listed = try await everything(in: provider)
            #expect(listed.count == 10)
            #expect(server.server.requests.count == 2)
        }
    }

    @Test func aListingGoesOnWhenItsPlaceWasDeleted() async throws {
        try await withAnthropic { provider, server in
            server.maxPage = 10
            for number in 0..<25 { _ = try await send(upload(Array("\(number)".utf8)), to: provider) }
            let first = try await provider.list(after: nil)
            server.store.forget(try #require(first.files.last).id.rawValue)
            let second = try await provider.list(after: first.next)
            let third = try await provider.list(after: second.next)
            #expect(Set((first.files + second.files + third.files).map(\.id)).count == 25)
            #expect(third.next == nil)
        }
    }

    @Test(arguments: [-86400.0, 0, 86400])
    func aCopyIsFoundWhateverTheirClockSays(ahead: Double) async throws {
        let store = LoopbackStore()
        store.clock.advance(by: ahead)
        try await withAnthropic(store: store) { provider, server in
            server.maxPage = 2
            let old = try await send(upload([1], named: "old.0011223344556677.md"), to: provider)
            store.clock.advance(by: 60)
            let started = Date() + 60
            let stored = try await send(upload([1], named: "me.0011223344556677.md"), to: provider)
            for number in 0..<5 { _ = try await send(upload([1], named: "\(number).md"), to: provider) }
            // `now` of the test goes with the account's: a minute has passed for both.
            let found = try await provider.find(uploadName: stored.name, size: 1, createdAfter: started - 60)
            #expect(found?.id == stored.id)
            let early = try await provider.find(uploadName: old.name, size: 1, createdAfter: started)
            #expect(early == nil)
        }
    }

    @Test func timesAreReadInEveryWayTheyAreWritten() throws {
        let times = [
            ("2025-04-15T18:37:24Z", 0), ("2025-04-15T18:37:24.100435Z", 0.100435),
            ("2025-04-15T20:37:24+02:00", 0), ("2025-04-15T18:37:24.5+00:00", 0.5),
        ]
        for (text, fraction) in times {
            let json = #"{"id":"file_1","filename":"a","size_bytes":"3","expires_at":null,"created_at":"\#(text)"}"#
            let file = try #require(decodeReply(AnthropicFileObject.self, from: Array(json.utf8)))
            let created = try #require(file.createdAt).timeIntervalSince1970
            #expect(abs(created - 1_744_742_244 - fraction) < 0.000_01)
            #expect(file.size == 3)
            #expect(file.expiresAt == nil)
        }
        let odd = #"{"id":"file_1","created_at":"yesterday","expires_at":12}"#
        let file = try #require(decodeReply(AnthropicFileObject.self, from: Array(odd.utf8)))
        #expect(file.createdAt == nil)
    }

    @Test(
        arguments: [
            (400, "invalid_request_error", "storage_quota_exceeded", .quota),
            (402, "billing_error", nil, .quota), (429, "rate_limit_error", "contract_spend_limit_reached", .quota),
            (429, "rate_limit_error", "enforced_spend_limit_reached", .quota),
            (429, "rate_limit_error", "ramp_limit_exceeded", .rateLimited(retryAfter: 7)),
            (429, "rate_limit_error", nil, .rateLimited(retryAfter: 7)),
            (400, "invalid_request_error", "request_body_timeout", .temporary(retryAfter: 7)),
            (400, "invalid_request_error", "organization_on_hold", .forbidden),
            (400, "invalid_request_error", nil, .rejected), (404, "not_found_error", nil, .unsupported),
            (409, "conflict_error", nil, .temporary(retryAfter: 7)), (413, "request_too_large", nil, .tooLarge),
            (500, "api_error", nil, .temporary(retryAfter: 7)), (504, "timeout_error", nil, .temporary(retryAfter: 7)),
            (529, "overloaded_error", nil, .temporary(retryAfter: 7)),
        ] as [(Int, String, String?, ProviderError.Kind)]
    )
    func refusalsAreSortedByTheirCodes(
        status: Int,
        type: String,
        code: String?,
        kind: ProviderError.Kind
    ) async throws {
        try await withAnthropic { provider, server in
            server.server.inject(
                .anthropic(status, type, "Words that may change.", code: code, headers: ["retry-after": "7"])
            )
            let error = await #expect(throws: ProviderError.self) { try await send(upload([1]), to: provider) }
            #expect(error?.kind == kind)
            #expect(error?.status == status)
            #expect(error?.requestID == (status == 413 ? nil : "req_fault"))
        }
    }

    @Test func anEmptyPurseIsNoMistakeInTheRequest() async throws {
        try await withAnthropic { provider, server in
            let words = "Your credit balance is too low to access the API."
            server.server.inject(.anthropic(400, "invalid_request_error", words))
            let error = await #expect(throws: ProviderError.self) { try await send(upload([1]), to: provider) }
            #expect(error?.kind == .quota)
        }
    }

    @Test(arguments: ["", "/", "/v1", "/v1/"]) func theBaseURLMayHaveTheVersionToo(path: String) async throws {
        try await LoopbackAnthropic.with { server in
            let endpoint = try Endpoint(
                baseURL: server.baseURL + path,
                key: Secret(server.key),
                project: "wrkspc_loopback1"
            )
            let files = AnthropicFiles(endpoint, client: HTTPClient(), hashing: IndependentHashing())
            let stored = try await send(upload([1]), to: files)
            try await files.delete(stored.id)
            #expect(server.files.isEmpty)
            #expect(server.server.requests.allSatisfy { $0.headers["anthropic-workspace-id"] == "wrkspc_loopback1" })
            let model = AnthropicModel(endpoint, client: HTTPClient())
            let heard = try await Heard(model.stream(asking("hello")))
            #expect(heard.text == "you said: hello")
        }
    }

    @Test func whatCannotBeShownIsNotUploaded() throws {
        let path = try #require(WorkspacePath("a.docx"))
        let traits = ProviderTraits.anthropic
        for media in [MediaType.utf16, .zip, .binary, .empty] {
            #expect(traits.refusal(of: media, size: 1, at: path) != nil)
        }
        for media in [MediaType.text, .pdf, .png] { #expect(traits.refusal(of: media, size: 1, at: path) == nil) }
        #expect(traits.refusal(of: .png, size: 8_000_000, at: path) != nil)
        #expect(traits.refusal(of: .pdf, size: 8_000_000, at: path) == nil)
        #expect(traits.nativeExpiry(for: .never) == nil)
        #expect(traits.nativeExpiry(for: .session) == 3600)
        #expect(traits.nativeExpiry(for: .seconds(100 * 86400)) == 7_776_000)
    }
}
