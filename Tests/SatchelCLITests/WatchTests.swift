import Glibc
import SatchelTestSupport
import Testing

/// Keeping in step while a person works: each test waits for what `watch` says, never for time.
@Suite struct WatchTests {
    private static let soon = [
        "SATCHEL_WATCH_QUIET": "50ms", "SATCHEL_WATCH_CAP": "500ms", "SATCHEL_WATCH_DELETE_HOLD": "100ms",
    ]

    /// Starts a watch, waits until it is ready, runs `body`, and stops it cleanly.
    private func watching(
        _ files: [RawBytes: RawBytes],
        environment: [String: String] = [:],
        _ body: (AtOpenAI, SpawnedProcess) async throws -> Void
    ) async throws {
        try await AtOpenAI.with(files, environment: Self.soon.merging(environment) { $1 }) { at in
            let watch = try at.satchel.start(["watch"])
            try await watch.line(containing: "Ctrl-C stops")
            try await body(at, watch)
            watch.send(SIGTERM)
            try await watch.finish().check()
        }
    }

    @Test func whatIsDoneToFilesIsDoneToTheAccount() async throws {
        try await watching(["old.txt": "old\n"]) { at, watch in
            #expect(at.openAI.uploadCount == 1)
            try at.workspace.write("tea.txt", "Earl Grey\n")
            try await watch.line(containing: "↑  tea.txt")
            try at.workspace.write("tea.txt", "Oolong, please\n")
            try await watch.line(containing: "↑  tea.txt", count: 2)
            try at.workspace.replace("tea.txt", "Assam\n")
            try await watch.line(containing: "↑  tea.txt", count: 3)
            #expect(at.openAI.files.contains { $0.text == "Assam\n" })
            at.workspace.remove("old.txt")
            try await watch.line(containing: "-  old.txt")
            #expect(at.openAI.uploadCount == 4)
            // The editor's file beside it was never there for us.
            #expect(!watch.stdout.contains("new~"))
        }
    }

    @Test func aRenamedFolderUploadsNothing() async throws {
        try await watching(["a/one.txt": "1\n", "a/b/two.txt": "2\n"]) { at, watch in
            try at.workspace.move("a", to: "z")
            try await watch.line(containing: "=  z/b/two.txt")
            try await watch.line(containing: "=  z/one.txt")
            try await watch.line(containing: "-  a/one.txt")
            // The folder is watched under its new name.
            try at.workspace.write("z/b/three.txt", "3\n")
            try await watch.line(containing: "↑  z/b/three.txt")
            #expect(at.openAI.uploadCount == 3)
            let status = try await at.satchel.list()
            #expect(status.files.map(\.path) == ["z/b/three.txt", "z/b/two.txt", "z/one.txt"])
        }
    }

    @Test func anEditedIgnoreFileCountsAtOnce() async throws {
        try await watching(["a.txt": "a\n", "a.log": "log\n", "deep/b.log": "more\n"]) { at, watch in
            try at.workspace.write(".satchelignore", "*.log\n")
            try await watch.line(containing: "-  a.log")
            try await watch.line(containing: "-  deep/b.log")
            try at.workspace.write("c.log", "quiet\n")
            try at.workspace.write(".satchelignore", "c.log\n")
            try await watch.line(containing: "=  a.log")
            try await watch.line(containing: "=  deep/b.log")
            #expect(at.openAI.uploadCount == 3, "what comes back is there already, and c.log is never sent")
        }
    }

    @Test func anEditedConfigurationCountsAtOnce() async throws {
        try await watching(["a.txt": "a\n", "private/x.txt": "x\n"]) { at, watch in
            try at.workspace.write("satchel.yaml", "exclude: [private/, satchel.yaml]\n")
            try await watch.errorLine(containing: "begins anew")
            try await watch.line(containing: "-  private/x.txt")
            try at.workspace.write("private/y.txt", "y\n")
            try at.workspace.write("b.txt", "b\n")
            try await watch.line(containing: "b.txt")
            #expect(!at.openAI.files.contains { $0.text == "y\n" })
        }
    }

    @Test func aConfigurationThatCannotBeReadIsToldAndTheOldOneGoesOnToCount() async throws {
        try await watching(["a.txt": "a\n"]) { at, watch in
            try at.workspace.write("satchel.yaml", "exclude: [private/, satchel.yaml]\n")
            try await watch.line(containing: "Ctrl-C stops", count: 2)
            try at.workspace.write("satchel.yaml", "exclude: [\n")
            try await watch.errorLine(containing: "goes on with the configuration")
            try at.workspace.write("private/x.txt", "x\n")
            try at.workspace.write("b.txt", "b\n")
            try await watch.line(containing: "b.txt")
            #expect(at.openAI.uploadCount == 2)
            try at.workspace.write("satchel.yaml", "exclude: [satchel.yaml]\n")
            try await watch.line(containing: "private/x.txt")
        }
    }

    @Test func manyNewFilesInNewFoldersAreAllSeen() async throws {
        try await watching([:]) { at, watch in
            for index in 0..<150 {
                try at.workspace.write(
                    RawBytes("new\(index % 7)/deep\(index % 3)/f\(index).txt"),
                    RawBytes("\(index)\n")
                )
            }
            _ = try await at.server.request("POST /v1/files", count: 150)
            try await watch.line(containing: "↑", count: 150)
            #expect(at.openAI.uploadCount == 150)
        }
    }

    @Test func aSecondWatchSaysWhoIsFirst() async throws {
        try await watching(["a.txt": "a\n"]) { at, watch in
            let second = try await at.satchel.run(["watch"]).check(2)
            #expect(second.stderr.contains("\(watch.pid)"))
            let status = try await at.satchel.status()
            #expect(status.watch.running && status.watch.pid == watch.pid && status.watch.since != nil)
            let cleanup = try await at.satchel.run(["doctor"]).check()
            #expect(cleanup.stdout.contains("sound"))
        }
    }

    @Test func syncAndChatWorkBesideAWatch() async throws {
        try await watching(["a.txt": "a\n"], environment: ["SATCHEL_MODEL": "echo"]) { at, _ in
            try at.workspace.write("tea.txt", "Earl Grey\n")
            let answer = try await at.satchel.chat("what is in @tea.txt?")
            #expect(answer.answer.contains("\(independentDigest(of: Array("Earl Grey\n".utf8)))"))
            try at.workspace.write("b.txt", "b\n")
            let report = try await at.satchel.sync()
            #expect(report.ok && report.summary.unchanged + report.summary.uploaded == 3)
            #expect(at.openAI.uploadCount == 3, "one of them sends, not both")
        }
    }

    @Test func whatAWatchCannotDoForOthersIsSaidAtOnce() async throws {
        try await watching(["a.txt": "a\n"]) { at, _ in
            for arguments in [["watch", "--to", "local"], ["doctor", "--live", "openai", "-m", "echo"]] {
                let finished = try await at.satchel.run(arguments).check(2)
                #expect(finished.stderr.contains("watch"), "\(finished)")
            }
            #expect(try await at.satchel.cleanup("--dry-run").ok, "looking is always possible")
        }
    }

    @Test(arguments: [SIGTERM, SIGINT])
    func aStoppedWatchLeavesTheWorkspaceToOthers(_ signal: Int32) async throws {
        try await AtOpenAI.with(["a.txt": "a\n"], environment: Self.soon) { at in
            let watch = try at.satchel.start(["watch"])
            try await watch.line(containing: "Ctrl-C stops")
            watch.send(signal)
            try await watch.finish().check()
            try await at.satchel.sync("--wait", "0")
            #expect(try await at.satchel.status().watch.running == false)
        }
    }

    @Test func aWatchThatIsKilledLeavesTheWorkspaceToOthers() async throws {
        try await AtOpenAI.with(["a.txt": "a\n"], environment: Self.soon) { at in
            let watch = try at.satchel.start(["watch"])
            try await watch.line(containing: "Ctrl-C stops")
            watch.send(SIGKILL)
            _ = try await watch.finish()
            try await at.satchel.sync("--wait", "0")
        }
    }

    @Test func whatFailsIsTriedAgain() async throws {
        try await watching(["a.txt": "a\n"], environment: ["SATCHEL_RETRIES": "0"]) { at, watch in
            at.server.inject(.openAI(500, "not now"), on: "POST /v1/files")
            try at.workspace.write("tea.txt", "Earl Grey\n")
            try await watch.errorLine(containing: "tea.txt: 500")
            try await watch.line(containing: "↑  tea.txt")
            #expect(at.openAI.uploadCount == 2)
        }
    }

    @Test func aWatchWaitsForAServerThatIsAway() async throws {
        let options = OpenAIOptions()
        try await AtOpenAI.with(["a.txt": "a\n"], options: options, environment: Self.soon) { at in
            at.satchel.set("SATCHEL_RETRIES", "0")
            at.server.inject(.refuse, on: .any, times: 2)
            let watch = try at.satchel.start(["watch"])
            try await watch.errorLine(containing: "a.txt")
            try await watch.line(containing: "Ctrl-C stops")
            at.server.clearFaults()
            try await watch.line(containing: "↑  a.txt")
            watch.send(SIGTERM)
            try await watch.finish().check()
            #expect(at.openAI.uploadCount == 1)
        }
    }

    @Test func aRefusedKeyEndsAWatchWithFive() async throws {
        try await AtOpenAI.with(["a.txt": "a\n"], environment: Self.soon) { at in
            at.satchel.set("OPENAI_API_KEY", "sk-not-this-one-48151623")
            let watch = try await at.satchel.run(["watch"]).check(5)
            #expect(watch.stderr.contains("401"))
        }
    }

    @Test func aWorkspaceThatIsMovedAwayEndsTheWatchAndLosesNothing() async throws {
        try await AtOpenAI.with(Self.soon) { at, outer in
            let watch = try at.satchel.start(["watch"], in: outer + "/inner")
            try await watch.line(containing: "Ctrl-C stops")
            try at.workspace.move("inner", to: "elsewhere")
            let finished = try await watch.finish().check(4)
            #expect(finished.stderr.contains("moved"))
            #expect(at.openAI.files.count == 2)
            let sync = try await at.satchel.run(["sync"], in: outer + "/elsewhere").check()
            #expect(sync.stdout.contains("2 unchanged"))
        }
    }

    @Test func onceSettledEndsByItself() async throws {
        try await AtOpenAI.with(["a.txt": "a\n"], environment: Self.soon) { at in
            let watch = try await at.satchel.run(["watch", "--once-settled"]).check()
            #expect(watch.stdout.contains("↑  a.txt"))
            #expect(at.openAI.uploadCount == 1)
        }
    }

    @Test func onceSettledEndsLikeASync() async throws {
        struct End: Decodable {
            var ok: Bool
            var failures: [SyncDocument.Failure]
            var keptBack: [String]
        }
        let secret = RawBytes(MadeUpSecret.one("github-token"))
        try await AtOpenAI.with(["a.txt": "a\n", "key.txt": secret], environment: Self.soon) { at in
            let watch = try await at.satchel.run(["watch", "--once-settled"]).check(4)
            #expect(watch.stderr.contains("key.txt:1: github-token") && watch.stdout.contains("↑  a.txt"))
            let end: End = try await at.satchel.document(["watch", "--once-settled"], status: 4)
            #expect(!end.ok && end.keptBack == ["key.txt"] && end.failures.isEmpty)
            at.workspace.remove("key.txt")
            try at.workspace.write("b.txt", "b\n")
            at.server.inject(.openAI(400, "no such purpose", type: "invalid_request_error"), on: "POST /v1/files")
            let failed: End = try await at.satchel.document(["watch", "--once-settled"], status: 1)
            #expect(failed.failures.map(\.path) == ["b.txt"] && failed.keptBack.isEmpty)
        }
    }
}

extension AtOpenAI {
    /// A workspace `inner` with two files, inside a folder that is none.
    fileprivate static func with(
        _ environment: [String: String],
        _ body: (AtOpenAI, String) async throws -> Void
    ) async throws {
        try await LoopbackOpenAI.with { openAI in
            let files: [RawBytes: RawBytes] = ["inner/a.txt": "a\n", "inner/b.txt": "b\n"]
            let whole = openAI.environment.merging(environment) { $1 }
            try await RunningSatchel.with(files, environment: whole) { satchel in
                let root = satchel.workspace.root
                try await satchel.run(["init", "-q", "-C", "inner"]).check()
                satchel.workspace.remove("inner/satchel.yaml")
                try await body(AtOpenAI(satchel: satchel, openAI: openAI), root)
            }
        }
    }
}
