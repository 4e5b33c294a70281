internal import FoundationEssentials
internal import SatchelCore
internal import SatchelManifest
internal import Synchronization

/// The limits of one account, shared with every process of the user through the ``LimitBook``.
///
/// Where there is no book, or while it fails, the limits hold within this process alone: limits that cannot be shared are
/// no reason not to work. What was counted meanwhile is written down as soon as the book can be.
final class AccountLimiter: Limiter {
    private let policy: LimitPolicy
    private let book: LimitBook?
    /// Names the account in the book.
    private let account: String
    /// What counts where nothing is counted together.
    private let own = Mutex(LimitState())
    /// When the book was last asked whether others were refused; seconds since 1970.
    private let lookedAt = Mutex(0.0)
    private let copy = Mutex(Copy())
    private let pause: Duration

    /// The account's page of the book as this process knows it.
    private struct Copy {
        /// As it was last read.
        var base = LimitState()
        /// The same, with what was counted since then and could not be written.
        var state = LimitState()
        /// The book is not asked before: a process that holds it may be waited for long.
        var retryAt: ContinuousClock.Instant?

        /// The page is like this now.
        mutating func read(_ page: LimitState) {
            var next = page
            next.take(state, since: base)
            (base, state, retryAt) = (page, next, nil)
        }

        /// What is not written yet, which whoever calls is going to write.
        mutating func taken() -> (own: LimitState, base: LimitState) {
            defer { state = base }
            return (state, base)
        }
    }

    /// - Parameters:
    ///   - policy: decides.
    ///   - account: names the account in the book.
    ///   - book: shared with other processes; nil for none.
    ///   - pause: between two looks at a book that fails.
    init(_ policy: LimitPolicy, account: String, book: LimitBook?, pause: Duration = .seconds(10)) {
        self.policy = policy
        self.account = account
        self.book = book
        self.pause = pause
    }

    var concurrency: Int? { policy.limits.concurrency }

    func ask(_ cost: RequestCost, at now: Date) async -> LimitDecision {
        let seconds = now.timeIntervalSince1970
        guard countsTogether else {
            await lookForRefusals(at: seconds)
            return own.withLock { policy.decide(cost, &$0, at: seconds) }
        }
        return await update { [policy] in policy.decide(cost, &$0, at: seconds) }
    }

    func noteRefusal(retryAfter: Double?, at now: Date) async {
        let seconds = now.timeIntervalSince1970
        guard !countsTogether else {
            return await update { [policy] in policy.noteRefusal(&$0, retryAfter: retryAfter, at: seconds) }
        }
        let state = own.withLock { state in
            policy.noteRefusal(&state, retryAfter: retryAfter, at: seconds)
            return state
        }
        await update { shared in
            shared.takeRefusals(of: state)
            shared.updatedAt = seconds
        }
    }

    func giveBack(_ cost: RequestCost) async {
        guard countsTogether else { return }
        await update { [policy] in policy.giveBack(cost, &$0) }
    }

    func charge(_ money: Dollars, at now: Date) async {
        guard countsTogether else { return }
        let seconds = now.timeIntervalSince1970
        await update { [policy] in policy.charge(money, &$0, at: seconds) }
    }

    /// Whether every request has to be written down.
    ///
    /// Without a limit and a budget there is nothing to count: only refusals are shared, and a transaction for each
    /// small upload is saved.
    private var countsTogether: Bool {
        var limits = policy.limits
        limits.concurrency = nil
        return limits != AccountLimits() || !policy.budget.isEmpty
    }

    /// Learns once a second whether another process was refused.
    private func lookForRefusals(at now: Double) async {
        let isDue = lookedAt.withLock { last in
            guard abs(now - last) >= 1 else { return false }
            last = now
            return true
        }
        guard isDue, let shared = await ask({ $0 }), shared.updatedAt <= now + 1 else { return }
        own.withLock { $0.takeRefusals(of: shared) }
    }

    @discardableResult
    private func update<T: Sendable>(_ body: @escaping @Sendable (inout LimitState) -> T) async -> T {
        if let result = await ask(body) { return result }
        return copy.withLock { body(&$0.state) }
    }

    /// Changes the page in the book; nil where there is none, or it cannot be written.
    private func ask<T: Sendable>(_ body: @escaping @Sendable (inout LimitState) -> T) async -> T? {
        guard let book, copy.withLock({ $0.retryAt.map { $0 <= .now } ?? true }) else { return nil }
        let missed = copy.withLock { $0.taken() }
        do {
            let (result, page) = try await book.update(account) { page in
                page.take(missed.own, since: missed.base)
                return (body(&page), page)
            }
            copy.withLock { $0.read(page) }
            return result
        } catch {
            copy.withLock { copy in
                copy.state.take(missed.own, since: missed.base)
                copy.retryAt = .now + pause
            }
            return nil
        }
    }
}
