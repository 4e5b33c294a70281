internal import Synchronization

/// Who is to be told when an account's requests wait, and why.
package final class WaitObservers: Sendable {
    typealias Observer = @Sendable (_ seconds: Double, _ reason: String) -> Void

    private struct State {
        var observers: [Int: Observer] = [:]
        var next = 0
    }

    private let state = Mutex(State())

    init(_ first: @escaping Observer) {
        state.withLock { $0.observers[-1] = first }
    }

    func tell(_ seconds: Double, _ reason: String) {
        for observer in state.withLock({ Array($0.observers.values) }) { observer(seconds, reason) }
    }

    /// Tells `observer` too while `work` runs.
    func telling<T>(_ observer: @escaping Observer, _ work: () async throws -> T) async rethrows -> T {
        let id = state.withLock { state in
            state.observers[state.next] = observer
            state.next += 1
            return state.next - 1
        }
        defer { state.withLock { $0.observers[id] = nil } }
        return try await work()
    }
}
