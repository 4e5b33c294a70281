/// When a watch looks at everything although nothing was reported.
///
/// A value with no clock of its own. Looking costs what the folder is large, so the next look is at least
/// ``patience`` times as far away as the last one took; where it takes the place of events that do not come, it grows
/// rarer while it finds nothing.
package struct RescanSchedule: Hashable, Sendable {
    package typealias Instant = ContinuousClock.Instant

    /// At most a twentieth of the time is spent on looking, up to a wait of an hour.
    package static let patience = 20
    package static let mostPatient: Duration = .seconds(3600)
    /// A look that finds nothing doubles the wait for the next, up to this many times the first.
    package static let rarest = 8

    /// How often by rule; zero for never.
    private let regular: Duration
    /// How often while some changes go unreported; zero for never.
    private let poll: Duration
    private var pause: Duration

    /// Whether some changes go unreported.
    package private(set) var isPolling = false
    /// When to look next; nil for never.
    package private(set) var next: Instant?

    package init(regular: Duration, poll: Duration, at now: Instant) {
        self.regular = regular
        self.poll = poll
        pause = poll
        plan(after: .zero, at: now)
    }

    /// From now on some changes go unreported.
    package mutating func beginPolling(at now: Instant) {
        guard !isPolling else { return }
        isPolling = true
        plan(after: .zero, at: now)
    }

    /// Everything was looked at, for whatever reason.
    package mutating func looked(took: Duration, foundChanges: Bool, at now: Instant) {
        pause = foundChanges ? poll : min(pause * 2, poll * Self.rarest)
        plan(after: took, at: now)
    }

    private mutating func plan(after took: Duration, at now: Instant) {
        let waits = [regular, isPolling ? pause : .zero].filter { $0 > .zero }
        next = waits.min().map { now + max($0, min(took * Self.patience, Self.mostPatient)) }
    }
}
