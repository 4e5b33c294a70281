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
            let report = try await waitUntilInStep(scope, connection)
            try tellSecrets(of: report, within: scope, observe: observe)
            return
        }
        defer { lock.release() }
        let report = try await sync(scope, to: connection) { observe(.sync($0)) }
        if let error = report.accountError { throw error }
        for failure in report.failures {
            observe(.notice("\(failure.path.map { "\($0): " } ?? "")\(failure.message)"))
        }
        try tellSecrets(of: report, within: scope, observe: observe)
        if scope != .everything, !report.failures.isEmpty, report.summary.found == report.summary.failed {
            throw WorkspaceError(.cannotStart, "nothing could be brought in step; see above")
        }
    }

    private func tellSecrets(
        of report: SyncReport,
        within scope: Scope,
        observe: (ChatProgress) -> Void
    ) throws {
        for skipped in report.blocked {
            let places = secretPlaces(in: skipped.reason.secrets, of: "\(skipped.path)").joined(separator: ", ")
            // A file that was named is what the question is about; of a folder, the rest can be shown.
            if case .paths(let named) = scope, named.contains(skipped.path) {
                throw WorkspaceError(
                    .stoppedForSafety,
                    "\(places): a secret would be sent; \(SkipReason.secretRemedy)"
                )
            }
            observe(.notice("\(places): not shown: \(SkipReason.secretRemedy)"))
        }
        for skipped in report.warned {
            let places = secretPlaces(in: skipped.reason.secrets, of: "\(skipped.path)").joined(separator: ", ")
            observe(.notice("\(places): sent all the same, because gate.mode is warn"))
        }
    }

    /// Waits until another process, such as a running `watch`, has brought the scope in step.
    ///
    /// - Returns: the plan's report, in which nothing is left to do.
    @discardableResult
    package func waitUntilInStep(_ scope: Scope, _ connection: Connection) async throws -> SyncReport {
        if let watched = WorkspaceLock.holder(in: state)?.watchedAccount, watched != connection.account.name {
            throw WorkspaceError(
                .cannotStart,
                "\(escaped(root.utf8)): a running watch keeps it in step with \(watched), not with "
                    + "\(connection.account.name); stop it, or watch that account instead"
            )
        }
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
