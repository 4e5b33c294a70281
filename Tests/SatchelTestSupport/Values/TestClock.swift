package import FoundationEssentials
import Synchronization

/// A clock that the test sets.
package final class TestClock: Sendable {
    /// Either a standing time, or what to add to the real one.
    private enum Source: Sendable {
        case standing(Date)
        case running(ahead: TimeInterval)
    }

    private let source: Mutex<Source>

    /// Stands still at `start` until it is advanced.
    package init(at start: Date = Date(timeIntervalSince1970: 1_800_000_000)) {
        source = Mutex(.standing(start))
    }

    private init(_ source: Source) { self.source = Mutex(source) }

    /// Goes with the real clock, and ahead of it by what it was advanced: for servers that another process talks to.
    package static func running() -> TestClock { TestClock(.running(ahead: 0)) }

    package var now: Date {
        source.withLock { source in
            switch source {
            case .standing(let date): date
            case .running(let ahead): Date().addingTimeInterval(ahead)
            }
        }
    }

    /// Whole seconds since 1970.
    package var seconds: Int64 { Int64(now.timeIntervalSince1970) }

    package func advance(by seconds: TimeInterval) {
        source.withLock { source in
            switch source {
            case .standing(let date): source = .standing(date.addingTimeInterval(seconds))
            case .running(let ahead): source = .running(ahead: ahead + seconds)
            }
        }
    }
}
