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
    package func whileLocked<T: Sendable>(
        _ command: String,
        patience: Duration,
        otherwise: (LockHolder) async throws -> T,
        _ work: () async throws -> T
    ) async throws -> T {
        if let holder = WorkspaceLock.holder(in: state), holder.command == "watch" { return try await otherwise(holder) }
        return try await whileLocked(command, patience: patience, work)
    }

    /// As above, for commands that a running `watch` cannot stand in for.
    package func whileLocked<T: Sendable>(
        _ command: String,
        patience: Duration,
        _ work: () async throws -> T
    ) async throws -> T {
        let lock = try await WorkspaceLock.take(in: state, for: command, at: context.now, waitingUpTo: patience)
        defer { lock.release() }
        return try await work()
    }
}
