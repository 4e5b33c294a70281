/// When a watch tries again what failed for a cause that may pass: later and later, and at once when there is hope.
///
/// A value without a clock of its own, like ``RescanSchedule``. Only tries count, not the changes that meet the same
/// outage between them: somebody who saves eight files must not wait for as long as after eight tries.
package struct RetrySchedule: Hashable, Sendable {
    package typealias Instant = ContinuousClock.Instant

    /// When to try next; nil while nothing waits for that, or while it is being tried.
    package private(set) var next: Instant?
    /// Tries that failed, and the failure that came before them.
    private var failures = 0
    /// The next try was brought forward.
    private var isEarly = false
    /// Once between two tries that have their usual time: one file that is refused for ever must not be tried with each
    /// other one that arrives.
    private var mayBeEarly = true

    package static let first: Duration = .seconds(5)
    package static let longest: Duration = .seconds(300)

    package init() {}

    /// The next try begins.
    package mutating func begin() {
        next = nil
        if !isEarly { mayBeEarly = true }
        isEarly = false
    }

    /// Something failed that is worth another try.
    package mutating func noteFailure(at now: Instant) {
        guard next == nil else { return }
        failures += 1
        next = now + min(Self.longest, Self.first * (1 << min(failures - 1, 10)))
    }

    /// Everything was tried, and nothing that may pass failed.
    package mutating func noteSuccess() { self = RetrySchedule() }

    /// Something arrived although other files wait: those are worth a try now.
    package mutating func noteHope(at now: Instant) {
        guard next != nil, mayBeEarly else { return }
        (next, failures) = (now, 0)
        (isEarly, mayBeEarly) = (true, false)
    }
}
