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
    private let hasFailed = Atomic(false)

    init(_ policy: LimitPolicy, account: String, book: LimitBook?) {
        self.policy = policy
        self.account = account
        self.book = book
    }

    var concurrency: Int? { policy.limits.concurrency }

    func ask(_ cost: RequestCost, at now: Date) async -> LimitDecision {
        let seconds = now.timeIntervalSince1970
        return await update { [policy] in policy.decide(cost, &$0, at: seconds) }
    }

    func noteRefusal(retryAfter: Double?, at now: Date) async {
        let seconds = now.timeIntervalSince1970
        await update { [policy] in policy.noteRefusal(&$0, retryAfter: retryAfter, at: seconds) }
    }

    func giveBack(_ cost: RequestCost) async {
        await update { [policy] in policy.giveBack(cost, &$0) }
    }

    func charge(_ money: Dollars, at now: Date) async {
        let seconds = now.timeIntervalSince1970
        await update { [policy] in policy.charge(money, &$0, at: seconds) }
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
