import FoundationEssentials
import SatchelCore
import SatchelTestSupport
@testable import SatchelRemote
import Testing

/// What only xAI has.
@Suite(.timeLimit(.minutes(2)))
struct XAITests {
    private let noWait = RetryingProvider.Surroundings(sleep: { _ in }, jitter: { 0 })

    private func withXAI(
        _ change: (inout XAIOptions) -> Void = { _ in },
        _ body: (any FileProvider, LoopbackXAI) async throws -> Void
    ) async throws {
        var options = XAIOptions()
        change(&options)
        try await LoopbackXAI.with(options) { server in
            try await body(try Backend.xAI.files(at: server, key: server.key), server)
            #expect(server.server.flaws.isEmpty)
        }
    }

    // MARK: Files

    @Test func fieldsComeBeforeTheFile() async throws {
        try await withXAI { provider, server in
            _ = try await send(upload(Array("abc".utf8), expiresAfter: 86400), to: provider)
            let form = try #require(server.server.requests("POST /v1/files").first).form()
            #expect(form.parts.map(\.name) == ["expires_after[anchor]", "expires_after[seconds]", "purpose", "file"])
            #expect(form.parts.map(\.text) == ["created_at", "86400", "assistants", "abc"])
        }
    }

    @Test(arguments: [true, false]) func aListingIsReadByTokenInASortingOfItsOwn(tokenOnLastPage: Bool) async throws {
        try await withXAI({ ($0.tokenOnLastPage, $0.maxPage) = (tokenOnLastPage, 10) }) { provider, server in
            for number in 0..<20 { _ = try await send(upload(Array("\(number)".utf8)), to: provider) }
            let listed = try await everything(in: provider)
            #expect(listed.map(\.id.rawValue) == server.files.map(\.id))
            let requests = server.server.requests("GET /v1/files")
            // A full page at the end has a token as every other, and behind it there is nothing.
            #expect(requests.count == (tokenOnLastPage ? 3 : 2))
            for request in requests {
                #expect(request.query("sort_by") == "created_at" && request.query("order") == "asc")
                #expect(request.query("limit") == "100" && request.query("after") == nil)
            }
        }
    }

    @Test func aServerThatRepeatsItsFirstPageIsNotAskedForEver() async throws {
        try await withXAI({ ($0.repeatsPages, $0.maxPage) = (true, 10) }) { provider, server in
            _ = await provider.upload((0..<25).map { upload(Array("\($0)".utf8)) })
            #expect(try await everything(in: provider).count == 10)
            #expect(server.server.requests("GET /v1/files").count == 2)
            let found = try await provider.find(uploadName: "x.txt", size: 1, createdAfter: .distantPast)
            #expect(found == nil)
            #expect(server.server.requests("GET /v1/files").count == 4)
        }
    }

    @Test func aCopyIsFoundBehindManyNewerOnes() async throws {
        try await withXAI({ $0.maxPage = 10 }) { provider, _ in
            let before = Date()
            let wanted = upload(Array("wanted".utf8), named: "wanted.0011223344556677.txt")
            let stored = try await send(wanted, to: provider)
            _ = await provider.upload((0..<25).map { upload(Array("\($0)".utf8)) })
            let found = try await provider.find(uploadName: wanted.name, size: 6, createdAfter: before)
            #expect(found?.id == stored.id)
            let tooOld = try await provider.find(
                uploadName: wanted.name,
                size: 6,
                createdAfter: Date(timeIntervalSinceNow: 3600)
            )
            #expect(tooOld == nil)
        }
    }

    @Test(arguments: [500, 503, 529]) func anUploadThatFailedIsLookedForBeforeItIsSentAgain(status: Int) async throws {
        try await withXAI { provider, server in
            server.server.inject(.xAI(status, "unavailable", shape: .text), on: server.uploadRoute)
            _ = try await send(upload([1]), to: RetryingProvider(provider, surroundings: noWait))
            #expect(server.server.requests.map(\.method) == ["POST", "GET", "POST"])
            #expect(server.uploadCount == 1)
        }
    }

    @Test(arguments: XAIOptions.ErrorShape.allCases) func everyShapeOfAnErrorIsRead(shape: XAIOptions.ErrorShape)
        async throws
    {
        let cases: [(Int, String, ProviderError.Kind)] = [
            (400, "Incorrect API key provided: xa***01.", .unauthorised),
            (400, "`expires_after` must be between 3600 and 2592000 seconds", .rejected),
            (401, "No Authorization header.", .unauthorised),
            (403, "Your newly created team doesn't have any credits yet.", .quota),
            (403, "The team is blocked.", .forbidden),
            (413, "File exceeds the maximum size.", .tooLarge),
            (415, "Expected `Content-Type: multipart/form-data`", .rejected),
            (422, "Failed to deserialize the JSON body", .rejected),
            (429, "Your team has used all available credits.", .quota),
            (429, "Too many requests.", .rateLimited(retryAfter: nil)),
        ]
        try await withXAI { provider, server in
            for (status, message, kind) in cases {
                server.server.inject(.xAI(status, message, shape: shape))
                let error = await #expect(throws: ProviderError.self) { try await send(upload([1]), to: provider) }
                #expect(error?.kind == kind, "\(status) \(message)")
                #expect(error?.message.contains(message.prefix(15)) == true)
            }
        }
    }

    @Test func aMissingKeyIsUnauthorised() async throws {
        try await LoopbackXAI.with { server in
            let provider = try Backend.xAI.files(at: server, key: nil)
            let error = await #expect(throws: ProviderError.self) { try await send(upload([1]), to: provider) }
            #expect(error?.kind == .unauthorised && error?.status == 401)
        }
    }

    @Test func picturesAreForTheChatAndNotForTheAccount() {
        let traits = ProviderTraits.xAI
        func refusal(_ media: MediaType, _ size: Int64 = 10) -> SkipReason? {
            WorkspacePath("a").flatMap { traits.refusal(of: media, size: size, at: $0) }
        }
        #expect(refusal(.png) == .inlined(.png) && refusal(.jpeg) == .inlined(.jpeg))
        #expect(refusal(.gif) == .unsupported(.gif) && refusal(.empty) == .empty)
        #expect(refusal(.text) == nil && refusal(.pdf, 48_000_000) == nil)
        #expect(refusal(.text, 48_000_001) == .tooLarge(limit: ByteCount(48_000_000)))
    }

    // MARK: Chat

    private func withChat(
        _ change: (inout XAIOptions) -> Void = { _ in },
        _ body: (any ChatModel, any FileProvider, LoopbackXAI) async throws -> Void
    ) async throws {
        try await withXAI(change) { provider, server in
            let endpoint = try Endpoint(baseURL: server.baseURL, key: Secret(server.key))
            let providers = RemoteProviders(client: HTTPClient(), hashing: IndependentHashing())
            try await body(try #require(providers.model(of: .xai, at: endpoint)), provider, server)
        }
    }

    @Test(arguments: ["response.completed", "response.done"], ["\n", "\r\n"])
    func aSearchIsShownCitedAndPaidFor(completed: String, lineEnd: String) async throws {
        try await withChat({ ($0.completed, $0.lineEnd) = (completed, lineEnd) }) { model, files, server in
            let stored = try await send(upload(Array("secret: heron\n".utf8)), to: files)
            var answer = LoopbackAnswer.citing
            answer.keepsAlive = true
            server.nextAnswer(answer)
            let heard = try await Heard(
                model.stream(asking("what is it?", [.file(stored.id, path: "notes.md", media: .text)]))
            )
            #expect(heard.error == nil && heard.finish == .stop)
            #expect(heard.text.hasPrefix("file:notes.0011223344556677.md:14:"))
            #expect(heard.events.contains(.status("searching files")))
            #expect(heard.events.contains(.reasoning("Looked.")))
            #expect(heard.citations == [Citation(file: stored.id, name: stored.name)])
            let usage = try #require(heard.usage)
            let ticks =
                (usage.input - usage.cached) * 20_000 + usage.cached * 5_000 + usage.output * 100_000 + 50_000_000
            #expect(usage.cost == Dollars(ticks: Int64(ticks)))
        }
    }

    @Test func aRequestStoresNothingAndLimitsItsSearches() async throws {
        try await withChat { model, files, server in
            let stored = try await send(upload([0x61]), to: files)
            let parts: [ChatRequest.Part] = [
                .file(stored.id, path: "a.txt", media: .text),
                .inlineImage(path: "b.png", media: .png, bytes: [0x89, 0x50, 0x4e, 0x47]),
            ]
            var request = asking("what is it?", parts)
            (request.system, request.cacheKey, request.maxOutputTokens) = ("Be brief.", "thread-1", 500)
            #expect(try await Heard(model.stream(request)).error == nil)
            let sent = try #require(server.server.requests("POST /v1/responses").last?.json)
            #expect(
                sent == [
                    "model": "echo", "stream": true, "store": false, "include": ["reasoning.encrypted_content"],
                    "max_turns": 8, "prompt_cache_key": "thread-1", "instructions": "Be brief.",
                    "max_output_tokens": 500,
                    "input": [
                        [
                            "role": "user",
                            "content": [
                                ["type": "input_file", "file_id": .string(stored.id.rawValue)],
                                [
                                    "type": "input_image", "detail": "auto",
                                    "image_url": "data:image/png;base64,iVBORw==",
                                ],
                                ["type": "input_text", "text": "Attached files, in this order:\n1. a.txt\n2. b.png"],
                                ["type": "input_text", "text": "what is it?"],
                            ],
                        ]
                    ],
                ]
            )
            #expect(try await Heard(model.stream(asking("hello"))).error == nil)
            let plain = try #require(server.server.requests("POST /v1/responses").last?.json)
            #expect(plain["max_turns"] == nil, "there is nothing to search")
        }
    }

    @Test func aWrongKeyIsUnauthorisedInAChatToo() async throws {
        try await LoopbackXAI.with { server in
            let endpoint = try Endpoint(baseURL: server.baseURL, key: Secret("xai-wrong-0123456789abcdef"))
            let heard = try await Heard(ResponsesModel.xAI(endpoint, client: HTTPClient()).stream(asking("hello")))
            #expect(heard.error?.kind == .unauthorised)
            #expect(heard.error?.description.contains("0123456789") == false)
        }
    }

    @Test(arguments: [400, 404], XAIOptions.ErrorShape.allCases)
    func aFileThatIsGoneIsSaidToBeGone(status: Int, shape: XAIOptions.ErrorShape) async throws {
        try await withChat({ ($0.missingFileStatus, $0.errorShape) = (status, shape) }) { model, files, server in
            let stored = try await send(upload([1]), to: files)
            try await files.delete(stored.id)
            let file = ChatRequest.Part.file(stored.id, path: "notes.md", media: .text)
            #expect(try await Heard(model.stream(asking("what is it?", [file]))).error?.kind == .gone)
            // Some answers do not say which.
            server.server.inject(.xAI(status, "File not found, deleted, or expired.", shape: shape))
            #expect(try await Heard(model.stream(asking("what is it?", [file]))).error?.kind == .gone)
            server.server.inject(.xAI(404, "The model grok-0 does not exist.", shape: shape))
            #expect(try await Heard(model.stream(asking("what is it?", [file]))).error?.kind == .rejected)
        }
    }
}
