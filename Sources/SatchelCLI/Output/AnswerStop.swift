import Synchronization

/// Lets Ctrl-C end the answer that a session at a terminal is giving, and not the session; a second one ends that too.
final class AnswerStop: Sendable {
    static let shared = AnswerStop()

    private let end = Mutex<(@Sendable () -> Void)?>(nil)

    /// Ends the answer that is being given.
    ///
    /// - Returns: whether there was one.
    func stop() -> Bool {
        let end = end.withLock { end in
            defer { end = nil }
            return end
        }
        end?()
        return end != nil
    }

    /// Does `work` so that ``stop()`` cancels it alone.
    func during<Value: Sendable>(_ work: @escaping @Sendable () async throws -> Value) async throws -> Value {
        let task = Task { try await work() }
        end.withLock { $0 = { task.cancel() } }
        defer { end.withLock { $0 = nil } }
        return try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    }
}
