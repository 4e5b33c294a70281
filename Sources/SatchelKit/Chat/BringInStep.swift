internal import FoundationEssentials
package import SatchelCore
internal import SatchelManifest
internal import SatchelWorkspace

extension Workspace {
    /// How long a command waits for the process that holds the workspace.
    private static var patience: Duration { .seconds(30) }

    /// Syncs the scope, or waits until the process that holds the workspace has done so.
    ///
    /// - Throws: ``WorkspaceError`` when a mentioned file cannot be brought in step.
    func bringInStep(
        _ scope: Scope,
        _ connection: Connection,
        observe: @escaping @Sendable (ChatProgress) -> Void
    ) async throws {
        let lock: WorkspaceLock
        do {
            lock = try WorkspaceLock.take(in: state, for: "chat", at: now())
        } catch {
            try await waitUntilInStep(scope, connection)
            return
        }
        defer { lock.release() }
        let report = try await sync(scope, to: connection) { observe(.sync($0)) }
        if let error = report.accountError { throw error }
        for failure in report.failures {
            observe(.notice("\(failure.path.map { "\($0): " } ?? "")\(failure.message)"))
        }
        if scope != .everything, !report.failures.isEmpty, report.summary.found == report.summary.failed {
            throw WorkspaceError(.cannotStart, "nothing could be brought in step; see above")
        }
    }

    /// Waits until another process, such as a running `watch`, has brought the scope in step.
    ///
    /// - Returns: the plan's report, in which nothing is left to do.
    @discardableResult
    package func waitUntilInStep(_ scope: Scope, _ connection: Connection) async throws -> SyncReport {
        let deadline = ContinuousClock.now + Self.patience
        while true {
            var options = SyncOptions()
            options.isDryRun = true
            let report = try await sync(scope, to: connection, options: options)
            // Deletes are the holder's own business and need no waiting for.
            if report.entries.allSatisfy({ $0.kind == .delete }) { return report }
            if let lock = try? WorkspaceLock.take(in: state, for: "sync", at: now()) {
                defer { lock.release() }
                return try await sync(scope, to: connection)
            }
            guard ContinuousClock.now < deadline else {
                let holder = WorkspaceLock.holder(in: state).map { " by \($0)" } ?? ""
                throw WorkspaceError(
                    .cannotStart,
                    "\(escaped(root.utf8)): in use\(holder), which has not brought it in step in "
                        + "\(Int(Self.patience.inSeconds)) s; wait for it or stop it, then try again"
                )
            }
            try await Task.sleep(for: .milliseconds(200))
        }
    }
}
