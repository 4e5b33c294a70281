import Synchronization

/// State that many threads change and tests wait on: for what it becomes, never for time.
///
/// Usable from plain threads and from tasks alike.
package final class Watched<State: Sendable>: Sendable {
    private struct Waiter: Sendable {
        let id: Int
        /// Resumes the waiting task and says true when the state is what it waits for.
        let isSatisfied: @Sendable (State) -> Bool
        let fail: @Sendable (any Error) -> Void
    }

    private struct Content: Sendable {
        var state: State
        var waiters: [Waiter] = []
        var lastID = 0
        /// Waits that were given up before they were entered.
        var givenUp: [Int: any Error] = [:]
    }

    private let content: Mutex<Content>

    package init(_ state: State) {
        content = Mutex(Content(state: state))
    }

    package var value: State { content.withLock { $0.state } }

    /// Changes the state under the lock, then wakes whoever waited for what it has become.
    @discardableResult
    package func update<Result: Sendable>(_ change: (inout State) -> Result) -> Result {
        content.withLock { content in
            let result = change(&content.state)
            if !content.waiters.isEmpty {
                let state = content.state
                content.waiters.removeAll { $0.isSatisfied(state) }
            }
            return result
        }
    }

    /// Waits until `find` returns something; at once when it does so now.
    ///
    /// - Parameters:
    ///   - what: completes the sentence "waited 30 s for …".
    ///   - limit: the longest wait.
    ///   - find: called under the lock at every change, so it must be quick.
    /// - Returns: what `find` returned.
    /// - Throws: ``DeadlineMissed``, or `CancellationError` when the task is cancelled.
    package func first<Found: Sendable>(
        _ what: String,
        within limit: Duration = .seconds(120),
        where find: @escaping @Sendable (State) -> Found?
    ) async throws -> Found {
        let id = content.withLock { content in
            content.lastID += 1
            return content.lastID
        }
        let timer = Task {
            try await Task.sleep(for: limit)
            self.giveUp(id, because: DeadlineMissed(what: what, limit: limit))
        }
        defer { timer.cancel() }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Found, any Error>) in
                enter(
                    Waiter(
                        id: id,
                        isSatisfied: { state in
                            guard let found = find(state) else { return false }
                            continuation.resume(returning: found)
                            return true
                        },
                        fail: { continuation.resume(throwing: $0) }
                    )
                )
            }
        } onCancel: {
            giveUp(id, because: CancellationError())
        }
    }

    private func enter(_ waiter: Waiter) {
        content.withLock { content in
            if let error = content.givenUp.removeValue(forKey: waiter.id) {
                waiter.fail(error)
            } else if !waiter.isSatisfied(content.state) {
                content.waiters.append(waiter)
            }
        }
    }

    private func giveUp(_ id: Int, because error: any Error) {
        content.withLock { content in
            if let index = content.waiters.firstIndex(where: { $0.id == id }) {
                content.waiters.remove(at: index).fail(error)
            } else {
                content.givenUp[id] = error
            }
        }
    }
}

/// What a test waited for did not happen in time.
package struct DeadlineMissed: Error, CustomStringConvertible {
    package let what: String
    package let limit: Duration

    package var description: String { "waited \(limit.components.seconds) s in vain for \(what)" }
}
