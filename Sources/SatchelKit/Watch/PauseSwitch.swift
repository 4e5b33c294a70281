internal import FoundationEssentials
internal import Synchronization

/// Whether a watch only gathers changes, and since when.
final class PauseSwitch: Sendable {
    private let time: Mutex<Date?>

    init(since: Date?) { time = Mutex(since) }

    var since: Date? { time.withLock(\.self) }

    var isPaused: Bool { since != nil }

    /// - Returns: false when it is paused already; since when stays as it is then.
    func pause(at now: Date) -> Bool {
        time.withLock { time in
            guard time == nil else { return false }
            time = now
            return true
        }
    }

    /// - Returns: false when it is not paused.
    func resume() -> Bool {
        time.withLock { time in
            defer { time = nil }
            return time != nil
        }
    }
}
