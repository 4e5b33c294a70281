package import FoundationEssentials

/// Keeps the limits and the budget of one account, for all who use its key.
package protocol Limiter: Sendable {
    /// Requests of this process that may run side by side; nil for any number.
    var concurrency: Int? { get }

    /// Decides and counts in one step, so that two who ask at once never both get the last place.
    func ask(_ cost: RequestCost, at now: Date) async -> LimitDecision

    /// The provider refused for speed.
    func noteRefusal(retryAfter: Double?, at now: Date) async

    /// What was counted never arrived.
    func giveBack(_ cost: RequestCost) async

    /// Money that became known afterwards.
    func charge(_ money: Dollars, at now: Date) async
}
