internal import Synchronization

/// Wakes who does the jobs.
final class JobBell: Sendable {
    private struct State {
        var rang = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    /// There may be something to do.
    func ring() {
        let waiter = state.withLock { state in
            defer { state.waiter = nil }
            state.rang = state.waiter == nil
            return state.waiter
        }
        waiter?.resume()
    }

    /// Returns when it rings, or rang since the last wait, when the time is over, and when the task is cancelled.
    ///
    /// For one waiter at a time, and for seconds: what the alarm holds stays until `time` is over, also when it rang.
    func wait(atMost time: Duration) async {
        let alarm = Task { [weak self] in
            guard (try? await Task.sleep(for: time)) != nil else { return }
            self?.ring()
        }
        defer { alarm.cancel() }
        await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                let isOver = state.withLock { state in
                    let isOver = state.rang || Task.isCancelled
                    state.rang = false
                    if !isOver { state.waiter = waiter }
                    return isOver
                }
                if isOver { waiter.resume() }
            }
        } onCancel: {
            ring()
        }
    }
}
