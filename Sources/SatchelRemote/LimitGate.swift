package import FoundationEssentials
package import SatchelCore

/// The door that every request of an account goes through: it waits there for the account's limits, and no more than
/// so many are inside at once.
package actor LimitGate {
    private let limiter: any Limiter
    private let now: @Sendable () -> Date
    private let sleep: @Sendable (Double) async throws -> Void
    private let onWait: @Sendable (_ seconds: Double, _ reason: String) -> Void
    private var inside = 0
    private var queue: [(id: Int, waiter: CheckedContinuation<Bool, Never>)] = []
    private var nextID = 0

    /// - Parameters:
    ///   - limiter: decides.
    ///   - now: the clock.
    ///   - sleep: waits so many seconds; throws when the task is cancelled.
    ///   - onWait: told before each wait, so that a person learns why nothing happens.
    package init(
        _ limiter: any Limiter,
        now: @escaping @Sendable () -> Date = { Date() },
        sleep: @escaping @Sendable (Double) async throws -> Void = { try await Task.sleep(for: .seconds($0)) },
        onWait: @escaping @Sendable (_ seconds: Double, _ reason: String) -> Void = { _, _ in }
    ) {
        self.limiter = limiter
        self.now = now
        self.sleep = sleep
        self.onWait = onWait
    }

    /// Returns when the request may go out; ``leave()`` has to follow.
    ///
    /// - Throws: `.budget` when it may not today, `.cancelled`.
    package func enter(_ cost: RequestCost) async throws(ProviderError) {
        guard await takePlace() else { throw ProviderError(.cancelled, "cancelled") }
        while true {
            let asked = now()
            switch await limiter.ask(cost, at: asked) {
            case .go: return
            case .stop(let reason):
                leave()
                throw ProviderError(.budget, reason)
            case .wait(let until, let reason):
                // Never for nothing, which would be a busy loop.
                let seconds = max(until - asked.timeIntervalSince1970, 0.01)
                onWait(seconds, reason)
                do {
                    // And not far beyond a clock that is put forward.
                    try await sleep(min(seconds, 60))
                } catch {
                    leave()
                    throw ProviderError(.cancelled, "cancelled")
                }
            }
        }
    }

    /// The request is over.
    package func leave() {
        if queue.isEmpty {
            inside -= 1
        } else {
            // The place is handed on.
            queue.removeFirst().waiter.resume(returning: true)
        }
    }

    /// Learns from what a request met.
    package func note(_ error: ProviderError) async {
        guard case .rateLimited(let seconds) = error.kind else { return }
        await limiter.noteRefusal(retryAfter: seconds, at: now())
    }

    /// Gives back to the budget of the day what never arrived.
    package func giveBack(_ cost: RequestCost) async { await limiter.giveBack(cost) }

    /// Adds money that became known only afterwards, such as the price of an answer.
    package func charge(_ money: Dollars) async { await limiter.charge(money, at: now()) }

    /// Does `work`, one request, within the limits.
    package func pass<Value: Sendable>(
        _ work: () async throws(ProviderError) -> Value
    ) async throws(ProviderError) -> Value {
        try await enter(RequestCost())
        do throws(ProviderError) {
            let value = try await work()
            leave()
            return value
        } catch {
            leave()
            await note(error)
            throw error
        }
    }

    /// False when the task was cancelled before there was room.
    private func takePlace() async -> Bool {
        guard let most = limiter.concurrency, inside >= most else {
            inside += 1
            return true
        }
        let id = nextID
        nextID += 1
        return await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                if Task.isCancelled { waiter.resume(returning: false) } else { queue.append((id, waiter)) }
            }
        } onCancel: {
            Task { await self.giveUp(id) }
        }
    }

    private func giveUp(_ id: Int) {
        guard let index = queue.firstIndex(where: { $0.id == id }) else { return }
        queue.remove(at: index).waiter.resume(returning: false)
    }
}
