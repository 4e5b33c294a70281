import FoundationEssentials
import SatchelCore
import SatchelTestSupport
@testable import SatchelRemote
import Testing

/// A provider under test: what every one of them must do is asked of each in the same words.
enum Backend: String, CaseIterable, CustomTestStringConvertible {
    case local
    case openAI
    case compatible
    case anthropic
    case xAI
    case mistral
    case gemini

    static let remote = allCases.filter { $0 != .local }

    var testDescription: String { rawValue }

    var kind: ProviderID {
        switch self {
        case .local: .local
        case .openAI: .openai
        case .compatible: .openaiCompatible
        case .anthropic: .anthropic
        case .xAI: .xai
        case .mistral: .mistral
        case .gemini: .gemini
        }
    }

    var traits: ProviderTraits { RemoteProviders.traits(of: kind) }

    /// Whether its server tells one key from another.
    var hasKeys: Bool { self != .compatible }

    /// Whether a file without bytes is refused only by its traits, before it is sent, or by the server as well.
    var takesEmptyFiles: Bool { self != .gemini }

    /// Runs `body` with a provider that holds nothing yet.
    func with(_ body: (any FileProvider) async throws -> Void) async throws {
        guard self == .local else {
            return try await withServer { provider, _ in try await body(provider) }
        }
        try await withTemporaryFolder { folder in
            try await body(LocalFiles(try ObjectStore(at: folder + "/objects", hashing: IndependentHashing())))
        }
    }

    /// Runs `body` with a provider on a loopback server, and the server.
    ///
    /// With another `key` than the server's when one is given.
    func withServer(
        key: String? = nil,
        _ body: (any FileProvider, any LoopbackProvider) async throws -> Void
    ) async throws {
        switch self {
        case .local: Issue.record("the local store has no server")
        case .openAI: try await LoopbackOpenAI.with { try await run($0, key: key ?? $0.key, body) }
        case .compatible: try await LoopbackOpenAI.with(.ogx) { try await run($0, key: nil, body) }
        case .anthropic: try await LoopbackAnthropic.with { try await run($0, key: key ?? $0.key, body) }
        case .xAI: try await LoopbackXAI.with { try await run($0, key: key ?? $0.key, body) }
        case .mistral:
            // Any bytes go as a PDF here: these suites are about transport.
            var options = MistralOptions()
            options.looksInside = false
            try await LoopbackMistral.with(options) { try await run($0, key: key ?? $0.key, body) }
        case .gemini: try await LoopbackGemini.with { try await run($0, key: key ?? $0.key, body) }
        }
    }

    /// A provider of this kind at that server.
    func files(at server: any LoopbackProvider, key: String?) throws -> any FileProvider {
        let endpoint = try Endpoint(baseURL: server.baseURL, key: key.flatMap { Secret($0) })
        let providers = RemoteProviders(client: HTTPClient(), hashing: IndependentHashing())
        return try #require(providers.files(of: kind, at: endpoint))
    }

    private func run(
        _ server: any LoopbackProvider,
        key: String?,
        _ body: (any FileProvider, any LoopbackProvider) async throws -> Void
    ) async throws {
        try await body(try files(at: server, key: key), server)
        #expect(server.server.flaws.isEmpty)
    }

    /// An upload of bytes that the provider takes; text wherever it takes that.
    func upload(
        _ bytes: some Collection<UInt8>,
        named stem: String = "notes.0011223344556677",
        accident: BytesSource.Accident = .none,
        expiresAfter: Int64? = nil
    ) -> Upload {
        var upload = SatchelRemoteTests.upload(
            bytes,
            named: stem + ".md",
            accident: accident,
            expiresAfter: expiresAfter
        )
        if !traits.acceptedMedia.contains(.text) {
            (upload.media, upload.mime, upload.name) = (.pdf, mimeType(of: .pdf), stem + ".pdf")
        }
        return upload
    }
}

/// The one result of uploading one thing.
func send(_ upload: Upload, to provider: some FileProvider) async throws(ProviderError) -> RemoteFile {
    let results = await provider.upload([upload])
    guard results.count == 1 else { throw ProviderError(.badReply, "\(results.count) results for one upload") }
    return try results[0].get()
}

/// Everything an account holds.
func everything(in provider: some FileProvider) async throws(ProviderError) -> [RemoteFile] {
    var files: [RemoteFile] = []
    var cursor: String?
    var pages = 0
    repeat {
        let page = try await provider.list(after: cursor)
        files += page.files
        cursor = page.next
        pages += 1
        guard pages <= 1000 else { throw ProviderError(.badReply, "the listing never ends") }
    } while cursor != nil
    return files
}

@Suite("every provider", .timeLimit(.minutes(3)))
struct ProviderSuite {
    @Test(arguments: Backend.allCases) func whatIsUploadedIsThere(backend: Backend) async throws {
        try await backend.with { provider in
            let upload = backend.upload(Array("some words\n".utf8))
            let stored = try await send(upload, to: provider)
            #expect(stored.size == upload.size)
            #expect(stored.name == upload.name)
            #expect(stored.state == .ready)
            let seen = try #require(try await provider.retrieve(stored.id))
            #expect(seen.id == stored.id)
            #expect(seen.size == upload.size)
            #expect(try await everything(in: provider).map(\.id) == [stored.id])
        }
    }

    @Test(arguments: Backend.allCases, [0, 1, 65535, 65536, 65537, 3_000_000])
    func everyByteArrives(backend: Backend, size: Int) async throws {
        guard size > 0 || backend.takesEmptyFiles else { return }
        try await backend.with { provider in
            let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 131 ^ $0 >> 8) }
            let stored = try await send(backend.upload(bytes), to: provider)
            #expect(stored.size == Int64(size))
            if provider.traits.canDownload {
                let back = try await provider.download(stored.id, upTo: ByteCount(Int64(size)))
                #expect(back == bytes)
            }
        }
    }

    @Test(arguments: Backend.allCases) func aFileAboveTheLimitIsNotFetched(backend: Backend) async throws {
        try await backend.with { provider in
            guard provider.traits.canDownload else { return }
            let stored = try await send(backend.upload([1, 2, 3]), to: provider)
            let error = await #expect(throws: ProviderError.self) {
                try await provider.download(stored.id, upTo: ByteCount(2))
            }
            #expect(error?.kind == .tooLarge)
        }
    }

    @Test(arguments: Backend.allCases) func deletingTwiceIsDeletingOnce(backend: Backend) async throws {
        try await backend.with { provider in
            let stored = try await send(backend.upload([1]), to: provider)
            try await provider.delete(stored.id)
            try await provider.delete(stored.id)
            let seen = try await provider.retrieve(stored.id)
            #expect(seen == nil)
            #expect(try await everything(in: provider).isEmpty)
        }
    }

    @Test(arguments: Backend.allCases) func aBatchIsAnsweredInItsOrder(backend: Backend) async throws {
        try await backend.with { provider in
            let batch = (0..<30).map { backend.upload(Array("content \($0)".utf8), named: "n\($0).0011223344556677") }
            let results = await provider.upload(batch)
            #expect(results.count == batch.count)
            for (upload, result) in zip(batch, results) {
                let stored = try result.get()
                #expect(stored.name == upload.name)
                #expect(stored.size == upload.size)
            }
            let listed = try await everything(in: provider)
            #expect(Set(listed.map(\.id)).count == 30)
        }
    }

    @Test(arguments: Backend.allCases, [40, 200_000]) func aFileThatChangesIsNotKept(backend: Backend, size: Int)
        async throws
    {
        try await backend.with { provider in
            for accident in [BytesSource.Accident.rewritten, .truncated] {
                let bytes = [UInt8](repeating: 3, count: size)
                let error = await #expect(throws: ProviderError.self) {
                    try await send(backend.upload(bytes, accident: accident), to: provider)
                }
                #expect(error?.kind == .changed)
            }
            let left = try await everything(in: provider)
            #expect(left.isEmpty)
        }
    }

    @Test(arguments: Backend.allCases) func aFileThatVanishedIsTroubleWithThatFile(backend: Backend) async throws {
        try await backend.with { provider in
            let error = await #expect(throws: ProviderError.self) {
                try await send(backend.upload([1], accident: .vanished), to: provider)
            }
            #expect(error?.kind == .source(.vanished))
            #expect(error?.concernsAccount == false)
        }
    }

    @Test(arguments: Backend.allCases) func aCopyIsFoundByItsName(backend: Backend) async throws {
        try await backend.with { provider in
            let before = Date()
            let bytes = Array("find me".utf8)
            let upload = backend.upload(bytes, named: "me.\(independentDigest(of: bytes).prefix(16))")
            let stored = try await send(upload, to: provider)
            let found = try await provider.find(uploadName: upload.name, size: 7, createdAfter: before)
            #expect(found?.id == stored.id)
            let otherSize = try await provider.find(uploadName: upload.name, size: 8, createdAfter: before)
            #expect(otherSize == nil)
            let otherName = try await provider.find(uploadName: "x.0000000000000000.txt", size: 7, createdAfter: before)
            #expect(otherName == nil)
        }
    }

    @Test(arguments: Backend.allCases, ["file-0000", "../files", "..", "a/b", "x?y", "é", "%2e%2e"])
    func anIDThatMeansNothingIsGoneOrRefused(backend: Backend, id: String) async throws {
        try await backend.with { provider in
            let stored = try await send(backend.upload([1]), to: provider)
            let id = try #require(RemoteFileID(id))
            try? await provider.delete(id)
            if let seen = try? await provider.retrieve(id) { Issue.record("\(seen)") }
            #expect(try await everything(in: provider).map(\.id) == [stored.id])
        }
    }

    @Test(arguments: Backend.allCases) func severalIDsAreAskedAfterAtOnce(backend: Backend) async throws {
        try await backend.with { provider in
            let results = await provider.upload((0..<5).map { backend.upload(Array("content \($0)".utf8)) })
            let ids = try results.map { try $0.get().id }
            try await provider.delete(ids[1])
            let found = try await provider.retrieve(ids)
            #expect(Set(found.map(\.id)) == Set(ids).subtracting([ids[1]]))
            let none = try await provider.retrieve([])
            #expect(none.isEmpty)
        }
    }
}
