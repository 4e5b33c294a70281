internal import Synchronization

/// How a running watch is asked to end: what is being sent may still arrive, if that does not take long.
package final class StopRequest: Sendable {
    private struct State {
        var isRequested = false
        /// Syncs that have something to send.
        var sending = 0
        var observers: [@Sendable () -> Void] = []
    }

    private let state = Mutex(State())

    /// So long uploads that have begun may take to arrive; what has not then is given up, and looked for by the next
    /// sync before it is sent again.
    package static let grace: Duration = .seconds(4)

    package init() {}

    package var isRequested: Bool { state.withLock(\.isRequested) }

    /// Asks for the end.
    ///
    /// - Returns: whether something is being sent: then there is reason to wait, for no longer than ``grace``.
    package func request() -> Bool {
        let (isSending, observers) = state.withLock { state in
            state.isRequested = true
            defer { state.observers = [] }
            return (state.sending > 0, state.observers)
        }
        for observer in observers { observer() }
        return isSending
    }

    /// Calls `observer` when the end is asked for; at once when it was already.
    func whenRequested(_ observer: @escaping @Sendable () -> Void) {
        let isLate = state.withLock { state in
            if !state.isRequested { state.observers.append(observer) }
            return state.isRequested
        }
        if isLate { observer() }
    }

    func beginSending() { state.withLock { $0.sending += 1 } }

    func endSending() { state.withLock { $0.sending -= 1 } }
}
