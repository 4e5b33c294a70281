internal import SatchelCore
internal import SatchelWorkspace
internal import Synchronization

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
                return try await holding(lock, work)
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
        return try await holding(lock, work)
    }

    private func holding<T>(_ lock: WorkspaceLock, _ work: () async throws -> T) async throws -> T {
        held.withLock { $0 = lock }
        defer { held.withLock { $0 = nil } }
        return try await work()
    }

    /// Makes sure that what is remembered from here on will be found again, and that nobody else works here meanwhile.
    ///
    /// A manifest that was deleted while it is open takes everything and keeps nothing: what is sent then would be in no
    /// ledger.
    ///
    /// - Throws: ``WorkspaceError`` when the state folder is not the one any more that this process has locked.
    func checkState() throws(WorkspaceError) {
        guard let lock = held.withLock(\.self), !lock.isInPlace else { return }
        throw WorkspaceError(
            .stoppedForSafety,
            "\(escaped(state.path.utf8)): it was removed or replaced while satchel worked, and nothing more was sent; "
                + "start again, after satchel remote reconcile --adopt, which finds the copies that are there"
        )
    }
}
