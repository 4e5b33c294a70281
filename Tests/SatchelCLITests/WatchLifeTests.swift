import FoundationEssentials
import Glibc
import SatchelTestSupport
import Testing

/// What a watch does over days: pauses, outages, renewals, clean-ups, and what it says of itself.
@Suite struct WatchLifeTests {
    private static let soon = [
        "SATCHEL_WATCH_QUIET": "50ms", "SATCHEL_WATCH_CAP": "500ms", "SATCHEL_WATCH_DELETE_HOLD": "100ms",
    ]

    private struct Watched: Decodable {
        struct Watch: Decodable {
            var running, paused: Bool
            var pid: Int32?
            var since, lastError, lastErrorAt, pausedSince, outageSince: String?
            var watches, limit, queue: Int?
            var settled: Bool?
        }

        var watch: Watch
    }

    private struct Paused: Decodable {
        var paused, changed, watched: Bool
        var since: String?
    }

    private func status(_ at: AtOpenAI) async throws -> Watched.Watch {
        let document: Watched = try await at.satchel.document(["status"])
        return document.watch
    }

    private func watching(
        _ files: [RawBytes: RawBytes],
        environment: [String: String] = [:],
        arguments: [String] = [],
        _ body: (AtOpenAI, SpawnedProcess) async throws -> Void
    ) async throws {
        try await AtOpenAI.with(files, environment: Self.soon.merging(environment) { $1 }) { at in
            let watch = try at.satchel.start(["watch"] + arguments)
            try await watch.line(containing: arguments.contains("--events") ? "\"ready\"" : "Ctrl-C stops")
            try await body(at, watch)
            watch.send(SIGTERM)
            try await watch.finish().check()
        }
    }

    private func manyFiles(_ count: Int) -> [RawBytes: RawBytes] {
        Dictionary(uniqueKeysWithValues: (0..<count).map { (RawBytes("file\($0).txt"), RawBytes("text \($0)\n")) })
    }

    // MARK: Pauses

    @Test func aPausedWatchGathersAndAResumedOneMissesNothing() async throws {
        try await watching(["a.txt": "a\n"]) { at, watch in
            let paused: Paused = try await at.satchel.document(["pause"])
            #expect(paused.paused && paused.changed && paused.watched && paused.since != nil)
            try await watch.line(containing: "paused since")
            try at.workspace.write("b.txt", "b\n")
            while try await status(at).queue != 1 {}
            let shown = try await status(at)
            #expect(shown.running && shown.paused && shown.pausedSince != nil)
            #expect(try await at.satchel.run(["status"]).check().stdout.contains("satchel resume goes on"))
            #expect(at.openAI.uploadCount == 1)
            let again: Paused = try await at.satchel.document(["pause"])
            #expect(again.paused && !again.changed && again.since == paused.since)
            // By hand it works all the same.
            try at.workspace.write("c.txt", "c\n")
            #expect(try await at.satchel.sync("c.txt").summary.uploaded == 1)
            let resumed: Paused = try await at.satchel.document(["resume"])
            #expect(!resumed.paused && resumed.changed && resumed.watched)
            try await watch.line(containing: "↑  b.txt")
            #expect(at.openAI.uploadCount == 3)
            #expect(try await status(at).paused == false)
        }
    }

    @Test func aPauseOutlivesTheWatch() async throws {
        try await AtOpenAI.with(["a.txt": "a\n"], environment: Self.soon) { at in
            let paused: Paused = try await at.satchel.document(["pause"])
            #expect(paused.paused && paused.changed && !paused.watched)
            #expect(try await status(at).paused)
            let watch = try at.satchel.start(["watch"])
            try await watch.line(containing: "paused since")
            try await watch.line(containing: "Ctrl-C stops")
            #expect(at.openAI.uploadCount == 0)
            try await at.satchel.run(["resume"]).check()
            try await watch.line(containing: "↑  a.txt")
            watch.send(SIGTERM)
            try await watch.finish().check()
            let resumed: Paused = try await at.satchel.document(["resume"])
            #expect(!resumed.paused && !resumed.changed)
        }
    }

    @Test func aPauseInTheMiddleOfASyncBeginsNothingMore() async throws {
        try await AtOpenAI.with(manyFiles(40), environment: Self.soon) { at in
            let gate = try TestGate()
            at.server.inject(.hold(gate), on: "POST /v1/files", times: 8)
            let watch = try at.satchel.start(["watch"])
            try await gate.arrivals(8)
            let shown = try await status(at)
            #expect(shown.queue == 40 && shown.paused == false)
            try await at.satchel.run(["pause"]).check()
            gate.open()
            try await watch.line(containing: "Ctrl-C stops")
            #expect(at.openAI.uploadCount == 8)
            try await at.satchel.run(["resume"]).check()
            try await watch.line(containing: "↑", count: 40)
            #expect(at.openAI.uploadCount == 40)
            watch.send(SIGTERM)
            try await watch.finish().check()
        }
    }

    @Test func whileAPauseGathersNothingIsSettled() async throws {
        try await watching(["a.txt": "a\n"]) { at, watch in
            while try await status(at).settled != true {}
            try await at.satchel.run(["pause"]).check()
            try at.workspace.write("b.txt", "b\n")
            while try await status(at).queue != 1 {}
            #expect(try await status(at).settled == false)
            // A look at everything waits too; how many files that will be is not known.
            watch.send(SIGHUP)
            while try await status(at).queue != nil {}
            #expect(try await status(at).settled == false)
            try await at.satchel.run(["resume"]).check()
            try await watch.line(containing: "↑  b.txt")
            while try await status(at).settled != true {}
            #expect(try await status(at).queue == 0)
        }
    }

    @Test func aPausedWorkspaceNeverSettlesAndThatIsSaidAtOnce() async throws {
        try await AtOpenAI.with(["a.txt": "a\n"]) { at in
            try await at.satchel.run(["pause"]).check()
            let failure = try await at.satchel.failure("watch", "--once-settled", status: 2)
            #expect(failure.code == "cannot_start" && failure.hint == "run satchel resume first")
            try await at.satchel.run(["resume"]).check()
            try await at.satchel.run(["watch", "--once-settled"]).check()
            #expect(at.openAI.uploadCount == 1)
        }
    }

    // MARK: What is told

    @Test func theFirstSyncOfAWatchIsReportedOnce() async throws {
        try await watching(["a.txt": "a\n"], arguments: ["--events"]) { _, watch in
            #expect(watch.stdout.ranges(of: "\"type\":\"report\"").count == 1, "\(watch.stdout)")
        }
    }

    @Test func whatIsDoneForAnotherAccountIsNotToldAsTheWatchsOwn() async throws {
        try await watching(["a.txt": "a\n"], arguments: ["--events"]) { at, watch in
            let before = watch.stdout
            #expect(try await at.satchel.sync("--to", "local").summary.uploaded == 1)
            try await at.satchel.run(["rehydrate", "--to", "local"]).check()
            try at.workspace.write("b.txt", "b\n")
            try await watch.line(containing: "b.txt")
            let told = watch.stdout.dropFirst(before.count)
            #expect(!told.contains("a.txt"), "\(told)")
        }
    }

    // MARK: Outages

    @Test func anOutageIsOneLineAndItsEndAnother() async throws {
        try await watching(["a.txt": "a\n"], environment: ["SATCHEL_RETRIES": "0"]) { at, watch in
            at.server.inject(.openAI(503, "out for tea"), on: .any, times: 1000)
            for (path, text) in manyFiles(12) { try at.workspace.write(path, text) }
            try await watch.errorLine(containing: "503")
            while try await status(at).queue != 12 {}
            let shown = try await status(at)
            #expect(shown.queue == 12 && shown.outageSince != nil && shown.settled == false)
            #expect(shown.lastError?.contains("out for tea") == true && shown.lastErrorAt != nil)
            #expect(try await at.satchel.run(["status"]).check().stdout.contains("last error"))
            at.server.clearFaults()
            try await watch.line(containing: "↑", count: 13)
            try await watch.errorLine(containing: "openai takes files again, after")
            let errors = watch.stderr.split(separator: "\n")
            #expect(errors.count == 2, "\(watch.stderr)")
            #expect(try await status(at).queue == 0)
        }
    }

    @Test func eventsOfAWatchTellEveryFileAndTheOutage() async throws {
        struct Event: Decodable {
            var type: String
            var files: Int?
            var code, path, until: String?
            var seconds: Double?
        }
        let environment = ["SATCHEL_RETRIES": "0"]
        try await watching(["a.txt": "a\n"], environment: environment, arguments: ["--events"]) { at, watch in
            at.server.inject(.openAI(503, "out for tea"), on: "POST /v1/files", times: 2)
            try at.workspace.write("b.txt", "b\n")
            try at.workspace.write("c.txt", "c\n")
            try await watch.line(containing: "\"outage\"")
            try await watch.line(containing: "\"recovered\"")
            try await at.satchel.run(["pause"]).check()
            try await at.satchel.run(["resume"]).check()
            try await watch.line(containing: "\"resumed\"")
            let decoder = JSONDecoder()
            decoder.keyDecodingStrategy = .convertFromSnakeCase
            let events = try watch.stdout.split(separator: "\n").map {
                try decoder.decode(Event.self, from: Data($0.utf8))
            }
            #expect(events.count { $0.type == "failed" } == 2)
            let outage = try #require(events.first { $0.type == "outage" })
            #expect(outage.code == "temporary" && outage.until != nil && outage.path != nil)
            #expect(events.contains { $0.type == "paused" })
            #expect(events.first { $0.type == "recovered" }?.seconds != nil)
        }
    }

    @Test func whatAnOutageLeftIsDoneByTheNextWatch() async throws {
        try await AtOpenAI.with(["a.txt": "a\n"], environment: Self.soon) { at in
            at.satchel.set("SATCHEL_RETRIES", "0")
            at.server.inject(.refuse, on: .any, times: 1000)
            let first = try at.satchel.start(["watch"])
            try await first.errorLine(containing: "a.txt")
            first.send(SIGKILL)
            _ = try await first.status()
            at.server.clearFaults()
            let second = try await at.satchel.run(["watch", "--once-settled"]).check()
            #expect(second.stdout.contains("↑  a.txt"))
            #expect(at.openAI.uploadCount == 1)
        }
    }

    // MARK: By the clock

    @Test func whatNothingNeedsIsDeletedByTheClock() async throws {
        let environment = ["SATCHEL_WATCH_CLEANUP": "2s", "SATCHEL_KEEP_UNREFERENCED": "1s"]
        let arguments: [String] = []
        try await watching(["a.txt": "a\n", "b.txt": "b\n"], environment: environment, arguments: arguments) {
            at,
            watch in
            at.workspace.remove("b.txt")
            try await watch.line(containing: "-  b.txt")
            try await watch.line(containing: "cleanup: 1 copies deleted (2 B)")
            #expect(at.openAI.files.count == 1)
        }
    }

    // MARK: Several workspaces

    @Test func twoWatchesShareTheLimitsOfTheirAccount() async throws {
        try await AtOpenAI.with(manyFiles(6), environment: Self.soon) { at in
            try at.satchel.home.makeFolder(".config/satchel")
            let lines = "accounts:\n  openai:\n    limits: {requests_per_minute: 10}\n"
            try at.satchel.home.write(".config/satchel/config.yaml", RawBytes(lines))
            let other = try TemporaryWorkspace(["x.txt": "x\n", "y.txt": "y\n"], named: "other")
            try await at.satchel.run(["init", "--quiet"], in: other.root).check()
            other.remove("satchel.yaml")
            let one = try at.satchel.start(["watch", "--events"])
            try await one.line(containing: "\"ready\"")
            let two = try at.satchel.start(["watch", "--events"], in: other.root)
            try await two.line(containing: "\"ready\"")
            // Eight requests are used up; the next two are free, and then both wait.
            for index in 0..<3 { try other.write(RawBytes("more\(index).txt"), RawBytes("more \(index)\n")) }
            try await two.line(containing: "rate limit of 10 requests a minute")
            try at.workspace.write("last.txt", "last\n")
            try await one.line(containing: "rate limit of 10 requests a minute")
            #expect(at.server.requests.count <= 10)
            for watch in [one, two] {
                watch.send(SIGTERM)
                try await watch.status().expectZero()
            }
        }
    }

    @Test func doctorSaysHowManyInotifyInstancesAreTaken() async throws {
        try await watching(["a.txt": "a\n"]) { at, _ in
            let doctor = try await at.satchel.run(["doctor"]).check()
            let line = try #require(doctor.stdout.split(separator: "\n").first { $0.contains("inotify") })
            #expect(line.contains("instances") && line.contains(" of "))
        }
    }
}

extension Int32 {
    fileprivate func expectZero() { #expect(self == 0) }
}
