import FoundationEssentials
import Glibc
import SatchelTestSupport
import Testing

/// An account that does not take files for a while: what waits, when it is tried again, and what is said of it.
@Suite struct OutageTests {
    private struct Watched: Decodable {
        struct Watch: Decodable {
            var queue: Int?
            var settled: Bool?
            var outageSince, nextRetry: String?
        }

        var watch: Watch
    }

    private func status(_ at: AtOpenAI) async throws -> Watched.Watch {
        let document: Watched = try await at.satchel.document(["status"])
        return document.watch
    }

    private func watching(
        _ files: [RawBytes: RawBytes] = [:],
        environment: [String: String] = [:],
        arguments: [String] = [],
        _ body: (AtOpenAI, SpawnedProcess) async throws -> Void
    ) async throws {
        let settings = AtWatch.soon.merging(["SATCHEL_RETRIES": "0"]) { $1 }.merging(environment) { $1 }
        try await AtOpenAI.with(files, environment: settings) { at in
            let watch = try at.satchel.start(["watch"] + arguments)
            try await watch.line(containing: "Ctrl-C stops")
            try await body(at, watch)
            watch.send(SIGTERM)
            try await watch.finish().check()
        }
    }

    @Test func whenTheServerIsBackWhatWaitedIsSentWithTheNextFile() async throws {
        try await watching(arguments: ["-v"]) { at, watch in
            at.server.inject(.openAI(500, "out for tea"), on: "POST /v1/files", times: 1000)
            for index in 0..<8 {
                try at.workspace.write(RawBytes("f\(index).txt"), RawBytes("text \(index)\n"))
                try await watch.errorLine(containing: "f\(index).txt: 500")
            }
            // The first try of all of them, in vain.
            try await watch.errorLine(containing: "f0.txt: 500", count: 3)
            while try await status(at).nextRetry == nil {}
            #expect(try await at.satchel.run(["status"]).check().stdout.contains("8 waiting, tries again in"))
            at.server.clearFaults()
            try at.workspace.write("z.txt", "z\n")
            try await watch.line(containing: "↑  z.txt")
            for index in 0..<8 { try await watch.line(containing: "↑  f\(index).txt", within: .seconds(20)) }
            try await watch.errorLine(containing: "openai takes files again")
            while try await status(at).settled != true {}
            let shown = try await status(at)
            #expect(shown.queue == 0 && shown.nextRetry == nil && shown.outageSince == nil)
        }
    }

    @Test func anAccountTakesFilesAgainOnlyWhenNoneWaits() async throws {
        try await watching(arguments: ["-v"]) { at, watch in
            at.server.inject(.openAI(500, "out for tea"), on: "POST /v1/files", times: 1)
            try at.workspace.write("a.txt", "a\n")
            try await watch.errorLine(containing: "a.txt: 500")
            let gate = try TestGate()
            at.server.inject(.hold(gate), on: "POST /v1/files", times: 1)
            try at.workspace.write("z.txt", "z\n")
            try await gate.arrivals()
            // What waited is tried again at once, and held too.
            let second = try TestGate()
            at.server.inject(.hold(second), on: "POST /v1/files", times: 1)
            gate.open()
            try await watch.line(containing: "↑  z.txt")
            try await second.arrivals()
            #expect(!watch.stderr.contains("takes files again"), "\(watch.stderr)")
            second.open()
            try await watch.line(containing: "↑  a.txt")
            try await watch.errorLine(containing: "takes files again")
        }
    }

    @Test(arguments: ["sync", "rehydrate"])
    func anOutageEndsWithWhatSomebodyElseAsksFor(_ command: String) async throws {
        try await watching(arguments: ["-v"]) { at, watch in
            at.server.inject(.openAI(500, "out for tea"), on: "POST /v1/files", times: 1000)
            for index in 0..<3 { try at.workspace.write(RawBytes("f\(index).txt"), RawBytes("text \(index)\n")) }
            while try await status(at).queue != 3 {}
            // The first try was in vain: the watch itself looks again in ten seconds.
            try await watch.errorLine(containing: "f2.txt: 500", count: 2)
            at.server.clearFaults()
            try await at.satchel.run([command]).check()
            try await watch.errorLine(containing: "openai takes files again", within: .seconds(5))
            while try await status(at).settled != true {}
            let shown = try await status(at)
            #expect(shown.queue == 0 && shown.outageSince == nil && shown.nextRetry == nil)
            #expect(at.openAI.uploadCount == 3)
        }
    }

    @Test func anOutageThatSomebodyElseMeetsIsTheWatchsToo() async throws {
        let late = ["SATCHEL_WATCH_QUIET": "10m", "SATCHEL_WATCH_CAP": "10m"]
        try await watching(environment: late) { at, watch in
            at.server.inject(.openAI(500, "out for tea"), on: "POST /v1/files", times: 1)
            try at.workspace.write("a.txt", "a\n")
            try await at.satchel.run(["sync"]).check(6)
            try await watch.errorLine(containing: "a.txt: 500")
            try await watch.line(containing: "↑  a.txt")
            try await watch.errorLine(containing: "takes files again")
        }
    }

    // MARK: What is settled

    @Test(arguments: [403, 404, 413])
    func whatWasRefusedIsNotSettled(_ refusal: Int) async throws {
        try await watching { at, watch in
            let fault = LoopbackFault.openAI(refusal, "not this one", type: "invalid_request_error")
            at.server.inject(fault, on: "POST /v1/files")
            try at.workspace.write("b.txt", "b\n")
            try await watch.errorLine(containing: "b.txt: \(refusal)")
            // Answered when the watch is done with that.
            try await at.satchel.run(["cleanup"]).check()
            let shown = try await status(at)
            #expect(shown.settled == false && shown.nextRetry == nil)
            #expect(try await !at.satchel.run(["status"]).check().stdout.contains("nothing left to do"))
            try await at.satchel.run(["sync"]).check()
            while try await status(at).settled != true {}
        }
    }

    @Test func whatHasNotComeToRestIsNotSettled() async throws {
        let late = ["SATCHEL_WATCH_QUIET": "10m", "SATCHEL_WATCH_CAP": "10m"]
        try await watching(["a.txt": "a\n"], environment: late) { at, _ in
            #expect(try await status(at).settled == true)
            try at.workspace.write("b.txt", "b\n")
            try await until("the change to be known") { try await status(at).settled == false }
            #expect(at.openAI.uploadCount == 1)
            try await at.satchel.run(["sync"]).check()
            try await until("nothing to be left") { try await status(at).settled == true }
        }
    }

    @Test(arguments: [200, 302])
    func whatIsNoAnswerOfTheAccountIsWaitedOut(_ code: Int) async throws {
        try await watching(["a.txt": "a\n"]) { at, watch in
            let page = "<html>Welcome to the hotel</html>"
            at.server.inject(
                .status(code, headers: ["Location": "http://127.0.0.1:1/"], body: page),
                on: .any,
                times: 1000
            )
            try at.workspace.write("b.txt", "b\n")
            try await watch.errorLine(containing: "tried again in")
            while try await status(at).queue != 1 {}
            #expect(try await status(at).settled == false)
            at.server.clearFaults()
            try await watch.line(containing: "↑  b.txt")
            try await watch.errorLine(containing: "takes files again")
            #expect(watch.stderr.split(separator: "\n").count == 2, "\(watch.stderr)")
            try at.expectHeld(["a.txt", "b.txt"])
        }
    }

    @Test func onceSettledEndsWhereOnlySomebodyElseCanHelp() async throws {
        try await AtOpenAI.with(["a.txt": "a\n"], environment: AtWatch.soon) { at in
            at.server.inject(.status(200, body: "<html></html>"), on: "POST /v1/files", times: 1000)
            let watch = try await at.satchel.run(["watch", "--once-settled"]).check(1)
            #expect(watch.stderr.contains("a.txt: ") && !watch.stderr.contains("tried again"), "\(watch)")
        }
    }

    @Test func onceSettledDoesNotEndBeforeWhatChangedMeanwhile() async throws {
        try await AtOpenAI.with(["a.txt": "a\n"]) { at in
            let gate = try TestGate()
            at.server.inject(.hold(gate), on: "POST /v1/files")
            let watch = try at.satchel.start(["watch", "--once-settled"])
            try await gate.arrivals()
            try at.workspace.write("b.txt", "b\n")
            gate.open()
            let ended = try await watch.finish().check()
            #expect(ended.stdout.contains("↑  b.txt"), "\(ended)")
            try at.expectHeld(["a.txt", "b.txt"])
        }
    }
}
