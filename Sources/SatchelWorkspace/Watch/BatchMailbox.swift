import SatchelCore
import Synchronization

/// Where the watcher's thread leaves batches for one consumer: never more than one of each sort, however slow it is.
///
/// What is not fetched yet grows into one bigger scope, up to everything, so that nothing is dropped and nothing piles
/// up.
final class BatchMailbox: Sendable {
    private struct State {
        var degraded: [WatchError] = []
        var dirty: Scope?
        var loss: RootLoss?
        var isClosed = false
        var waiter: CheckedContinuation<WatchBatch?, Never>?

        mutating func next() -> WatchBatch? {
            if !degraded.isEmpty { return .degraded(degraded.removeFirst()) }
            if let scope = dirty {
                dirty = nil
                return .dirty(scope)
            }
            if let loss {
                self.loss = nil
                return .rootGone(loss)
            }
            return nil
        }
    }

    private let limit: Int
    private let state = Mutex(State())

    /// - Parameter limit: More paths than this are everything.
    init(limit: Int) {
        self.limit = limit
    }

    /// Whether changes wait to be fetched.
    var holdsChanges: Bool { state.withLock { $0.dirty != nil } }

    func post(_ scope: Scope) {
        update { $0.dirty = $0.dirty?.union(scope, limit: limit) ?? scope }
    }

    /// Kept until fetched, however many: the thread says each sort once.
    func post(_ error: WatchError) {
        update { $0.degraded.append(error) }
    }

    /// Paths that wait are dropped: nothing can be learnt from below a lost root, and absence least of all.
    func post(_ loss: RootLoss) {
        update { state in
            state.dirty = nil
            state.loss = loss
        }
    }

    /// No batch will come after those that are here.
    func close() {
        update { $0.isClosed = true }
    }

    /// The next batch, as soon as there is one; nil when there will be none, or the task is cancelled.
    func next() async -> WatchBatch? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer: WatchBatch?? = state.withLock { state in
                    if Task.isCancelled { return .some(nil) }
                    if let batch = state.next() { return batch }
                    if state.isClosed { return .some(nil) }
                    // A second consumer at the same time is a mistake; the first is let go rather than left hanging.
                    let earlier = state.waiter
                    state.waiter = continuation
                    earlier?.resume(returning: nil)
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            state.withLock { $0.waiter.take() }?.resume(returning: nil)
        }
    }

    private func update(_ body: (inout sending State) -> Void) {
        let wake = state.withLock { state -> (CheckedContinuation<WatchBatch?, Never>, WatchBatch?)? in
            body(&state)
            guard let waiter = state.waiter else { return nil }
            let batch = state.next()
            guard batch != nil || state.isClosed else { return nil }
            state.waiter = nil
            return (waiter, batch)
        }
        if let (waiter, batch) = wake { waiter.resume(returning: batch) }
    }
}
