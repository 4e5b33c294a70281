import Glibc
import SatchelTestSupport
import Testing

/// Files that change, go or cannot be read while they are synced.
@Suite struct ChangingFilesTests {
    private let large = RawBytes(String(repeating: "Earl Grey, hot. ", count: 500_000))

    /// Begins a sync of `big.txt`, changes it while its bytes are on their way, and lets them go on.
    private func whileUploading(
        _ change: (TemporaryWorkspace) throws -> Void,
        then body: (AtOpenAI, SyncDocument) async throws -> Void
    ) async throws {
        let server = LoopbackServer(receiveBuffer: 4096)
        try await AtOpenAI.with(["big.txt": large, "tea.txt": "tea\n"], server: server) { at in
            try await at.satchel.sync("tea.txt")
            let gate = try TestGate()
            at.server.inject(.holdRequest(afterBytes: 10_000, gate), on: "POST /v1/files")
            let sync = try at.satchel.start(["sync", "--json"])
            try await gate.arrivals()
            try change(at.workspace)
            gate.open()
            let finished = try await sync.finish()
            let decoded: SyncDocument = try decode(finished)
            #expect(decoded.summary.addsUp)
            try await body(at, decoded)
        }
    }

    @Test func aFileThatGrowsWhileItIsSentIsLeftToTheNextRun() async throws {
        try await whileUploading { workspace in
            try workspace.write("big.txt", RawBytes(large.bytes + Array("and more".utf8)))
        } then: { at, report in
            #expect(report.failures.map(\.path) == ["big.txt"])
            #expect(report.failures.first?.retryable == true)
            // What no longer has the bytes that were hashed is not kept.
            try at.expectHeld(["tea.txt"])
            try await at.expectConvergence()
            try at.expectHeld(["big.txt", "tea.txt"])
        }
    }

    @Test func aFileThatShrinksWhileItIsSentIsLeftToTheNextRun() async throws {
        try await whileUploading { workspace in
            try workspace.write("big.txt", "short")
        } then: { at, report in
            #expect(report.failures.map(\.path) == ["big.txt"])
            try await at.expectConvergence()
            try at.expectHeld(["big.txt", "tea.txt"])
        }
    }

    @Test func aFileThatIsOverwrittenInPlaceIsNotTakenForTheOldOne() async throws {
        try await whileUploading { workspace in
            try workspace.write("big.txt", RawBytes(large.bytes.reversed()))
        } then: { at, report in
            #expect(report.failures.map(\.path) == ["big.txt"])
            try await at.expectConvergence()
            try at.expectHeld(["big.txt", "tea.txt"])
        }
    }

    /// Two paths have one large content; the one that is read is overwritten in place just before its turn, and `fault`
    /// then strikes its upload.
    private func whileAnotherIsSent(
        _ fault: LoopbackFault,
        _ body: (AtOpenAI, SpawnedProcess, TestGate) async throws -> Void
    ) async throws {
        let files: [RawBytes: RawBytes] = ["a.txt": "first\n", "big.txt": large, "same.txt": large]
        try await AtOpenAI.with(files, environment: ["SATCHEL_PARALLEL_UPLOADS": "1"]) { at in
            let gate = try TestGate()
            at.server.inject(.hold(gate), on: "POST /v1/files")
            at.server.inject(fault, on: "POST /v1/files")
            let sync = try at.satchel.start(["sync", "--json"])
            try await gate.arrivals()
            try at.workspace.write("big.txt", RawBytes(large.bytes.reversed()))
            gate.open()
            try await body(at, sync, gate)
            let next = try await at.satchel.sync()
            // The first file is found at the account when its end was not yet written down.
            #expect(next.ok && next.summary.unchanged + next.summary.linked == 1 && next.summary.uploaded == 2)
            try at.expectHeld(["a.txt", "big.txt", "same.txt"])
            try await at.expectConvergence()
        }
    }

    @Test func aCopyOfOtherBytesIsNotAdoptedWhenItsAnswerIsLost() async throws {
        try await whileAnotherIsSent(.loseAnswer) { _, sync, _ in
            let report: SyncDocument = try decode(try await sync.finish().check(1))
            #expect(report.summary.uploaded == 1 && report.summary.failed == 2 && report.summary.addsUp)
            #expect(Set(report.failures.map(\.code)) == ["changed"])
        }
    }

    @Test func aCopyOfOtherBytesIsNotAdoptedAfterACrash() async throws {
        let answer = try TestGate()
        try await whileAnotherIsSent(.holdAnswer(answer)) { _, sync, _ in
            try await answer.arrivals()
            sync.send(SIGKILL)
            _ = try await sync.status()
            answer.open()
        }
    }

    @Test func aLargeFileThatStayedAsItWasIsAdoptedAfterACrash() async throws {
        try await AtOpenAI.with(["big.txt": large]) { at in
            let answer = try TestGate()
            at.server.inject(.holdAnswer(answer), on: "POST /v1/files")
            let sync = try at.satchel.start(["sync"])
            try await answer.arrivals()
            sync.send(SIGKILL)
            _ = try await sync.status()
            answer.open()
            #expect(try await at.satchel.sync().summary.uploaded == 0)
            #expect(at.openAI.uploadCount == 1)
            try await at.expectConvergence()
        }
    }

    @Test func aFileThatIsReplacedAtomicallyIsSentAsItWas() async throws {
        try await whileUploading { workspace in
            try workspace.replace("big.txt", "another file altogether\n")
        } then: { at, _ in
            // Whether the old bytes count or are dropped, the end is the same.
            try await at.expectConvergence()
            #expect(at.openAI.files.contains { $0.text == "another file altogether\n" })
            #expect(try await at.satchel.list()["big.txt"]?.size == 24)
        }
    }

    @Test func aFileThatVanishesBeforeItsTurnFailsAlone() async throws {
        let files: [RawBytes: RawBytes] = ["a.txt": "a\n", "b.txt": "b\n", "c.txt": "c\n"]
        try await AtOpenAI.with(files, environment: ["SATCHEL_PARALLEL_UPLOADS": "1"]) { at in
            let gate = try TestGate()
            at.server.inject(.hold(gate), on: "POST /v1/files")
            let sync = try at.satchel.start(["sync", "--json"])
            try await gate.arrivals()
            at.workspace.remove("b.txt")
            gate.open()
            let report: SyncDocument = try decode(try await sync.finish().check(1))
            #expect(report.summary.uploaded == 2 && report.summary.failed == 1)
            #expect(report.failures.map(\.code) == ["vanished"])
            let next = try await at.satchel.sync()
            #expect(next.summary.unchanged == 2 && next.summary.forgotten == 1)
        }
    }

    @Test func whatCannotBeReadIsReportedAndNothingBelowItIsDeleted() async throws {
        let files: [RawBytes: RawBytes] = [
            "open.txt": "open\n", "closed.txt": "closed\n", "vault/gold.txt": "gold\n",
            "vault/deep/silver.txt": "silver\n",
        ]
        try await LoopbackOpenAI.with { openAI in
            let somebody = try Unprivileged(
                files,
                environment: openAI.environment.merging(["SATCHEL_KEEP_UNREFERENCED": "0s"]) { $1 }
            )
            try await somebody.run(["init", "-q"]).check()
            somebody.workspace.remove("satchel.yaml")
            try await somebody.run(["sync"]).check()
            #expect(openAI.files.count == 4)

            try somebody.workspace.setMode("closed.txt", 0)
            try somebody.workspace.setMode("vault", 0)
            try somebody.workspace.write("open.txt", "changed\n")
            try somebody.giveAway("open.txt")
            let finished = try await somebody.run(["sync", "--json"]).check(1)
            let report: SyncDocument = try decode(finished)
            #expect(report.summary.addsUp)
            #expect(report.summary.uploaded == 1 && report.summary.failed == 2)
            #expect(Set(report.failures.map(\.path)) == ["closed.txt", "vault"])
            #expect(report.failures.allSatisfy { $0.code == "unreadable" })
            // Its own old copy is not needed any more; those below the vault may be.
            #expect(openAI.files.contains { $0.text == "gold\n" })
            #expect(openAI.files.contains { $0.text == "silver\n" })
            #expect(openAI.files.contains { $0.text == "closed\n" })

            try somebody.workspace.setMode("vault", 0o755)
            try somebody.workspace.setMode("closed.txt", 0o644)
            try await somebody.run(["sync"]).check()
            #expect(openAI.uploadCount == 5)
        }
    }
}
