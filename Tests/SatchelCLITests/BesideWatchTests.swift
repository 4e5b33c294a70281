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
