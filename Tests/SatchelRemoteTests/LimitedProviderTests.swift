import FoundationEssentials
import SatchelCore
import SatchelRemote
import SatchelTestSupport
import Synchronization
import Testing

/// Requests wait for their account's limits, and no longer than they must.
struct LimitedProviderTests {
    /// Decides as it is told, then lets everything go.
    private final class ScriptedLimiter: Limiter {
        let concurrency: Int?
        let decisions: Mutex<[LimitDecision]>
        let heard = Watched<[String]>([])

        init(_ decisions: [LimitDecision] = [], concurrency: Int? = nil) {
            self.decisions = Mutex(decisions)
            self.concurrency = concurrency
        }

        func ask(_ cost: RequestCost, at now: Date) async -> LimitDecision {
            heard.update { $0.append("ask \(cost.requests) \(cost.uploads) \(cost.bytes)") }
            return decisions.withLock { $0.isEmpty ? .go : $0.removeFirst() }
        }

        func noteRefusal(retryAfter: Double?, at now: Date) async {
            heard.update { $0.append("refused \(retryAfter ?? -1)") }
        }

        func giveBack(_ cost: RequestCost) async { heard.update { $0.append("back \(cost.bytes)") } }

        func charge(_ money: Dollars, at now: Date) async { heard.update { $0.append("charge \(money)") } }
    }

    private let clock = TestClock()

    private func upload() throws -> Upload {
        let bytes = Array("Earl Grey\n".utf8)
        return Upload(
            digest: independentDigest(of: bytes),
            size: Int64(bytes.count),
            media: .text,
            name: "tea.txt",
            mime: "text/plain",
            expiresAfter: nil,
            source: BytesSource(bytes: bytes)
        )
    }

    @Test func aRequestWaitsAndSaysUntilWhenAndWhy() async throws {
        let until = clock.now.timeIntervalSince1970 + 7
        let limiter = ScriptedLimiter([.wait(until: until, "rate limit of 5 uploads a minute")])
        let waits = Watched<[String]>([])
        let clock = clock
        let gate = LimitGate(limiter, now: { clock.now }, sleep: { clock.advance(by: $0) }) { seconds, reason in
            waits.update { $0.append("\(seconds) \(reason)") }
        }
        try await gate.enter(RequestCost())
        #expect(waits.value == ["7.0 rate limit of 5 uploads a minute"])
        #expect(limiter.heard.value.count == 2, "it asks again after the wait")
    }

    @Test func whatTheBudgetStopsIsNotSent() async throws {
        let files = ScriptedFiles(ScriptedFiles.Script())
        let limiter = ScriptedLimiter([.stop("budget.uploads_per_day: 1 of 1 are used today")])
        let results = await LimitedProvider(files, gate: LimitGate(limiter)).upload([try upload()])
        guard case .failure(let error)? = results.first else {
            Issue.record("it is sent")
            return
        }
        #expect(error.kind == .budget)
        #expect(error.concernsAccount && !error.isRetryable)
        #expect(files.calls.isEmpty)
    }

    @Test func aRefusalForSpeedIsToldAndWhatNeverArrivedIsGivenBack() async throws {
        var script = ScriptedFiles.Script()
        script.uploads = [.failure(ProviderError(.rateLimited(retryAfter: 3), "429"))]
        let limiter = ScriptedLimiter()
        _ = await LimitedProvider(ScriptedFiles(script), gate: LimitGate(limiter)).upload([try upload()])
        #expect(limiter.heard.value == ["ask 1 1 10", "refused 3.0", "back 10"])
    }

    @Test func noMoreThanSoManyAreInsideAtOnce() async throws {
        let gate = LimitGate(ScriptedLimiter(concurrency: 3))
        let most = Watched((now: 0, most: 0))
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<40 {
                group.addTask {
                    try? await gate.enter(RequestCost())
                    most.update { value in
                        value.now += 1
                        value.most = max(value.most, value.now)
                    }
                    await Task.yield()
                    most.update { $0.now -= 1 }
                    await gate.leave()
                }
            }
        }
        #expect(most.value.most <= 3)
    }

    @Test func cancellingEndsTheWaitAndGivesThePlaceOn() async throws {
        let gate = LimitGate(ScriptedLimiter(concurrency: 1))
        try await gate.enter(RequestCost())
        let waiting = Task {
            do { try await gate.enter(RequestCost()) } catch { return (error as? ProviderError)?.kind == .cancelled }
            return false
        }
        waiting.cancel()
        #expect(await waiting.value)
        await gate.leave()
        try await gate.enter(RequestCost())
    }
}
