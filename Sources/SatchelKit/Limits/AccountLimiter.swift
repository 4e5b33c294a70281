internal import FoundationEssentials
internal import SatchelCore
internal import SatchelManifest
internal import Synchronization

/// The limits of one account, shared with every process of the user through the ``LimitBook``.
///
/// Where there is no book, or it fails, the limits hold within this process alone: limits that cannot be shared are no
/// reason not to work.
final class AccountLimiter: Limiter {
    private let policy: LimitPolicy
    private let book: LimitBook?
    /// Names the account in the book.
    private let account: String
    private let own = Mutex(LimitState())
    /// When the book was last asked whether others were refused; seconds since 1970.
    private let lookedAt = Mutex(0.0)
    private let hasFailed = Atomic(false)

    init(_ policy: LimitPolicy, account: String, book: LimitBook?) {
        self.policy = policy
        self.account = account
        self.book = book
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
        guard isDue, let book, !hasFailed.load(ordering: .relaxed),
            let shared = try? await book.update(account, { $0 }), shared.updatedAt <= now + 1
        else { return }
        own.withLock { $0.takeRefusals(of: shared) }
    }

    @discardableResult
    private func update<T: Sendable>(_ body: @escaping @Sendable (inout LimitState) -> T) async -> T {
        if let book, !hasFailed.load(ordering: .relaxed) {
            do {
                return try await book.update(account, body)
            } catch {
                hasFailed.store(true, ordering: .relaxed)
            }
        }
        return own.withLock { body(&$0) }
    }
}

extension LimitState {
    /// What somebody else was told by the provider counts here too.
    fileprivate mutating func takeRefusals(of other: LimitState) {
        pausedUntil = max(pausedUntil, other.pausedUntil)
        guard other.ceilingAt > ceilingAt else { return }
        (ceiling, ceilingAt) = (other.ceiling, other.ceilingAt)
    }
}
