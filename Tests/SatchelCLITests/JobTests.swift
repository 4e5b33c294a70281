import Glibc
import SatchelTestSupport
import Testing

/// Questions that are put down and asked later, by another process.
@Suite struct JobTests {
    private struct Detached: Decodable {
        var job, thread: Int64
    }

    private struct JobDocument: Decodable {
        struct Job: Decodable {
            var job: Int64
            var state: String
            var attempts: Int
            var thread, message: Int64?
            var error: String?
        }

        var ok: Bool
        var job: Job
        var answer: String?
    }

    private struct RunDocument: Decodable {
        var done, failed: Int
    }

    private func with(
        environment: [String: String] = [:],
        _ body: (AtOpenAI) async throws -> Void
    ) async throws {
        let whole = ["SATCHEL_MODEL": "echo", "SATCHEL_RETRIES": "0"].merging(environment) { $1 }
        try await AtOpenAI.with(["tea.txt": "Earl Grey\n"], environment: whole, body)
    }

    private func detach(_ at: AtOpenAI, _ arguments: String...) async throws -> Int64 {
        let detached: Detached = try await at.satchel.document(["chat", "--detach"] + arguments)
        return detached.job
    }

    @Test func aDetachedQuestionIsAskedByARun() async throws {
        try await with { at in
            let job = try await detach(at, "what is in @tea.txt?", "-m", "other")
            #expect(at.server.requests("POST /v1/responses").isEmpty)
            let run: RunDocument = try await at.satchel.document(["jobs", "run"])
            #expect(run.done == 1 && run.failed == 0)
            let waited: JobDocument = try await at.satchel.document(["wait", "\(job)"])
            #expect(waited.job.state == "done" && waited.answer?.contains("you said: what is in @tea.txt?") == true)
            #expect(at.server.requests("POST /v1/responses").first?.json?["model"] == "other")
            let next = try await at.satchel.chat("-c", "and?")
            #expect(next.thread == waited.job.thread)
            let nothing: RunDocument = try await at.satchel.document(["jobs", "run"])
            #expect(nothing.done == 0)
        }
    }

    @Test func aQuestionWhoseConversationWasDeletedIsNotAskedInAnother() async throws {
        try await with { at in
            let job: Detached = try await at.satchel.document(["chat", "--detach", "a harmless question"])
            try await at.satchel.run(["thread", "rm", "\(job.thread)"]).check()
            let other = try await at.satchel.chat("-p", "local", "what does Ada earn?")
            #expect(other.thread != job.thread, "numbers are given once")
            let run: RunDocument = try await at.satchel.document(["jobs", "run"], status: 1)
            #expect(run.failed == 1 && at.server.requests("POST /v1/responses").isEmpty)
            let shown: JobDocument = try await at.satchel.document(["jobs", "show", "\(job.job)"])
            #expect(shown.job.state == "failed" && shown.job.error?.contains("conversation was deleted") == true)
        }
    }

    @Test func waitPrintsWhatWasFoundWithoutAModel() async throws {
        try await RunningSatchel.initialised(["tea.txt": "Earl Grey\n"]) { satchel in
            let job: Detached = try await satchel.document(["chat", "--detach", "earl grey"])
            try await satchel.run(["jobs", "run"]).check()
            let waited: JobDocument = try await satchel.document(["wait", "\(job.job)"])
            #expect(waited.job.thread == job.thread && waited.answer?.contains("tea.txt:1") == true)
            let text = try await satchel.run(["wait", "\(job.job)"]).check()
            #expect(text.stdout.contains("Earl Grey"))
        }
    }

    @Test func waitTellsAQuotationThatIsNotThere() async throws {
        try await with { at in
            at.openAI.nextAnswer(.text("`tea.txt` says “Lapsang Souchong for everybody”."))
            let job = try await detach(at, "--verify", "what is in @tea.txt?")
            try await at.satchel.run(["jobs", "run"]).check()
            let text = try await at.satchel.run(["wait", "\(job)"]).check(1)
            #expect(text.stdout.contains("not found there"), "\(text)")
            let waited: JobDocument = try await at.satchel.document(["wait", "\(job)"], status: 1)
            #expect(!waited.ok && waited.job.state == "done")
        }
    }

    @Test func aWatchAsksWhatWasPutDown() async throws {
        try await with { at in
            let watch = try at.satchel.start(["watch"])
            try await watch.line(containing: "watching")
            let job = try await detach(at, "what is in @tea.txt?")
            let waited: JobDocument = try await at.satchel.document(["wait", "\(job)", "--timeout", "60s"])
            #expect(waited.job.state == "done")
            watch.send(SIGINT)
            try await watch.finish().check(0)
        }
    }

    @Test func aJobOfAKilledRunIsDoneAgainAndAskedOnceInItsThread() async throws {
        try await with { at in
            let job = try await detach(at, "what is in @tea.txt?")
            let gate = try TestGate()
            at.openAI.nextAnswer(.pausing(after: 3, at: gate))
            let first = try at.satchel.start(["jobs", "run"])
            try await gate.arrivals()
            first.send(SIGKILL)
            _ = try await first.finish()
            gate.open()
            let run: RunDocument = try await at.satchel.document(["jobs", "run"])
            #expect(run.done == 1)
            let waited: JobDocument = try await at.satchel.document(["wait", "\(job)"])
            #expect(waited.job.attempts == 2)
            try await at.satchel.chat("-t", "\(try #require(waited.job.thread))", "and?")
            let turns = try #require(at.server.requests("POST /v1/responses").last?.json?["input"]?.array)
            #expect(turns.map { $0["role"]?.string } == ["user", "assistant", "user"])
            #expect(at.openAI.uploadCount == 1)
        }
    }

    @Test func aStoppedRunPutsItsJobBack() async throws {
        try await with { at in
            let job = try await detach(at, "hm?")
            let gate = try TestGate()
            at.openAI.nextAnswer(.pausing(after: 3, at: gate))
            let run = try at.satchel.start(["jobs", "run"])
            try await gate.arrivals()
            run.send(SIGINT)
            try await run.finish().check(130)
            gate.open()
            let shown: JobDocument = try await at.satchel.document(["jobs", "show", "\(job)"])
            #expect(shown.job.state == "queued" && shown.job.attempts == 0)
        }
    }

    @Test func whatFailsForAPassingReasonIsTriedAgainLater() async throws {
        try await with { at in
            at.server.inject(.openAI(500, "no"), on: "POST /v1/responses")
            let job = try await detach(at, "hm?")
            let run: RunDocument = try await at.satchel.document(["jobs", "run"], status: 1)
            #expect(run.done == 0)
            let shown: JobDocument = try await at.satchel.document(["jobs", "show", "\(job)"])
            #expect(shown.job.state == "queued" && shown.job.attempts == 1 && shown.job.error != nil)
            // It is not due yet.
            let again: RunDocument = try await at.satchel.document(["jobs", "run"])
            #expect(again.done == 0 && again.failed == 0)
        }
    }

    @Test func whatIsRefusedHasFailedUntilItIsRetried() async throws {
        try await with { at in
            at.server.inject(.outOfCredit, on: "POST /v1/responses")
            let job = try await detach(at, "hm?")
            let _: RunDocument = try await at.satchel.document(["jobs", "run"], status: 1)
            let failed: JobDocument = try await at.satchel.document(["wait", "\(job)"], status: 1)
            #expect(failed.job.state == "failed" && failed.answer == nil)
            try await at.satchel.run(["jobs", "retry", "\(job)"]).check()
            let run: RunDocument = try await at.satchel.document(["jobs", "run"])
            #expect(run.done == 1)
            let wrong = try await at.satchel.failure("jobs", "retry", "\(job)", status: 2)
            #expect(wrong.message.contains("done"))
        }
    }

    @Test func aJobCanBeCancelledBeforeAndWhileItRuns() async throws {
        try await with { at in
            let first = try await detach(at, "one")
            try await at.satchel.run(["jobs", "cancel", "\(first)"]).check()
            let second = try await detach(at, "two")
            let gate = try TestGate()
            at.openAI.nextAnswer(.pausing(after: 3, at: gate))
            let run = try at.satchel.start(["jobs", "run"])
            try await gate.arrivals()
            try await at.satchel.run(["jobs", "cancel", "\(second)"]).check()
            try await run.finish().check(1)
            gate.open()
            #expect(at.server.requests("POST /v1/responses").count == 1)
            let listed = try await at.satchel.run(["jobs"]).check()
            #expect(listed.stdout.split(separator: "\n").allSatisfy { $0.contains("cancelled") })
        }
    }

    @Test func waitingForWhatNobodyDoesSaysSoAndGivesUp() async throws {
        try await with { at in
            let job = try await detach(at, "hm?")
            let finished = try await at.satchel.run(["wait", "\(job)", "--timeout", "1s"]).check(6)
            #expect(finished.stderr.contains("jobs run"))
            let unknown = try await at.satchel.failure("wait", "99", status: 2)
            #expect(unknown.message.contains("99"))
        }
    }
}
