internal import SatchelCore
internal import SatchelWorkspace

extension Workspace {
    /// Runs `work` while this process alone may write to the workspace, or has the watch that holds it do it instead.
    ///
    /// - Parameters:
    ///   - command: what others are told who holds it.
    ///   - patience: how long to wait for another holder.
    ///   - work: what needs the lock.
    ///   - otherwise: asks a running watch; nil when it cannot be asked, because it has just begun or is just ending.
    /// - Returns: what `work` or `otherwise` does.
    /// - Throws: ``StateError`` when another process holds the lock for longer than that.
    package func whileLocked<T: Sendable>(
        _ command: String,
        patience: Duration,
        _ work: () async throws -> T,
        otherwise: () async throws -> T?
    ) async throws -> T {
        let deadline = ContinuousClock.now + patience
        while true {
            if isWatched, let answer = try await otherwise() {
                return answer
            }
            do {
                let lock = try WorkspaceLock.take(in: state, for: command, at: now())
                defer { lock.release() }
                return try await work()
            } catch let error as StateError {
                guard case .locked = error, ContinuousClock.now < deadline else { throw error }
            }
            // Neither a lock that is given back nor a watch that begins to listen tells anybody, and to wait in `flock`
            // could not be cancelled. Each look is a few short calls.
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    /// As above, for commands that a running `watch` cannot stand in for.
    package func whileLocked<T: Sendable>(
        _ command: String,
        patience: Duration,
        _ work: () async throws -> T
    ) async throws -> T {
        // A watch does not let go while one waits.
        let lock = try await WorkspaceLock.take(
            in: state,
            for: command,
            at: context.now,
            waitingUpTo: isWatched ? .zero : patience
        )
        defer { lock.release() }
        return try await work()
    }
}
