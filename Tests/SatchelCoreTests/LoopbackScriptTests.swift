import FoundationEssentials
import SatchelCore
import SatchelTestSupport
import Testing

struct LoopbackScriptTests {
    private func kind(_ result: Result<RemoteFile, ProviderError>?) -> ProviderError.Kind? {
        if case .failure(let error) = result { error.kind } else { nil }
    }

    @Test func withoutAScriptItIsAProvider() async throws {
        let clock = TestClock()
        let provider = ScriptedProvider(clock: clock)
        let file = try #require(try await provider.upload([.of("abc", expiresAfter: 3600)]).first?.get())
        #expect(try await provider.download(file.id, upTo: ByteCount(1024)) == Array("abc".utf8))
        let found = try await provider.find(uploadName: "notes.txt", size: 3, createdAfter: clock.now)
        #expect(found == file)
        #expect(try await provider.list(after: nil).files == [file])
        clock.advance(by: 3600)
        #expect(try await provider.retrieve(file.id) == nil)
        #expect(provider.calls.map(\.verb) == [.upload, .download, .find, .list, .retrieve])
    }

    @Test func aScriptIsMetStepByStep() async throws {
        let provider = ScriptedProvider()
        provider.script(
            .upload,
            .fail(ProviderError(.unreachable, "x")),
            .failAfterwards(ProviderError(.answerLost, "x")),
            .leaveProcessing
        )
        #expect(kind(await provider.upload([.of("1")]).first) == .unreachable)
        #expect(provider.files.isEmpty)
        #expect(kind(await provider.upload([.of("2")]).first) == .answerLost)
        #expect(provider.files.count == 1)
        #expect(try await provider.upload([.of("3")]).first?.get().state == .processing)
        #expect(try await provider.upload([.of("4")]).first?.get().state == .ready)
    }

    @Test func bytesThatAreNotTheDigestsAreRefused() async throws {
        let provider = ScriptedProvider()
        var upload = Upload.of("abc")
        upload.source = BytesSource("abd")
        #expect(kind(await provider.upload([upload]).first) == .changed)
        #expect(provider.files.isEmpty)
    }

    @Test func aStalledCallWaitsAndCanBeCancelled() async throws {
        let provider = ScriptedProvider()
        let (first, second) = (try TestGate(), try TestGate())
        provider.script(.list, .stall(first), .stall(second))
        async let page = provider.list(after: nil)
        try await provider.call(.list)
        first.open()
        #expect(try await page.files.isEmpty)
        let task = Task { try await provider.list(after: nil) }
        try await second.arrivals()
        task.cancel()
        await #expect(throws: ProviderError.self) { try await task.value }
    }
}
