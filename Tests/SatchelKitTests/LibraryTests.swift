import SatchelKit
import SatchelTestSupport
import Testing

/// What other programs see of the library.
@Suite struct LibraryTests {
    @Test func anotherProgramSyncsAndLearnsTheIds() async throws {
        try await TemporaryWorkspace.with(["satchel.yaml": "ttl: 1h\n", "tea.txt": "Earl Grey\n"]) { folder in
            let satchel = try Satchel(at: folder.root, environment: ["HOME": "/nonexistent"])
            #expect(try await satchel.files().isEmpty)
            let first = try await satchel.sync()
            #expect(first.uploaded == 2 && first.failed.isEmpty && first.needsConfirmation == nil)
            let tea = try #require(try await satchel.files().first { $0.path == "tea.txt" })
            #expect(tea.sha256 == "\(independentDigest(of: Array("Earl Grey\n".utf8)))")
            #expect(tea.remoteID == tea.sha256 && tea.expiresAt == nil)
            let second = try await satchel.sync()
            #expect(second.uploaded == 0 && second.unchanged == 2)
        }
    }

    @Test func anotherProgramLearnsWhatTheGateKeptBack() async throws {
        let secret = MadeUpSecret.one("github-token")
        try await LoopbackOpenAI.with { openAI in
            let files: [RawBytes: RawBytes] = ["tea.txt": "Earl Grey\n", "key.txt": RawBytes("one\n\(secret)\n")]
            try await TemporaryWorkspace.with(files) { folder in
                let environment = openAI.environment.merging(["HOME": folder.root + "/none"]) { $1 }
                try folder.makeFolder(".satchel")
                let satchel = try Satchel(at: folder.root, environment: environment)
                let report = try await satchel.sync()
                #expect(report.uploaded == 1 && report.failed.isEmpty && report.keptBack.count == 1)
                let sentence = try #require(report.keptBack.first)
                #expect(sentence.hasPrefix("key.txt:2: github-token (fingerprint ") && !sentence.contains(secret))
                #expect(openAI.files.map(\.text) == ["Earl Grey\n"])
            }
        }
    }
}
