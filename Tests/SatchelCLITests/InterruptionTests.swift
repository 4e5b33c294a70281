import Glibc
import SatchelTestSupport
import Testing

/// Ending in the middle: by a signal, by a crash, and by another process that was first.
@Suite struct InterruptionTests {
    private func manyFiles(_ count: Int) -> [RawBytes: RawBytes] {
        Dictionary(uniqueKeysWithValues: (0..<count).map { (RawBytes("file\($0).txt"), RawBytes("text \($0)\n")) })
    }

    @Test func aKilledSyncIsTakenUpWithoutSendingTwice() async throws {
        try await AtOpenAI.with(manyFiles(40)) { at in
            // The account has the files; their answers never arrive.
            let gate = try TestGate()
            at.server.inject(.holdAnswer(gate), on: "POST /v1/files", times: 8)
            let sync = try at.satchel.start(["sync"])
            try await gate.arrivals(8)
            sync.send(SIGKILL)
            #expect(try await sync.status() == 128 + SIGKILL)
            gate.open()
            #expect(at.openAI.uploadCount == 8)

            let next = try await at.satchel.sync()
            #expect(next.ok)
            try at.expectHeld(Array(manyFiles(40).keys))
            #expect(at.openAI.uploadCount == 40)
            try await at.expectConvergence()
        }
    }

    @Test func aSyncThatIsKilledWhileItSendsStartsAgain() async throws {
        let server = LoopbackServer(receiveBuffer: 4096)
        let files: [RawBytes: RawBytes] = ["big.txt": RawBytes(String(repeating: "tea ", count: 2_000_000))]
        try await AtOpenAI.with(files, server: server) { at in
            let gate = try TestGate()
            at.server.inject(.holdRequest(afterBytes: 10_000, gate), on: "POST /v1/files")
            let sync = try at.satchel.start(["sync"])
            try await gate.arrivals()
            sync.send(SIGKILL)
            _ = try await sync.status()
            gate.open()
            try await at.server.hangUps()
            #expect(at.openAI.uploadCount == 0)
            #expect(try await at.satchel.status().accounts.first?.pending == 1)
            #expect(try await at.satchel.sync().summary.uploaded == 1)
            try at.expectHeld(["big.txt"])
        }
    }

    @Test(arguments: [SIGINT, SIGTERM])
    func aStoppedSyncIsConsistent(_ signal: Int32) async throws {
        try await AtOpenAI.with(manyFiles(40)) { at in
            let gate = try TestGate()
            at.server.inject(.holdAnswer(gate), on: "POST /v1/files", times: 8)
            let sync = try at.satchel.start(["sync"])
            try await gate.arrivals(8)
            sync.send(signal)
            let finished = try await sync.finish().check(130)
            #expect(finished.stderr.contains("interrupted") && !finished.stderr.contains("cancelled"), "\(finished)")
            gate.open()

            let next = try await at.satchel.sync()
            #expect(next.ok)
            try at.expectHeld(Array(manyFiles(40).keys))
            #expect(at.openAI.uploadCount == 40, "nothing was sent twice")
            try await at.expectConvergence()
        }
    }

    @Test(arguments: [
        ("watch", SIGTERM, Int32(0)), ("watch", SIGINT, 0), ("sync", SIGTERM, 130), ("sync", SIGINT, 130),
    ])
    func whatIsStoppedWhileItLooksEndsLikeAtAnyOtherMoment(_ command: String, _ signal: Int32, _ status: Int32)
        async throws
    {
        var files: [RawBytes: RawBytes] = [:]
        for index in 0..<4000 { files[RawBytes("d\(index % 40)/f\(index).txt")] = RawBytes("text \(index)\n") }
        try await AtOpenAI.with(files) { at in
            let running = try at.satchel.start([command, "--events"])
            try await running.line(containing: "\"scanning\"")
            running.send(signal)
            let ended = try await running.finish().check(status)
            #expect(!(ended.stdout + ended.stderr).contains("the scan was cancelled"), "\(ended.stderr)")
        }
    }

    @Test func uploadsThatNeverHappenedAreNoCopiesToDelete() async throws {
        try await AtOpenAI.with(manyFiles(40), environment: ["SATCHEL_PARALLEL_UPLOADS": "1"]) { at in
            let gate = try TestGate()
            at.server.inject(.hold(gate), on: "POST /v1/files")
            let sync = try at.satchel.start(["sync"])
            try await gate.arrivals()
            sync.send(SIGKILL)
            _ = try await sync.status()
            gate.open()
            for (path, content) in manyFiles(40) { try at.workspace.write(path, RawBytes("new " + "\(content)")) }
            let plan = try await at.satchel.sync("--dry-run")
            #expect(plan.summary.deleted == 0 && plan.actions.allSatisfy { $0.action == "upload" })
            let next = try await at.satchel.sync()
            #expect(next.ok && next.summary.uploaded == 40 && next.summary.deleted == 0)
            let clean = try await at.satchel.cleanup("--older-than", "0")
            #expect(clean.summary.kept == 40)
            try await at.expectConvergence()
        }
    }

    @Test func whatWasDoneBeforeAStopIsRemembered() async throws {
        try await AtOpenAI.with(manyFiles(10), environment: ["SATCHEL_PARALLEL_UPLOADS": "1"]) { at in
            try await at.satchel.sync("file0.txt", "file1.txt")
            let gate = try TestGate()
            at.server.inject(.hold(gate), on: "POST /v1/files")
            let sync = try at.satchel.start(["sync", "--json"])
            try await gate.arrivals()
            sync.send(SIGINT)
            let finished = try await sync.finish().check(130)
            #expect(finished.json?["error"]?["code"] == "interrupted")
            gate.open()
            #expect(try await at.satchel.list().files.filter { $0.state == "in_step" }.count == 2)
            try await at.expectConvergence()
            try at.expectHeld(Array(manyFiles(10).keys))
        }
    }

    @Test func whetherAnUploadArrivedIsAskedBeforeItIsSentAgain() async throws {
        try await AtOpenAI.with(["tea.txt": "Earl Grey\n"], environment: ["SATCHEL_RETRIES": "0"]) { at in
            // The answer is lost, and the account cannot be asked for it either.
            at.server.inject(.loseAnswer, on: "POST /v1/files")
            at.server.inject(.openAI(500, "no"), on: "GET /v1/files", times: 2)
            try await at.satchel.sync(status: 6)
            let asked = try await at.satchel.sync(status: 6)
            #expect(asked.summary.failed == 1)
            #expect(at.openAI.uploadCount == 1)
            try await at.expectConvergence()
            #expect(at.openAI.uploadCount == 1)
        }
    }

    @Test func theCopyOfAnotherWorkspaceIsNotTakenForOneWhoseAnswerWasLost() async throws {
        try await AtOpenAI.with(["tea.txt": "Earl Grey\n"]) { at in
            try await at.satchel.sync()
            let theirs = try #require(at.openAI.files.first?.id)
            try await RunningSatchel.initialised(["tea.txt": "Earl Grey\n"], environment: at.openAI.environment) {
                other in
                at.server.inject(.openAI(500, "no"), on: "POST /v1/files")
                try await other.sync()
                let own = try #require(try await other.list()["tea.txt"]?.remotes.first?.remoteId)
                #expect(own != theirs)
                other.workspace.remove("tea.txt")
                try await other.run(["sync", "--yes"]).check()
                try await other.run(["cleanup", "--older-than", "0", "--yes"]).check()
                #expect(at.openAI.files.map(\.id) == [theirs])
            }
            // A copy that this workspace made before is none either.
            at.server.inject(.openAI(500, "no"), on: "POST /v1/files")
            try await at.satchel.run(["rehydrate", "--all"]).check()
            #expect(at.openAI.uploadCount == 3)
            try await at.expectConvergence()
        }
    }

    @Test func whatACrashLeftToFindIsNotTheCopyOfAnotherWorkspace() async throws {
        let big = RawBytes(String(repeating: "tea ", count: 200_000))
        try await AtOpenAI.with(["big.txt": big], server: LoopbackServer(receiveBuffer: 4096)) { at in
            try await at.satchel.sync()
            let theirs = try #require(at.openAI.files.first?.id)
            try await RunningSatchel.initialised(["big.txt": big], environment: at.openAI.environment) { other in
                let gate = try TestGate()
                at.server.inject(.holdRequest(afterBytes: 10_000, gate), on: "POST /v1/files")
                let sync = try other.start(["sync"])
                try await gate.arrivals()
                sync.send(SIGKILL)
                _ = try await sync.status()
                gate.open()
                try other.workspace.write("big.txt", "small\n")
                try await other.sync()
                #expect(at.openAI.files.contains { $0.id == theirs })
            }
            #expect(try await at.satchel.list()["big.txt"]?.remotes.map(\.remoteId) == [theirs])
        }
    }

    @Test func oneProcessWritesAndTheOthersSayWhoItIs() async throws {
        try await AtOpenAI.with(manyFiles(3)) { at in
            let gate = try TestGate()
            at.server.inject(.hold(gate), on: "POST /v1/files", times: 3)
            let first = try at.satchel.start(["sync"])
            try await gate.arrivals()
            let second = try await at.satchel.run(["sync", "--wait", "0"]).check(2)
            #expect(second.stderr.contains("\(first.pid)"))
            // Looking needs no lock.
            #expect(try await at.satchel.status().accounts.count == 1)
            let patient = try at.satchel.start(["sync"])
            gate.open()
            try await first.finish().check()
            let finished = try await patient.finish().check()
            #expect(finished.stdout.contains("3 unchanged"))
            #expect(at.openAI.uploadCount == 3)
        }
    }

    @Test func aLockOfADeadProcessHoldsNobodyUp() async throws {
        try await AtOpenAI.with(manyFiles(1)) { at in
            let gate = try TestGate()
            at.server.inject(.hold(gate), on: "POST /v1/files")
            let first = try at.satchel.start(["sync"])
            try await gate.arrivals()
            first.send(SIGKILL)
            _ = try await first.status()
            gate.open()
            try await at.satchel.sync("--wait", "0")
            // The late request was carried out by the account as well; the next run sends nothing more.
            try await at.expectConvergence()
        }
    }
}
