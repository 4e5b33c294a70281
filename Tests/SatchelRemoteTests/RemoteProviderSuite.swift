import FoundationEssentials
import SatchelCore
import SatchelTestSupport
@testable import SatchelRemote
import Testing

@Suite("every provider across a network", .timeLimit(.minutes(3)))
struct RemoteProviderSuite {
    private let noWait = RetryingProvider.Surroundings(sleep: { _ in }, jitter: { 0 })

    @Test(arguments: Backend.remote, [1, 7, 100, 1000])
    func everyPageIsReadOnce(backend: Backend, size: Int) async throws {
        try await backend.withServer({ $0.maxPage = size }) { provider, server in
            _ = await provider.upload((0..<45).map { upload(Array("\($0)".utf8)) })
            let listed = try await everything(in: provider)
            #expect(listed.count == 45)
            #expect(Set(listed.map(\.id)) == Set(server.files.compactMap { RemoteFileID($0.id) }))
        }
    }

    @Test(arguments: Backend.remote) func aServerThatRepeatsItsFirstPageIsNotAskedForEver(backend: Backend) async throws
    {
        try await backend.withServer({ ($0.repeatsPages, $0.maxPage) = (true, 10) }) { provider, server in
            _ = await provider.upload((0..<25).map { upload(Array("\($0)".utf8)) })
            let listed = try await everything(in: provider)
            #expect(listed.count == 10)
            #expect(server.server.requests("GET /v1/files").count <= 2)
        }
    }

    @Test(arguments: Backend.remote) func aListingGoesOnWhenItsPlaceWasDeleted(backend: Backend) async throws {
        try await backend.withServer({ $0.maxPage = 10 }) { provider, server in
            for number in 0..<25 { _ = try await send(upload(Array("\(number)".utf8)), to: provider) }
            let first = try await provider.list(after: nil)
            server.store.forget(try #require(first.files.last).id.rawValue)
            var rest: [RemoteFile] = []
            var cursor = first.next
            while let place = cursor {
                let page = try await provider.list(after: place)
                rest += page.files
                cursor = page.next
            }
            #expect(rest.count == 15)
            #expect(Set((first.files + rest).map(\.id)).count == 25)
        }
    }

    @Test(arguments: Backend.remote) func expiryIsAskedForAndKept(backend: Backend) async throws {
        try await backend.withServer { provider, server in
            let stored = try await send(upload([1], expiresAfter: 3600), to: provider)
            let created = try #require(stored.createdAt)
            let expires = try #require(stored.expiresAt)
            #expect(expires.timeIntervalSince(created) == 3600)
            server.store.clock.advance(by: 3601)
            let seen = try await provider.retrieve(stored.id)
            #expect(seen == nil)
            try await provider.delete(stored.id)
            #expect(try await everything(in: provider).isEmpty)
        }
    }

    @Test(arguments: Backend.remote) func fieldsComeBeforeTheFile(backend: Backend) async throws {
        try await backend.withServer { provider, server in
            _ = try await send(upload(Array("abc".utf8), expiresAfter: 86400), to: provider)
            let request = try #require(server.server.requests("POST /v1/files").first)
            let form = try request.form()
            #expect(form.parts.map(\.name) == ["expires_after[anchor]", "expires_after[seconds]", "purpose", "file"])
            #expect(form.parts.map(\.text) == ["created_at", "86400", "user_data", "abc"])
            #expect(form["file"]?.filename == "notes.0011223344556677.md")
            #expect(form["file"]?.contentType == "text/plain")
            #expect(!request.wasChunked)
            #expect(!request.expectedContinue)
        }
    }

    @Test(arguments: Backend.remote, [LoopbackFault.loseAnswer, .truncate(bodyBytes: 20), .resetAnswer(afterBytes: 0)])
    func aLostAnswerIsAdoptedAndNotUploadedTwice(backend: Backend, fault: LoopbackFault) async throws {
        try await backend.withServer { provider, server in
            server.server.inject(fault, on: "POST /v1/files")
            let stored = try await send(
                upload(Array("once".utf8)),
                to: RetryingProvider(provider, surroundings: noWait)
            )
            #expect(server.uploadCount == 1)
            #expect(server.files.map(\.id) == [stored.id.rawValue])
        }
    }

    @Test(arguments: Backend.remote, [20, 3_000_000])
    func aConnectionThatDiesInTheMiddleOfABodyIsTriedAgain(backend: Backend, size: Int) async throws {
        try await backend.withServer { provider, server in
            server.server.inject(.resetRequest(afterBytes: size / 2), on: "POST /v1/files")
            let bytes = [UInt8](repeating: 1, count: size)
            let stored = try await send(upload(bytes), to: RetryingProvider(provider, surroundings: noWait))
            #expect(server.uploadCount == 1)
            #expect(stored.size == Int64(size))
        }
    }

    @Test(arguments: Backend.remote) func askedToSlowDownItSlowsDown(backend: Backend) async throws {
        try await backend.withServer { provider, server in
            server.server.inject(.rateLimited(retryAfter: "3"), on: "POST /v1/files", times: 2)
            let waits = Watched<[Double]>([])
            let retrying = RetryingProvider(provider, surroundings: noWait) { seconds, _ in
                waits.update { $0.append(seconds) }
            }
            _ = try await send(upload([1]), to: retrying)
            #expect(waits.value == [3, 3])
            #expect(server.uploadCount == 1)
        }
    }

    struct Refused: Sendable, CustomTestStringConvertible {
        var name: String
        var fault: LoopbackFault
        var kind: ProviderError.Kind

        var testDescription: String { name }
    }

    static let refused: [Refused] = [
        Refused(name: "rate", fault: .rateLimited(retryAfter: "5"), kind: .rateLimited(retryAfter: 5)),
        Refused(name: "credit", fault: .outOfCredit, kind: .quota),
        Refused(name: "401", fault: .status(401), kind: .unauthorised),
        Refused(name: "403", fault: .status(403), kind: .forbidden),
        Refused(name: "413", fault: .status(413), kind: .tooLarge),
        Refused(name: "500", fault: .status(500, body: "<html>oops</html>"), kind: .temporary(retryAfter: nil)),
        Refused(name: "503", fault: .status(503, headers: ["Retry-After": "9"]), kind: .temporary(retryAfter: 9)),
        Refused(name: "garbage JSON", fault: .status(200, body: "{\"id\":"), kind: .badReply),
        Refused(name: "no id", fault: .status(200, body: "{\"id\":\"\"}"), kind: .badReply),
        Refused(name: "no HTTP", fault: .garbage(Array("hello\r\n".utf8)), kind: .badReply),
        Refused(name: "closed", fault: .refuse, kind: .answerLost),
    ]

    @Test(arguments: Backend.remote, refused) func aRefusalIsSaidAsWhatItIs(backend: Backend, refused: Refused)
        async throws
    {
        try await backend.withServer { provider, server in
            server.server.inject(refused.fault, on: "POST /v1/files")
            let error = await #expect(throws: ProviderError.self) { try await send(upload([1]), to: provider) }
            #expect(error?.kind == refused.kind)
            #expect(error?.message.contains("127.0.0.1") == true)
            #expect(server.files.isEmpty)
        }
    }

    @Test(arguments: Backend.remote) func whatTheServerAnswersEarlyIsHeard(backend: Backend) async throws {
        try await backend.withServer { provider, server in
            server.server.inject(.answerEarly(.text("too large", status: 413)), on: "POST /v1/files")
            let error = await #expect(throws: ProviderError.self) {
                try await send(upload([UInt8](repeating: 1, count: 5_000_000)), to: provider)
            }
            #expect(error?.kind == .tooLarge || error?.kind == .answerLost)
        }
    }

    @Test(arguments: Backend.remote) func aFileChangedDuringALongUploadIsDeletedAgain(backend: Backend) async throws {
        try await backend.withServer { provider, server in
            for accident in [BytesSource.Accident.rewritten, .touched] {
                let bytes = [UInt8](repeating: 1, count: 1_000_000)
                let error = await #expect(throws: ProviderError.self) {
                    try await send(upload(bytes, accident: accident), to: provider)
                }
                #expect(error?.kind == .changed)
            }
            #expect(server.uploadCount == 2)
            #expect(server.files.isEmpty)
        }
    }

    @Test func anothersFilesAreNotSeen() async throws {
        try await Backend.openAI.withServer { provider, server in
            let stored = try await send(upload([1]), to: provider)
            let stranger = OpenAIFiles(
                try Endpoint(baseURL: server.baseURL, key: Secret(server.otherKey)),
                client: HTTPClient(),
                hashing: IndependentHashing()
            )
            try await stranger.delete(stored.id)
            let seen = try await stranger.retrieve(stored.id)
            #expect(seen == nil)
            #expect(server.files.count == 1)
        }
    }

    @Test func aWrongKeyIsSaidWithoutTheKey() async throws {
        let key = "sk-wrong-0123456789abcdef"
        try await Backend.openAI.withServer(key: key) { provider, _ in
            let error = await #expect(throws: ProviderError.self) { try await send(upload([1]), to: provider) }
            #expect(error?.kind == .unauthorised)
            #expect(error?.description.contains("0123456789") == false)
            #expect(error?.requestID != nil)
        }
    }

    @Test func downloadsThatAreNotAllowedAreUnsupported() async throws {
        try await Backend.openAI.withServer { provider, _ in
            let stored = try await send(upload([1]), to: provider)
            let error = await #expect(throws: ProviderError.self) {
                try await provider.download(stored.id, upTo: ByteCount(1))
            }
            #expect(error?.kind == .unsupported)
        }
    }

    @Test func anAddressIsProbed() async throws {
        try await Backend.openAI.withServer { provider, _ in
            let ability = try await provider.probe()
            #expect(ability == .hasFiles)
        }
        try await Backend.openAI.withServer(key: "sk-wrong-00000000") { provider, _ in
            let ability = try await provider.probe()
            #expect(ability == .needsKey)
        }
        try await Backend.compatible.withServer({ $0.hasFiles = false }) { provider, server in
            for fault in [LoopbackFault.status(405), .status(501), .status(200, body: "<html>welcome</html>")] {
                server.server.inject(fault)
                let ability = try await provider.probe()
                #expect(ability == .noFiles)
            }
            let ability = try await provider.probe()
            #expect(ability == .noFiles)
            server.server.inject(.status(500))
            await #expect(throws: ProviderError.self) { try await provider.probe() }
        }
    }

    @Test func anAccountThatIsFullSaysSo() async throws {
        try await Backend.openAI.withServer { provider, server in
            server.store.quota = 10
            let error = await #expect(throws: ProviderError.self) {
                try await send(upload([UInt8](repeating: 1, count: 11)), to: provider)
            }
            #expect(error?.kind == .quota)
        }
    }

    @Test(arguments: Backend.remote) func cancellingAnUploadClosesItsConnection(backend: Backend) async throws {
        let gate = try TestGate()
        try await backend.withServer { provider, server in
            server.server.inject(.holdAnswer(gate), on: "POST /v1/files")
            let task = Task { try await send(upload([1]), to: provider) }
            try await gate.arrivals()
            task.cancel()
            let error = await #expect(throws: ProviderError.self) { try await task.value }
            #expect(error?.kind == .cancelled)
            try await server.server.hangUps()
        }
    }
}
