internal import FoundationEssentials
internal import Synchronization

/// Whether a watch only gathers changes, and since when: what is written down and what the watch goes by, in one place.
final class PauseSwitch: Sendable {
    /// What a request came to.
    struct Change: Hashable, Sendable {
        /// Nil when the watch is not paused now.
        var since: Date?
        /// False when it was so already; since when stays as it is then.
        var isChange: Bool
    }

    private struct State {
        var since: Date?
        /// The latest request; the next waits for it.
        var last: Task<Change, any Error>?
    }

    private let state: Mutex<State>
    private let record: @Sendable (Date?) async throws -> Void

    /// - Parameters:
    ///   - since: how it stands.
    ///   - record: writes down how it is to stand.
    init(since: Date?, record: @escaping @Sendable (Date?) async throws -> Void) {
        state = Mutex(State(since: since))
        self.record = record
    }

    var since: Date? { state.withLock(\.since) }

    var isPaused: Bool { since != nil }

    /// Pauses at that time, or goes on, once the requests before this one are done.
    ///
    /// - Parameters:
    ///   - isPaused: how it is to stand.
    ///   - now: since when.
    ///   - then: told of a change before the next request is looked at.
    /// - Returns: what it came to.
    /// - Throws: what `record` does; then everything stays as it is.
    func set(
        paused isPaused: Bool,
        at now: Date,
        then: @escaping @Sendable (Date?) -> Void = { _ in }
    ) async throws -> Change {
        let turn = state.withLock { state in
            let turn = Task { [before = state.last] in
                _ = await before?.result
                let change = try await change(to: isPaused ? now : nil)
                if change.isChange { then(change.since) }
                return change
            }
            state.last = turn
            return turn
        }
        return try await turn.value
    }

    private func change(to since: Date?) async throws -> Change {
        let current = self.since
        guard (current == nil) != (since == nil) else { return Change(since: current, isChange: false) }
        try await record(since)
        state.withLock { $0.since = since }
        return Change(since: since, isChange: true)
    }
}
