import FoundationEssentials
import SatchelCore
import SatchelTestSupport
@testable import SatchelRemote
import Testing

/// What only OpenAI's wire format has, and the servers that took it over.
@Suite(.timeLimit(.minutes(2)))
struct OpenAIFilesTests {
    private func withOpenAI(
        as backend: Backend,
        _ change: (inout OpenAIOptions) -> Void = { _ in },
        _ body: (any FileProvider, LoopbackOpenAI) async throws -> Void
    ) async throws {
        var options = backend == .compatible ? OpenAIOptions.ogx : OpenAIOptions()
        change(&options)
        try await LoopbackOpenAI.with(options) { server in
            try await body(try backend.files(at: server, key: server.key), server)
            #expect(server.server.flaws.isEmpty)
        }
    }

    @Test(arguments: [Backend.openAI, .compatible]) func aServerThatRepeatsItsFirstPageIsNotAskedForEver(
        backend: Backend
    ) async throws {
        try await withOpenAI(as: backend, { ($0.repeatsPages, $0.maxPage) = (true, 10) }) { provider, server in
            _ = await provider.upload((0..<25).map { upload(Array("\($0)".utf8)) })
            let listed = try await everything(in: provider)
            #expect(listed.count == 10)
            #expect(server.server.requests("GET /v1/files").count <= 2)
        }
    }

    @Test(arguments: [Backend.openAI, .compatible]) func aListingGoesOnWhenItsPlaceWasDeleted(backend: Backend)
        async throws
    {
        try await withOpenAI(as: backend, { $0.maxPage = 10 }) { provider, server in
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

    @Test(arguments: [Backend.openAI, .compatible]) func fieldsComeBeforeTheFile(backend: Backend) async throws {
        try await withOpenAI(as: backend) { provider, server in
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

    @Test func openRouterKeepsFilesForEverAndGivesNoneBack() async throws {
        try await LoopbackOpenAI.with(.openRouter) { server in
            let provider = try Backend.compatible.files(at: server, key: server.key)
            let stored = try await send(upload(Array("print(1)\n".utf8), expiresAfter: 3600), to: provider)
            #expect(stored.id.rawValue.hasPrefix("or_file_"))
            #expect(stored.expiresAt == nil, "what the server says is believed, not what was wished")
            let refused = await #expect(throws: ProviderError.self) {
                try await provider.download(stored.id, upTo: .mebibytes(1))
            }
            #expect(refused?.kind == .unsupported)
            let empty = await #expect(throws: ProviderError.self) { try await send(upload([]), to: provider) }
            #expect(empty?.kind == .rejected)
            server.store.quota = 10
            let full = await #expect(throws: ProviderError.self) {
                try await send(upload([UInt8](repeating: 1, count: 11)), to: provider)
            }
            #expect(full?.kind == .quota && full?.status == 403)
            #expect(try await everything(in: provider).map(\.id) == [stored.id])
            let stranger = try Backend.compatible.files(at: server, key: server.otherKey)
            #expect(try await stranger.retrieve(stored.id) == nil)
        }
    }

    @Test func whatIsFullOrForbiddenIsToldApart() async throws {
        try await withOpenAI(as: .openAI) { provider, server in
            for (message, kind) in [
                ("You have insufficient permissions for this operation.", ProviderError.Kind.forbidden),
                ("Workspace storage is full.", .quota),
            ] {
                server.server.inject(.openAI(403, message), on: server.uploadRoute)
                let error = await #expect(throws: ProviderError.self) { try await send(upload([1]), to: provider) }
                #expect(error?.kind == kind)
            }
        }
    }

    @Test func aServerWithoutFilesIsTold() async throws {
        try await withOpenAI(as: .compatible, { $0.hasFiles = false }) { provider, server in
            for fault in [LoopbackFault.status(405), .status(501), .status(200, body: "<html>welcome</html>")] {
                server.server.inject(fault)
                let ability = try await provider.probe()
                #expect(ability == .noFiles)
            }
            let ability = try await provider.probe()
            #expect(ability == .noFiles)
        }
    }
}
