package import SatchelCore
internal import SatchelWorkspace

extension Workspace {
    /// Runs `work` while this process alone may write to the workspace.
    ///
    /// - Parameters:
    ///   - command: what others are told who holds it.
    ///   - patience: how long to wait for another holder.
    ///   - otherwise: instead of waiting, when a `watch` holds it: it keeps the workspace in step and will not let go.
    ///   - work: what needs the lock.
    /// - Returns: what `work` or `otherwise` does.
    /// - Throws: ``StateError`` when another process holds the lock for longer than that.
    package func whileLocked<T: Sendable>(
        _ command: String,
        patience: Duration,
        otherwise: (LockHolder) async throws -> T,
        _ work: () async throws -> T
    ) async throws -> T {
        if let holder = WorkspaceLock.holder(in: state), holder.watchedAccount != nil {
            return try await otherwise(holder)
        }
        return try await whileLocked(command, patience: patience, work)
    }

    /// As above, for commands that a running `watch` cannot stand in for.
    package func whileLocked<T: Sendable>(
        _ command: String,
        patience: Duration,
        _ work: () async throws -> T
    ) async throws -> T {
        // A watch does not let go while one waits.
        let isWatched = WorkspaceLock.holder(in: state)?.watchedAccount != nil
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
