import Glibc
import SatchelTestSupport
import Testing

/// What piles up while a watch is busy.
@Suite struct WatchBacklogTests {
    @Test func changesAndHangupsDuringALongUploadAreOneLookAfterwards() async throws {
        let soon = ["SATCHEL_WATCH_QUIET": "20ms", "SATCHEL_WATCH_CAP": "100ms"]
        try await AtOpenAI.with(["a.txt": "a\n"], environment: soon) { at in
            let watch = try at.satchel.start(["watch", "--events"])
            try await watch.line(containing: "\"ready\"")
            let gate = try TestGate()
            at.server.inject(.hold(gate), on: "POST /v1/files")
            try at.workspace.write("long.txt", "long\n")
            try await gate.arrivals()
            let before = looks(watch)
            for round in 0..<20 {
                try at.workspace.write(RawBytes("new\(round)/\(round).txt"), RawBytes("\(round)\n"))
                watch.send(SIGHUP)
                // Enough for each to settle by itself.
                try await Task.sleep(for: .milliseconds(60))
            }
            gate.open()
            try await watch.line(containing: "new19/19.txt")
            try await at.satchel.run(["sync"]).check()
            #expect(at.openAI.uploadCount == 22)
            // What was taken already when the upload began to wait, then all the rest at once; and the sync.
            #expect(looks(watch) - before <= 8, "\(watch.stdout)")
            watch.send(SIGTERM)
            try await watch.finish().check()
        }
    }

    private func looks(_ watch: SpawnedProcess) -> Int {
        watch.stdout.split(separator: "\n").count { $0.contains("\"report\"") }
    }
}
