internal import FoundationEssentials
package import SatchelCore
internal import SatchelManifest
internal import SatchelWorkspace
internal import Synchronization

extension Workspace {
    /// Whether a watch runs here: it does jobs, and what other commands ask it for.
    package var isWatched: Bool { WorkspaceLock.holder(in: state)?.watchedAccount != nil }

    /// Syncs the scope here, or has the running watch do it.
    ///
    /// A watch takes the request on its socket: every change that was made before the call counts. Another holder of the
    /// workspace is waited for.
    ///
    /// - Parameters:
    ///   - scope: what is to be in step.
    ///   - connection: the account.
    ///   - options: as for a sync.
    ///   - command: what others are told who holds the workspace meanwhile.
    ///   - patience: how long another holder is waited for.
    ///   - observe: told what happens, whoever does it.
    /// - Returns: the report of what was done, here or there.
    /// - Throws: ``StateError`` when another process holds the lock for longer than `patience`; what a sync throws.
    package func syncOrAsk(
        _ scope: Scope,
        to connection: Connection,
        options: SyncOptions = SyncOptions(),
        command: String = "sync",
        patience: Duration,
        observe: @escaping SyncObserver = { _ in }
    ) async throws -> SyncReport {
        try await whileLocked(command, patience: patience) {
            try await sync(scope, to: connection, options: options, observe: observe)
        } otherwise: {
            try await askToSync(scope, connection, options, observe: observe)
        }
    }

    /// Cleans up here, or has the running watch do it; see ``syncOrAsk(_:to:options:command:patience:observe:)``.
    package func cleanupOrAsk(
        _ connection: Connection,
        options: CleanupOptions,
        patience: Duration
    ) async throws -> CleanupReport {
        try await whileLocked("cleanup", patience: patience) {
            try await cleanup(connection, options: options)
        } otherwise: {
            var request = ControlRequest()
            request.cleanup = ControlRequest.Cleanup(
                account: connection.account.name,
                accountId: connection.id.rawValue,
                expired: options.expired,
                orphans: options.orphans,
                olderThan: options.olderThan,
                all: options.all,
                force: options.force,
                limit: options.limit,
                confirmed: options.isConfirmed
            )
            return try await ask(request)?.cleanup?.report
        }
    }

    /// How the running watch is doing; nil when there is none, or it does not answer soon.
    package func watchFigures() async throws -> WatchFigures? {
        guard isWatched else { return nil }
        var request = ControlRequest()
        request.status = ControlRequest.Status()
        return try await ask(request, idle: 2)?.status
    }

    func askToPause(_ isPaused: Bool) async throws -> PauseReport? {
        var request = ControlRequest()
        request.pause = ControlRequest.Pause(paused: isPaused)
        return try await ask(request, idle: 10)?.pause.map { answer in
            PauseReport(since: answer.since, isChange: answer.changed, isWatched: true)
        }
    }

    private func askToSync(
        _ scope: Scope,
        _ connection: Connection,
        _ options: SyncOptions,
        observe: @escaping SyncObserver
    ) async throws -> SyncReport? {
        var request = ControlRequest()
        request.sync = ControlRequest.Sync(
            paths: scope.escapedPaths,
            account: connection.account.name,
            accountId: connection.id.rawValue,
            confirmed: options.isConfirmed,
            maxDeletes: options.maxDeletes
        )
        return try await ask(request, observe: observe)?.sync?.report
    }

    /// Asks the watch that listens on the workspace's socket.
    ///
    /// - Returns: its last word; nil when nobody listens, or it went away before it had answered.
    /// - Throws: what it met.
    func ask(
        _ request: ControlRequest,
        idle: Int = 0,
        observe: @escaping SyncObserver = { _ in }
    ) async throws -> ControlAnswer? {
        guard let line = ControlCoding.line(request) else { return nil }
        let last = Mutex<ControlAnswer?>(nil)
        let heard = try await ControlClient.ask(line, in: state, idle: idle) { [context] line in
            guard let answer = ControlCoding.value(ControlAnswer.self, from: line) else { return }
            if let event = answer.event?.event(at: context.now()) { return observe(event) }
            last.withLock { $0 = answer }
        }
        let answer = last.withLock { $0 }
        // A watch that is just being stopped goes away without a word: then the lock will be free.
        if let error = answer?.error, error.code != "cancelled" { throw error.error }
        return heard ? answer : nil
    }
}
