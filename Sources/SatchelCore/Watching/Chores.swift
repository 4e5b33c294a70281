/// What a watch does by the clock, beside looking at everything from time to time: when each is due.
///
/// Times are seconds since 1970.
package struct Chores: Hashable, Sendable {
    /// A thing to do.
    package enum Chore: Hashable, Sendable {
        /// Copies that files need are uploaded again before they end.
        case renewal
        /// Copies that nothing needs are deleted.
        case cleanup
    }

    /// When the first copy that files need counts as stale; nil when none ends or none is to be renewed.
    package var staleAt: Double?
    /// When the last renewal was tried.
    package var renewedAt: Double?
    /// Seconds from one clean-up to the next; nil for never.
    package var cleanupInterval: Double?
    /// When the last clean-up was done.
    package var cleanedAt: Double?

    /// A renewal that changed nothing is not tried again at once; failures have waits of their own.
    package static let shortestPause: Double = 60

    package init(cleanupInterval: Double?) { self.cleanupInterval = cleanupInterval }

    /// When something is due next; nil when nothing ever is.
    package var next: Double? { [renewalDue, cleanupDue].compactMap(\.self).min() }

    /// What is due.
    package func due(at now: Double) -> Set<Chore> {
        var due: Set<Chore> = []
        if let time = renewalDue, time <= now { due.insert(.renewal) }
        if let time = cleanupDue, time <= now { due.insert(.cleanup) }
        return due
    }

    private var renewalDue: Double? {
        guard let staleAt else { return nil }
        // A second later the plan is sure to find it so.
        let due = staleAt + 1
        return max(due, renewedAt.map { $0 + Self.shortestPause } ?? due)
    }

    private var cleanupDue: Double? {
        guard let cleanupInterval, let cleanedAt else { return nil }
        return cleanedAt + cleanupInterval
    }
}
