import FoundationEssentials
import SatchelCore
import SatchelTestSupport
@testable import SatchelRemote
import Testing

/// What only Gemini has: chosen names, two days, processing, and its way to refuse.
@Suite(.timeLimit(.minutes(2)))
struct GeminiTests {
    // MARK: Names

    @Test func whatAnEarlierTryLeftIsNotSentAgainAndTheCopyOfAnotherUploadNotAdopted() async throws {
        try await AtGemini.with { at in
            let files = try at.files()
            let first = try await send(upload(Array("once".utf8)), to: files)
            #expect(first.id.rawValue.wholeMatch(of: /files\/satchel-[0-9a-f]{30}/) != nil)
            at.http.forgetRequests()
            let second = try await send(upload(Array("once".utf8)), to: files)
            #expect(second.id == first.id)
            #expect(at.http.requests.map(\.method) == ["GET"])
            #expect(at.server.uploadCount == 1)
            let another = try await send(upload(Array("once".utf8), named: "other.0011223344556677.md"), to: files)
            #expect(another.id != first.id)
            #expect(at.server.uploadCount == 2)
        }
    }

    @Test func namesTellNothingWithoutTheKey() async throws {
        try await AtGemini.with { at in
            let one = try await send(upload([1]), to: try at.files())
            let two = try await send(upload([1]), to: try at.files(key: at.server.otherKey))
            #expect(one.id != two.id)
            #expect(!one.id.rawValue.contains(independentDigest(of: [1]).prefix(8)))
            #expect(at.server.files.count == 2)
        }
    }

    @Test(arguments: [GeminiOptions.Collision.atStart, .atFinish])
    func aReservedNameIsPassedOver(collision: GeminiOptions.Collision) async throws {
        try await AtGemini.with({ ($0.collision, $0.reservesNames) = (collision, true) }) { at in
            let files = try at.files()
            var ids: [RemoteFileID] = []
            for _ in 0..<6 {
                let stored = try await send(upload([1]), to: files)
                #expect(stored.state == .ready)
                ids.append(stored.id)
                try await files.delete(stored.id)
            }
            #expect(Set(ids).count == 6)
            #expect(ids[1].rawValue == ids[0].rawValue + "-2")
            // When all of ours are used up, the service makes one up.
            #expect(!ids[5].rawValue.contains("satchel"))
        }
    }

    @Test func aCopyThatEndsSoonIsNotAdopted() async throws {
        let store = LoopbackStore(clock: TestClock())
        try await AtGemini.with(store: store) { at in
            let files = try at.files(now: { store.clock.now })
            let old = try await send(upload([1]), to: files)
            store.clock.advance(by: 23 * 3600)
            let same = try await send(upload([1]), to: files)
            #expect(same.id == old.id)
            store.clock.advance(by: 2 * 3600)
            let fresh = try await send(upload([1]), to: files)
            #expect(fresh.id.rawValue == old.id.rawValue + "-2")
            #expect(fresh.expiresAt == store.clock.now.addingTimeInterval(172_800.415855131))
        }
    }

    @Test(arguments: [true, false]) func somethingElseUnderOurNameIsNotAdopted(hashesRaw: Bool) async throws {
        try await AtGemini.with({ $0.hashesRawBytes = hashesRaw }) { at in
            let files = try at.files()
            let other = upload([9, 9])
            let name = files.chosenName(of: upload([1, 2]), form: 1)
            var request = HTTPRequest(
                .post,
                at.server.baseURL + "/upload/v1beta/files",
                headers: files.headers + [
                    HTTPHeader("Content-Type", "application/json"), HTTPHeader("X-Goog-Upload-Protocol", "resumable"),
                    HTTPHeader("X-Goog-Upload-Command", "start"),
                ],
                body: .bytes(GeminiFiles.description(of: other, as: name).bytes)
            )
            let started = try await HTTPClient().send(request)
            request.url = try #require(started.head["x-goog-upload-url"])
            request.headers = [
                HTTPHeader("X-Goog-Upload-Command", "upload, finalize"), HTTPHeader("X-Goog-Upload-Offset", "0"),
            ]
            request.body = .bytes([9, 9])
            let finished = try await HTTPClient().send(request)
            #expect(finished.status == 200)

            let stored = try await send(upload([1, 2]), to: files)
            #expect(stored.id.rawValue == name.rawValue + "-2")
            #expect(Set(at.server.files.map(\.size)) == [2])
            let found = try await files.find(upload([1, 2]), createdAfter: .distantPast)
            #expect(found?.id == stored.id)
        }
    }

    // MARK: Processing

    @Test func aFileThatIsProcessedIsWaitedFor() async throws {
        try await AtGemini.with({ $0.processingGets = 3 }) { at in
            let slept = Watched<[Double]>([])
            let stored = try await send(upload([1]), to: try at.files(slept: slept))
            #expect(stored.state == .ready)
            #expect(slept.value == [0.25, 0.5, 1, 2])
        }
    }

    @Test func aFileThatIsNeverReadyIsGivenUp() async throws {
        try await AtGemini.with({ $0.processingGets = 1000 }) { at in
            let slept = Watched<[Double]>([])
            let error = await #expect(throws: ProviderError.self) {
                try await send(upload([1]), to: try at.files(slept: slept))
            }
            #expect(error?.kind == .temporary(retryAfter: nil))
            #expect(slept.value.reduce(0, +) > 100 && slept.value.reduce(0, +) < 150)
            // What is there already is waited for next time, and not sent again.
            at.server.options.processingGets = 0
            #expect(at.server.uploadCount == 1)
        }
    }

    @Test(arguments: [1, 2]) func aFileThatFailsIsSentOnceMore(failures: Int) async throws {
        try await AtGemini.with({ $0.failures = failures }) { at in
            let files = try at.files()
            if failures == 1 {
                let stored = try await send(upload([1]), to: files)
                #expect(at.server.files.map(\.id) == [stored.id.rawValue])
            } else {
                let error = await #expect(throws: ProviderError.self) { try await send(upload([1]), to: files) }
                #expect(error?.kind == .rejected)
                #expect(error?.message.contains("An internal error has occurred") == true)
                #expect(at.server.files.isEmpty)
            }
            #expect(at.server.uploadCount == 2)
        }
    }

    // MARK: Refusals

    @Test func aMissingFileIsToldFromAClosedDoor() async throws {
        for status in [403, 404] {
            try await AtGemini.with({ $0.missingStatus = status }) { at in
                let files = try at.files()
                let stored = try await send(upload([1]), to: files)
                at.server.store.forget(stored.id.rawValue)
                let seen = try await files.retrieve(stored.id)
                #expect(seen == nil)
                try await files.delete(stored.id)
                let heard = try await Heard(at.model().stream(asking("?", [.file(stored.id, path: "a", media: .text)])))
                #expect(heard.error?.kind == .gone)
                for message in ["The caller does not have permission", "Requests from referer <empty> are blocked."] {
                    at.http.inject(.gemini(403, "PERMISSION_DENIED", message))
                    let error = await #expect(throws: ProviderError.self) { try await files.retrieve(stored.id) }
                    #expect(error?.kind == .forbidden)
                }
            }
        }
    }

    @Test(
        arguments: [
            (
                ["GenerateRequestsPerMinutePerProjectPerModel-FreeTier"], "28s",
                ProviderError.Kind.rateLimited(retryAfter: 28)
            ),
            (["GenerateRequestsPerDayPerProjectPerModel-FreeTier"], "37s", .quota),
            (["FileStorageBytesPerProject"], "9223372036854775807s", .quota),
            ([], "1.5s", .rateLimited(retryAfter: 1.5)),
            ([], nil, .rateLimited(retryAfter: nil)),
        ] as [([String], String?, ProviderError.Kind)]
    )
    func aQuotaIsToldByItsName(quotas: [String], delay: String?, kind: ProviderError.Kind) throws {
        var details: [JSONValue] = [
            [
                "@type": "type.googleapis.com/google.rpc.QuotaFailure",
                "violations": .array(quotas.map { ["quotaId": .string($0)] }),
            ]
        ]
        if let delay {
            details.append(["@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": .string(delay)])
        }
        let body: JSONValue = [
            "error": [
                "code": 429, "status": "RESOURCE_EXHAUSTED", "details": .array(details),
                "message": "You exceeded your current quota, please check your plan and billing details.",
            ]
        ]
        let refusals = Refusals(endpoint: try Endpoint(baseURL: "https://x.example", key: nil), dialect: .gemini)
        let error = refusals.error(HTTPResponse(head: HTTPHead(status: 429), body: body.bytes), about: .files)
        #expect(error.kind == kind)
    }

    @Test func theStorageQuotaIsToldByItsWordsToo() throws {
        // What the upload service says has no details.
        let body: JSONValue = [
            "error": ["code": 429, "message": #"RESOURCE_EXHAUSTED: … quota_id: "FileStorageBytesPerProject""#]
        ]
        let refusals = Refusals(endpoint: try Endpoint(baseURL: "https://x.example", key: nil), dialect: .gemini)
        let error = refusals.error(HTTPResponse(head: HTTPHead(status: 429), body: body.bytes), about: .files)
        #expect(error.kind == .quota)
    }

    @Test func anUploadCanBeRefusedWithAGoodStatus() async throws {
        try await AtGemini.with { at in
            let body: JSONValue = ["error": ["code": 429, "message": "quota_id: FileStorageBytesPerProject"]]
            let answer = LoopbackResponse.json(body, headers: ["X-Goog-Upload-Status": "final"])
            at.http.inject(.answer(answer), on: AtGemini.sessions)
            let error = await #expect(throws: ProviderError.self) {
                try await send(upload([1]), to: try at.files())
            }
            #expect(error?.kind == .quota)
        }
    }

    // MARK: Listing

    @Test func aServerThatRepeatsItsFirstPageIsNotAskedForEver() async throws {
        try await AtGemini.with({ ($0.repeatsPages, $0.maxPage) = (true, 10) }) { at in
            let files = try at.files()
            _ = await files.upload((0..<25).map { upload(Array("\($0)".utf8)) })
            let listed = try await everything(in: files)
            #expect(listed.count == 10)
            #expect(at.http.requests("GET /v1beta/files").count == 2)
        }
    }

    @Test func aListingGoesOnWhenItsPlaceWasDeleted() async throws {
        try await AtGemini.with({ $0.maxPage = 10 }) { at in
            let files = try at.files()
            _ = await files.upload((0..<25).map { upload(Array("\($0)".utf8)) })
            let first = try await files.list(after: nil)
            at.server.store.forget(try #require(first.files.last).id.rawValue)
            var rest: [RemoteFile] = []
            var cursor = first.next
            while let place = cursor {
                let page = try await files.list(after: place)
                rest += page.files
                cursor = page.next
            }
            #expect(rest.count == 15)
        }
    }

    // MARK: Elsewhere

    @Test func behindAProxyAFileIsReferredToByTheHostThatHoldsIt() async throws {
        let google = "https://generativelanguage.googleapis.com"
        try await AtGemini.with({ $0.uriOrigin = google }) { at in
            let files = try at.files()
            let stored = try await send(upload(Array("abc".utf8)), to: files)
            #expect(stored.id.rawValue.hasPrefix(google + "/v1beta/files/satchel-"))
            let seen = try await files.retrieve(stored.id)
            #expect(seen?.id == stored.id)
            at.server.nextAnswer(.citing)
            let part = ChatRequest.Part.file(stored.id, path: "a.txt", media: .text)
            let heard = try await Heard(at.model().stream(asking("?", [part])))
            #expect(heard.text.contains("file:a.txt:3:"))
            #expect(heard.citations == [Citation(file: stored.id)])
            try await files.delete(stored.id)
            #expect(at.server.files.isEmpty)
        }
    }

    @Test func anotherVersionCanBeSpoken() async throws {
        try await AtGemini.with { at in
            let files = try at.files(version: "v1")
            let stored = try await send(upload(Array("abc".utf8)), to: files)
            let part = ChatRequest.Part.file(stored.id, path: "a.txt", media: .text)
            let heard = try await Heard(at.model(version: "v1").stream(asking("?", [part])))
            #expect(heard.text.contains("file:a.txt:3:"))
            #expect(at.http.requests.allSatisfy { $0.path.contains("/v1/") })
        }
    }

    @Test(arguments: [
        ("https://g.example", nil, "https://g.example/v1beta/files/a"),
        ("https://g.example/v1beta/", nil, "https://g.example/v1beta/files/a"),
        ("https://g.example/proxy/v1", "v1", "https://g.example/proxy/v1/files/a"),
        ("https://g.example/v1", nil, "https://g.example/v1/v1beta/files/a"),
    ])
    func theVersionStandsInTheAddressOnce(base: String, version: String?, url: String) throws {
        #expect(try Endpoint(baseURL: base, key: nil, apiVersion: version).geminiURL("files/a") == url)
    }

    @Test(arguments: [
        ("gemini-2.5-flash", "/v1beta/models/gemini-2.5-flash:streamGenerateContent"),
        ("models/gemini-2.5-flash", "/v1beta/models/gemini-2.5-flash:streamGenerateContent"),
        ("tunedModels/mine", "/v1beta/tunedModels/mine:streamGenerateContent"),
        ("a?b", "/v1beta/models/a?b:streamGenerateContent"),
    ])
    func aModelMayBeNamedWithItsCollection(model: String, path: String) async throws {
        try await AtGemini.with { at in
            var request = asking("hello")
            request.model = model
            _ = try await Heard(at.model().stream(request))
            #expect(at.http.requests.first?.path == path)
            #expect(at.http.requests.first?.query.map(\.name) == ["alt"])
        }
    }

    @Test func theKeyIsInItsHeaderAndNowhereElse() async throws {
        try await AtGemini.with { at in
            let files = try at.files()
            let stored = try await send(upload([1]), to: files)
            _ = try await files.list(after: nil)
            let part = ChatRequest.Part.file(stored.id, path: "a.txt", media: .text)
            _ = try await Heard(at.model().stream(asking("?", [part])))
            try await files.delete(stored.id)
            for request in at.http.requests {
                #expect(!request.target.contains(at.server.key))
                #expect(request.headers["authorization"] == nil)
                let isSession = AtGemini.sessions.matches(request)
                #expect(request.headers["x-goog-api-key"] == (isSession ? nil : at.server.key))
            }
        }
    }
}
