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
        try await backend.withServer { provider, server in
            server.maxPage = size
            _ = await provider.upload((0..<45).map { backend.upload(Array("\($0)".utf8)) })
            let listed = try await everything(in: provider)
            #expect(listed.count == 45)
            #expect(Set(listed.map(\.id)) == Set(server.files.compactMap { RemoteFileID($0.id) }))
        }
    }

    @Test(arguments: Backend.remote) func expiryIsAskedForAndKept(backend: Backend) async throws {
        try await backend.withServer { provider, server in
            let wish: Int64?
            let life: Int64
            switch provider.traits.expiry {
            case .none: return
            case .fixed(let seconds): (wish, life) = (nil, seconds)
            case .settable(let range): (wish, life) = (range.lowerBound, range.lowerBound)
            }
            let stored = try await send(backend.upload([1], expiresAfter: wish), to: provider)
            let created = try #require(stored.createdAt)
            let expires = try #require(stored.expiresAt)
            #expect(expires.timeIntervalSince(created) == Double(life))
            server.store.clock.advance(by: Double(life + 1))
            let seen = try await provider.retrieve(stored.id)
            #expect(seen == nil)
            try await provider.delete(stored.id)
            #expect(try await everything(in: provider).isEmpty)
        }
    }

    @Test(arguments: Backend.remote, [LoopbackFault.loseAnswer, .truncate(bodyBytes: 20), .resetAnswer(afterBytes: 0)])
    func aLostAnswerIsAdoptedAndNotUploadedTwice(backend: Backend, fault: LoopbackFault) async throws {
        try await backend.withServer { provider, server in
            server.server.inject(fault, on: server.uploadRoute)
            let stored = try await send(
                backend.upload(Array("once".utf8)),
                to: RetryingProvider(provider, surroundings: noWait)
            )
            #expect(server.uploadCount == 1)
            #expect(server.files.map(\.id) == [stored.id.rawValue])
        }
    }

    @Test(arguments: Backend.remote, [20, 3_000_000])
    func aConnectionThatDiesInTheMiddleOfABodyIsTriedAgain(backend: Backend, size: Int) async throws {
        try await backend.withServer { provider, server in
            server.server.inject(.resetRequest(afterBytes: size / 2), on: server.uploadRoute)
            let bytes = [UInt8](repeating: 1, count: size)
            let stored = try await send(backend.upload(bytes), to: RetryingProvider(provider, surroundings: noWait))
            #expect(server.uploadCount == 1)
            #expect(stored.size == Int64(size))
        }
    }

    @Test(arguments: Backend.remote) func askedToSlowDownItSlowsDown(backend: Backend) async throws {
        try await backend.withServer { provider, server in
            server.server.inject(server.refusing(.rateLimited(seconds: 3)), on: server.uploadRoute, times: 2)
            let waits = Watched<[Double]>([])
            let retrying = RetryingProvider(provider, surroundings: noWait) { seconds, _ in
                waits.update { $0.append(seconds) }
            }
            _ = try await send(backend.upload([1]), to: retrying)
            #expect(waits.value == [3, 3])
            #expect(server.uploadCount == 1)
        }
    }

    @Test(arguments: Backend.remote, LoopbackRefusal.allCases)
    func aRefusalIsSaidAsWhatItIs(backend: Backend, refusal: LoopbackRefusal) async throws {
        try await backend.withServer { provider, server in
            server.server.inject(server.refusing(refusal), on: server.uploadRoute)
            let error = await #expect(throws: ProviderError.self) { try await send(backend.upload([1]), to: provider) }
            switch refusal {
            case .rateLimited(let seconds): #expect(error?.kind == .rateLimited(retryAfter: Double(seconds)))
            case .spent: #expect(error?.kind == .quota)
            case .unauthorised: #expect(error?.kind == .unauthorised)
            case .forbidden: #expect(error?.kind == .forbidden)
            case .tooLarge: #expect(error?.kind == .tooLarge)
            case .overloaded: #expect(error?.kind == .temporary(retryAfter: nil))
            }
            #expect(error?.message.contains("127.0.0.1") == true)
            #expect(server.files.isEmpty)
        }
    }

    struct Oddity: Sendable, CustomTestStringConvertible {
        var name: String
        var fault: LoopbackFault
        var kind: ProviderError.Kind

        var testDescription: String { name }
    }

    /// What gateways and broken servers say, whoever stands behind them.
    static let oddities: [Oddity] = [
        Oddity(name: "500", fault: .status(500, body: "<html>oops</html>"), kind: .temporary(retryAfter: nil)),
        Oddity(name: "503", fault: .status(503, headers: ["Retry-After": "9"]), kind: .temporary(retryAfter: 9)),
        Oddity(name: "garbage JSON", fault: .status(200, body: "{\"id\":"), kind: .badReply),
        Oddity(name: "no id", fault: .status(200, body: "{\"id\":\"\"}"), kind: .badReply),
        Oddity(name: "no HTTP", fault: .garbage(Array("hello\r\n".utf8)), kind: .badReply),
        Oddity(name: "closed", fault: .refuse, kind: .answerLost),
    ]

    @Test(arguments: Backend.remote, oddities)
    func whatMakesNoSenseIsNotTakenForAnAnswer(backend: Backend, oddity: Oddity) async throws {
        try await backend.withServer { provider, server in
            server.server.inject(oddity.fault, on: server.uploadRoute)
            let error = await #expect(throws: ProviderError.self) { try await send(backend.upload([1]), to: provider) }
            #expect(error?.kind == oddity.kind)
            #expect(error?.message.contains("127.0.0.1") == true)
            #expect(server.files.isEmpty)
        }
    }

    @Test(arguments: Backend.remote) func whatTheServerAnswersEarlyIsHeard(backend: Backend) async throws {
        try await backend.withServer { provider, server in
            server.server.inject(.answerEarly(.text("too large", status: 413)), on: server.uploadRoute)
            let error = await #expect(throws: ProviderError.self) {
                try await send(backend.upload([UInt8](repeating: 1, count: 5_000_000)), to: provider)
            }
            #expect(error?.kind == .tooLarge || error?.kind == .answerLost)
        }
    }

    @Test(arguments: Backend.remote) func aFileChangedDuringALongUploadIsDeletedAgain(backend: Backend) async throws {
        try await backend.withServer { provider, server in
            for accident in [BytesSource.Accident.rewritten, .touched] {
                let bytes = [UInt8](repeating: 1, count: 1_000_000)
                let error = await #expect(throws: ProviderError.self) {
                    try await send(backend.upload(bytes, accident: accident), to: provider)
                }
                #expect(error?.kind == .changed)
            }
            // Or it never becomes one: a provider that is sent pieces may be refused the last one.
            #expect(server.uploadCount == server.deleteCount)
            #expect(server.files.isEmpty)
        }
    }

    @Test(arguments: Backend.remote.filter(\.hasKeys)) func anothersFilesAreNotSeen(backend: Backend) async throws {
        try await backend.withServer { provider, server in
            let stored = try await send(backend.upload([1]), to: provider)
            let stranger = try backend.files(at: server, key: server.otherKey)
            try await stranger.delete(stored.id)
            let seen = try await stranger.retrieve(stored.id)
            #expect(seen == nil)
            #expect(try await everything(in: stranger).isEmpty)
            #expect(server.files.count == 1)
        }
    }

    @Test(arguments: Backend.remote.filter(\.hasKeys)) func aWrongKeyIsSaidWithoutTheKey(backend: Backend) async throws
    {
        let key = "sk-wrong-0123456789abcdef"
        try await backend.withServer(key: key) { provider, _ in
            let error = await #expect(throws: ProviderError.self) { try await send(backend.upload([1]), to: provider) }
            #expect(error?.kind == .unauthorised)
            #expect(error?.description.contains("0123456789") == false)
            let ability = try await provider.probe()
            #expect(ability == .needsKey)
        }
    }

    @Test(arguments: Backend.remote) func anAddressIsProbed(backend: Backend) async throws {
        try await backend.withServer { provider, server in
            let ability = try await provider.probe()
            #expect(ability == .hasFiles)
            server.server.inject(.status(500))
            await #expect(throws: ProviderError.self) { try await provider.probe() }
        }
    }

    @Test(arguments: Backend.remote) func anAccountThatIsFullSaysSo(backend: Backend) async throws {
        try await backend.withServer { provider, server in
            server.store.quota = 10
            let error = await #expect(throws: ProviderError.self) {
                try await send(backend.upload([UInt8](repeating: 1, count: 11)), to: provider)
            }
            #expect(error?.kind == .quota)
        }
    }

    @Test(arguments: Backend.remote.filter { !$0.traits.canDownload })
    func downloadsThatAreNotAllowedAreUnsupported(backend: Backend) async throws {
        try await backend.withServer { provider, _ in
            let stored = try await send(backend.upload([1]), to: provider)
            let error = await #expect(throws: ProviderError.self) {
                try await provider.download(stored.id, upTo: ByteCount(1))
            }
            #expect(error?.kind == .unsupported)
        }
    }

    @Test(arguments: Backend.remote) func cancellingAnUploadClosesItsConnection(backend: Backend) async throws {
        let gate = try TestGate()
        try await backend.withServer { provider, server in
            server.server.inject(.holdAnswer(gate), on: server.uploadRoute)
            let task = Task { try await send(backend.upload([1]), to: provider) }
            try await gate.arrivals()
            task.cancel()
            let error = await #expect(throws: ProviderError.self) { try await task.value }
            #expect(error?.kind == .cancelled)
            try await server.server.hangUps()
        }
    }
}
