import FoundationEssentials
import Glibc
import SatchelTestSupport
import Testing

/// Other commands while a watch holds the workspace: it does what they ask.
@Suite struct BesideWatchTests {
    /// Starts a watch that acts on changes of its own so late that only what it is asked can be the cause.
    private func besideWatch(
        _ files: [RawBytes: RawBytes],
        environment: [String: String] = [:],
        _ body: (AtOpenAI, SpawnedProcess) async throws -> Void
    ) async throws {
        let late = ["SATCHEL_WATCH_QUIET": "10m", "SATCHEL_WATCH_CAP": "10m", "SATCHEL_WATCH_DELETE_HOLD": "10m"]
        try await AtOpenAI.with(files, environment: late.merging(environment) { $1 }) { at in
            let watch = try at.satchel.start(["watch"])
            try await watch.line(containing: "Ctrl-C stops")
            try await body(at, watch)
            watch.send(SIGTERM)
            try await watch.finish().check()
            #expect(!at.workspace.exists(".satchel/control.sock"))
        }
    }

    @Test func aSyncCountsEveryChangeBeforeIt() async throws {
        try await besideWatch(["a.txt": "a\n"]) { at, watch in
            for round in 0..<20 {
                try at.workspace.write("a.txt", RawBytes("round \(round)\n"))
                try at.workspace.write(RawBytes("new\(round).txt"), RawBytes("new \(round)\n"))
                let report = try await at.satchel.sync()
                #expect(report.ok && report.failures.isEmpty)
                #expect(
                    report.summary.found == report.summary.unchanged + report.summary.uploaded + report.summary.skipped
                )
                #expect(at.openAI.files.contains { $0.text == "round \(round)\n" })
                #expect(at.openAI.files.contains { $0.text == "new \(round)\n" })
            }
            #expect(at.openAI.uploadCount == 41, "nothing twice")
        }
    }

    @Test func aSyncAfterAnEditOfTheConfigurationGoesByTheNewOne() async throws {
        try await besideWatch(["a.txt": "a\n"]) { at, watch in
            for round in 1...3 {
                try at.workspace.write("satchel.yaml", RawBytes("exclude: [private\(round)/, satchel.yaml]\n"))
                try at.workspace.write(RawBytes("private\(round)/x"), RawBytes("secret \(round)\n"))
                try at.workspace.write(RawBytes("new\(round).txt"), RawBytes("new \(round)\n"))
                #expect(try await at.satchel.sync().ok)
                #expect(at.openAI.files.contains { $0.text == "new \(round)\n" })
                #expect(!at.openAI.files.contains { $0.text == "secret \(round)\n" })
            }
            #expect(watch.stderr.contains("begins anew"))
        }
    }

    @Test func theReportIsTheOneOfASyncOfOnesOwn() async throws {
        try await besideWatch(["a.txt": "a\n", ".hidden": "no\n"]) { at, _ in
            try at.workspace.write("sub/b.txt", "b\n")
            at.workspace.remove("a.txt")
            let report = try await at.satchel.sync("-v")
            #expect(report.summary.uploaded == 1 && report.summary.forgotten == 1)
            #expect(Set(report.actions.map(\.action)) == ["upload", "forget"])
            let upload = try #require(report.actions.first { $0.action == "upload" })
            #expect(upload.path == "sub/b.txt" && upload.remoteId != nil && upload.bytes == 2 && upload.reason == "new")
            #expect(report.skippedByReason["hidden"] == 1)
            let lines = try await at.satchel.run(["sync"]).check().stdout
            #expect(lines.contains("2 unchanged") || lines.contains("1 unchanged"))
        }
    }

    @Test func aTimeToLiveThatTheWatchDoesNotHearIsSaidToCountForNothing() async throws {
        try await besideWatch(["a.txt": "a\n"]) { at, _ in
            let finished = try await at.satchel.run(["sync", "--ttl", "7d"]).check()
            #expect(finished.stderr.contains("not --ttl"))
        }
    }

    @Test func onlyWhatIsNamedIsSynced() async throws {
        try await besideWatch([:]) { at, _ in
            try at.workspace.write("a.txt", "a\n")
            try at.workspace.write("odd \\ \u{1b}name.txt", "b\n")
            let report = try await at.satchel.sync("odd \\ \u{1b}name.txt")
            #expect(report.summary.found == 1 && report.summary.uploaded == 1)
            #expect(at.openAI.uploadCount == 1)
        }
    }

    @Test func aYesReachesTheWatch() async throws {
        var files: [RawBytes: RawBytes] = [:]
        for index in 0..<14 { files[RawBytes("f\(index).txt")] = RawBytes("\(index)\n") }
        try await besideWatch(files) { at, watch in
            for index in 0..<13 { at.workspace.remove(RawBytes("f\(index).txt")) }
            let confirmed = try await at.satchel.sync("--yes")
            #expect(confirmed.summary.forgotten == 13)
        }
    }

    @Test func cleanupAndStatusAskTheWatch() async throws {
        struct Watched: Decodable {
            struct Watch: Decodable {
                var running: Bool
                var watches: Int?
                var settled: Bool?
            }

            var watch: Watch
        }
        try await besideWatch(["a.txt": "a\n", "sub/b.txt": "b\n"]) { at, _ in
            at.workspace.remove("a.txt")
            try await at.satchel.sync()
            let cleaned = try await at.satchel.cleanup("--older-than", "0")
            #expect(cleaned.summary.deleted == 1)
            #expect(at.openAI.files.count == 1)
            let status: Watched = try await at.satchel.document(["status"])
            #expect(status.watch.running && status.watch.watches == 2 && status.watch.settled == true)
        }
    }

    @Test func theWatchRehydratesForOthers() async throws {
        try await besideWatch(["a.txt": "a\n", "b.txt": "b\n"]) { at, _ in
            let vanished = try #require(at.openAI.files.first { $0.text == "a\n" })
            at.openAI.store.forget(vanished.id)
            try at.workspace.write("c.txt", "c\n")
            let report: SyncDocument = try await at.satchel.document(["rehydrate", "a.txt"])
            #expect(report.summary.uploaded == 1 && report.summary.found == 1)
            try at.expectHeld(["a.txt", "b.txt"])
            let text = try await at.satchel.run(["rehydrate", "--all"]).check().stdout
            #expect(text.contains("↻  a.txt") && text.contains("↻  b.txt") && text.contains("↑  c.txt"))
            try at.expectHeld(["a.txt", "b.txt", "c.txt"])
        }
    }

    @Test func theWatchVerifiesAndReconcilesForOthers() async throws {
        try await besideWatch(["a.txt": "a\n", "b.txt": "b\n"]) { at, _ in
            let vanished = try #require(at.openAI.files.first { $0.text == "b\n" })
            at.openAI.store.forget(vanished.id)
            let verified = try await at.satchel.run(["remote", "verify"]).check(1)
            #expect(verified.stdout.contains("b.txt") && verified.stdout.contains("1 there, 1 missing"))
            // Sent by somebody else with the same key: the content is ours, the copy becomes ours.
            try await RunningSatchel.initialised(["b.txt": "b\n", "d.txt": "d\n"], environment: at.openAI.environment) {
                try await $0.sync()
            }
            let found: ReconcileTests.Document = try await at.satchel.document(["remote", "reconcile", "--adopt"])
            #expect(found.adopted.map(\.path) == ["b.txt"] && found.ours == 1 && found.foreign == 1)
            #expect(try await at.satchel.sync().summary.unchanged == 2)
            #expect(at.openAI.uploadCount == 4)
            let text = try await at.satchel.run(["remote", "reconcile", "--delete-orphans"]).check().stdout
            #expect(text.contains("2 ours, 1 foreign"))
        }
    }

    @Test func theWatchRevokesForOthers() async throws {
        var files: [RawBytes: RawBytes] = ["a.txt": "a\n"]
        for index in 0..<12 { files[RawBytes("many/f\(index).txt")] = RawBytes("\(index)\n") }
        try await besideWatch(files) { at, watch in
            let revoked: AuditReport = try await at.satchel.document(["audit", "a.txt", "--revoke"])
            #expect(revoked.revoked?.map(\.path) == ["a.txt"] && revoked.departures.map(\.state) == ["deleted"])
            #expect(at.openAI.files.count == 12)
            let stopped = try await at.satchel.failure("audit", "many", "--revoke", status: 4)
            #expect(stopped.message.contains("12 copies") && at.openAI.files.count == 12)
            let text = try await at.satchel.run(["audit", "many", "--revoke", "--yes"]).check()
            #expect(text.stdout.contains("12 revoked") && text.stderr.contains("the next sync sends it again"))
            #expect(at.openAI.files.isEmpty)
        }
    }

    @Test func aChatIsShownWhatWasSavedJustBefore() async throws {
        try await besideWatch(["a.txt": "old\n"], environment: ["SATCHEL_MODEL": "echo"]) { at, _ in
            try at.workspace.write("a.txt", "new\n")
            let answer = try await at.satchel.chat("what is in @a.txt?")
            #expect(answer.files.map(\.path) == ["a.txt"])
            #expect(at.openAI.files.contains { $0.text == "new\n" })
        }
    }

    @Test func anErrorOfTheAccountKeepsItsExitCode() async throws {
        try await besideWatch(["a.txt": "a\n"]) { at, watch in
            try at.workspace.write("b.txt", "b\n")
            at.satchel.set("OPENAI_API_KEY", "sk-another-key-aaaaaaaaaaaaaaa")
            let failure = try await at.satchel.failure("sync", status: 2)
            #expect(failure.message.contains("the running watch has another key"))
        }
    }

    @Test func aKilledWatchLeavesNothingInTheWay() async throws {
        try await AtOpenAI.with(["a.txt": "a\n"]) { at in
            let watch = try at.satchel.start(["watch"])
            try await watch.line(containing: "Ctrl-C stops")
            watch.send(SIGKILL)
            _ = try await watch.status()
            #expect(at.workspace.exists(".satchel/control.sock"))
            try at.workspace.write("b.txt", "b\n")
            #expect(try await at.satchel.sync().summary.uploaded == 1)
            let next = try at.satchel.start(["watch"])
            try await next.line(containing: "Ctrl-C stops")
            try at.workspace.write("c.txt", "c\n")
            try await at.satchel.sync()
            try at.expectHeld(["a.txt", "b.txt", "c.txt"])
            next.send(SIGTERM)
            try await next.finish().check()
        }
    }
}
