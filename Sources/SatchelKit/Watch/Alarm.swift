internal import Synchronization

/// Rings once at a time that may be put off, or brought forward, as often as one likes.
///
/// What a cancelled `Task.sleep` has set aside stays until the time that it would have ended, so an alarm that is set
/// anew at each change of a busy folder must not begin a new sleep each time: only an earlier time does, a later one is
/// found when the sleep ends.
final class Alarm<Due: Equatable & Sendable>: Sendable {
    private struct State {
        var due: Due?
        var sleep: Sleep?
        var sleeps = 0
    }

    private struct Sleep {
        var number: Int
        var end: ContinuousClock.Instant
        var task: Task<Void, Never>
    }

    private let state = Mutex(State())
    private let longestSleep: Duration
    private let left: @Sendable (Due) -> Duration
    private let ring: @Sendable () -> Void

    /// - Parameters:
    ///   - longestSleep: after which `left` is asked again: a clock may have been set.
    ///   - left: the time until then; nothing, or less, when it has come.
    ///   - ring: what is done then, by no thread in particular.
    init(
        longestSleep: Duration,
        left: @escaping @Sendable (Due) -> Duration,
        ring: @escaping @Sendable () -> Void
    ) {
        self.longestSleep = longestSleep
        self.left = left
        self.ring = ring
    }

    deinit { state.withLock { $0.sleep?.task.cancel() } }

    /// Rings once at that time and at no other that was set before; never with nil.
    func set(_ due: Due?) {
        state.withLock { state in
            state.due = due
            guard let due else { return }
            let end = ContinuousClock.now + min(left(due), longestSleep)
            if let sleep = state.sleep {
                guard end < sleep.end else { return }
                sleep.task.cancel()
            }
            state.sleeps += 1
            let number = state.sleeps
            let task = Task { [weak self] in
                var next: ContinuousClock.Instant? = end
                while let end = next {
                    guard (try? await Task.sleep(until: end, clock: .continuous)) != nil else { return }
                    next = self?.wake(number)
                }
            }
            state.sleep = Sleep(number: number, end: end, task: task)
        }
    }

    /// Rings if it is time, and says until when to sleep otherwise.
    private func wake(_ number: Int) -> ContinuousClock.Instant? {
        let (end, isTime) = state.withLock { state -> (ContinuousClock.Instant?, Bool) in
            guard state.sleep?.number == number else { return (nil, false) }
            guard let due = state.due else {
                state.sleep = nil
                return (nil, false)
            }
            let left = left(due)
            guard left > .zero else {
                (state.due, state.sleep) = (nil, nil)
                return (nil, true)
            }
            let end = ContinuousClock.now + min(left, longestSleep)
            state.sleep?.end = end
            return (end, false)
        }
        if isTime { ring() }
        return end
    }
}
