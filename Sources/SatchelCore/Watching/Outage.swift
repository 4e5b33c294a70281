/// Tells an account's outage from single failures: one line when it begins, one when it is over.
package struct Outage: Hashable, Sendable {
    /// What there is to tell.
    package enum News: Hashable, Sendable {
        /// Files wait for the account, for this cause; told again only when the cause is another one.
        case began
        /// It took files again after so many seconds.
        case ended(after: Double)
    }

    /// When it began; nil while there is none.
    package private(set) var since: Double?
    private var cause: String?

    package init() {}

    /// A sync in which the account did not do something, for a cause that may pass.
    ///
    /// - Returns: what there is to tell; nil when it was told already.
    package mutating func noteFailure(_ cause: String, at now: Double) -> News? {
        defer { self.cause = cause }
        guard since != nil else {
            since = now
            return .began
        }
        return self.cause == cause ? nil : .began
    }

    /// A sync after which nothing waits for the account any more.
    package mutating func noteSuccess(at now: Double) -> News? {
        guard let since else { return nil }
        self.since = nil
        cause = nil
        return .ended(after: max(now - since, 0))
    }
}
