internal import FoundationEssentials
internal import Synchronization

/// Wakes a watch at an instant of the wall clock, which may be set, and may be days away.
final class ChoreTimer: Sendable {
    private struct State {
        var due: Double?
        var task: Task<Void, Never>?
    }

    private let state = Mutex(State())
    private let now: @Sendable () -> Date
    private let wake: @Sendable () -> Void

    /// The clock is looked at again so often, in seconds: somebody may have put it right.
    private static let longestSleep: Double = 300

    init(now: @escaping @Sendable () -> Date, wake: @escaping @Sendable () -> Void) {
        self.now = now
        self.wake = wake
    }

    deinit { stop() }

    /// Wakes once at that time, seconds since 1970, and at no other that was set before; never with nil.
    func set(_ due: Double?) {
        state.withLock { state in
            // Also the same time is set anew: the clock may have been put forward.
            state.task?.cancel()
            state.due = due
            state.task = due.map { due in
                Task { [weak self, now] in
                    while true {
                        let left = due - now().timeIntervalSince1970
                        if left <= 0 { break }
                        try? await Task.sleep(for: .seconds(min(left, Self.longestSleep)))
                        if Task.isCancelled { return }
                    }
                    self?.ring(due)
                }
            }
        }
    }

    func stop() { set(nil) }

    private func ring(_ due: Double) {
        let isMeant = state.withLock { state in
            guard state.due == due else { return false }
            state.due = nil
            return true
        }
        if isMeant { wake() }
    }
}
