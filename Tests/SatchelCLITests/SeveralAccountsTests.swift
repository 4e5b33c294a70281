import Glibc
import SatchelTestSupport
import Testing

/// One workspace, several accounts.
@Suite struct SeveralAccountsTests {
    private struct Documents: Decodable {
        var ok: Bool
        var syncs: [SyncDocument]
    }

    @Test func aSyncToSeveralAccountsPrintsOneDocument() async throws {
        try await AtOpenAI.with(["tea.txt": "Earl Grey\n"]) { at in
            let both: Documents = try await at.satchel.document(["sync", "--to", "openai", "--to", "local"])
            #expect(both.ok)
            #expect(both.syncs.map(\.account) == ["openai", "local"])
            #expect(both.syncs.map(\.summary.uploaded) == [1, 1])
        }
    }

    @Test func aWatchSyncsToAnotherAccountThanItsOwnWhenItIsAsked() async throws {
        try await AtOpenAI.with(["tea.txt": "Earl Grey\n"]) { at in
            let watch = try at.satchel.start(["watch", "--to", "openai"])
            try await watch.line(containing: "Ctrl-C stops")
            let other = try await at.satchel.sync("--to", "local")
            #expect(other.account == "local" && other.summary.uploaded == 1)
            #expect(try await at.satchel.sync("--to", "openai").summary.unchanged == 1)
            watch.send(SIGTERM)
            try await watch.finish().check()
        }
    }

    @Test func bytesThatTwoPathsShareAreShownOnce() async throws {
        let files: [RawBytes: RawBytes] = ["a.txt": "the same\n", "b.txt": "the same\n"]
        try await AtOpenAI.with(files, environment: ["SATCHEL_MODEL": "echo"]) { at in
            let answer = try await at.satchel.chat("compare @a.txt with @b.txt")
            #expect(answer.files.map(\.path) == ["a.txt", "b.txt"])
            #expect(answer.answer.components(of: "file:") == 1)
            let request = try #require(at.server.requests("POST /v1/responses").first)
            #expect(request.body.firstRange(of: Array("b.txt has the same content as a.txt".utf8)) != nil)
        }
    }
}

extension String {
    /// How often `text` stands in this one.
    fileprivate func components(of text: String) -> Int { ranges(of: text).count }
}
