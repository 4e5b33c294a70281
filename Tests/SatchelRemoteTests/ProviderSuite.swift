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

    static let remote: [Backend] = [.openAI, .compatible]

    var testDescription: String { rawValue }

    var options: OpenAIOptions { self == .compatible ? .ogx : OpenAIOptions() }

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
    func withServer(
        _ change: (inout OpenAIOptions) -> Void = { _ in },
        key: String? = nil,
        _ body: (OpenAIFiles, LoopbackOpenAI) async throws -> Void
    ) async throws {
        var options = options
        change(&options)
        try await LoopbackOpenAI.with(options) { server in
            let key = options.keys.isEmpty ? nil : Secret(key ?? server.key)
            let provider = OpenAIFiles(
                try Endpoint(baseURL: server.baseURL, key: key),
                traits: self == .openAI ? .openAI : .openAICompatible,
                client: HTTPClient(),
                hashing: IndependentHashing()
            )
            try await body(provider, server)
            #expect(server.server.flaws.isEmpty)
        }
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
            let upload = upload(Array("some words\n".utf8))
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
        try await backend.with { provider in
            let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 131 ^ $0 >> 8) }
            let stored = try await send(upload(bytes), to: provider)
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
            let stored = try await send(upload([1, 2, 3]), to: provider)
            let error = await #expect(throws: ProviderError.self) {
                try await provider.download(stored.id, upTo: ByteCount(2))
            }
            #expect(error?.kind == .tooLarge)
        }
    }

    @Test(arguments: Backend.allCases) func deletingTwiceIsDeletingOnce(backend: Backend) async throws {
        try await backend.with { provider in
            let stored = try await send(upload([1]), to: provider)
            try await provider.delete(stored.id)
            try await provider.delete(stored.id)
            let seen = try await provider.retrieve(stored.id)
            #expect(seen == nil)
            #expect(try await everything(in: provider).isEmpty)
        }
    }

    @Test(arguments: Backend.allCases) func aBatchIsAnsweredInItsOrder(backend: Backend) async throws {
        try await backend.with { provider in
            let batch = (0..<30).map { upload(Array("content \($0)".utf8), named: "n\($0).0011223344556677.txt") }
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
                    try await send(upload(bytes, accident: accident), to: provider)
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
                try await send(upload([1], accident: .vanished), to: provider)
            }
            #expect(error?.kind == .source(.vanished))
            #expect(error?.concernsAccount == false)
        }
    }

    @Test(arguments: Backend.allCases) func aCopyIsFoundByItsName(backend: Backend) async throws {
        try await backend.with { provider in
            let before = Date()
            let bytes = Array("find me".utf8)
            let name = "me.\(independentDigest(of: bytes).prefix(16)).txt"
            let stored = try await send(upload(bytes, named: name), to: provider)
            let found = try await provider.find(uploadName: name, size: 7, createdAfter: before)
            #expect(found?.id == stored.id)
            let otherSize = try await provider.find(uploadName: name, size: 8, createdAfter: before)
            #expect(otherSize == nil)
            let otherName = try await provider.find(uploadName: "x.0000000000000000.txt", size: 7, createdAfter: before)
            #expect(otherName == nil)
        }
    }

    @Test(arguments: Backend.allCases, ["file-0000", "../files", "..", "a/b", "x?y", "é", "%2e%2e"])
    func anIDThatMeansNothingIsGoneOrRefused(backend: Backend, id: String) async throws {
        try await backend.with { provider in
            let stored = try await send(upload([1]), to: provider)
            let id = try #require(RemoteFileID(id))
            try? await provider.delete(id)
            if let seen = try? await provider.retrieve(id) { Issue.record("\(seen)") }
            #expect(try await everything(in: provider).map(\.id) == [stored.id])
        }
    }
}
