internal import FoundationEssentials
package import SatchelCore
internal import SatchelManifest
internal import SatchelWorkspace

extension Workspace {
    /// Rehydrates here, or has the running watch do it; see ``syncOrAsk(_:to:options:command:patience:observe:)``.
    package func rehydrateOrAsk(
        _ scope: Scope,
        in connection: Connection,
        options: RehydrateOptions,
        patience: Duration,
        observe: @escaping SyncObserver
    ) async throws -> SyncReport {
        try await whileLocked("rehydrate", patience: patience) {
            try await rehydrate(scope, in: connection, options: options, observe: observe)
        } otherwise: {
            var request = ControlRequest()
            request.rehydrate = ControlRequest.Rehydrate(
                paths: scope.escapedPaths,
                account: connection.account.name,
                accountId: connection.id.rawValue,
                within: options.within,
                all: options.all
            )
            return try await ask(request, observe: observe)?.sync?.report
        }
    }

    /// Reconciles here, or has the running watch do it; a dry run changes nothing and asks nobody.
    package func reconcileOrAsk(
        _ connection: Connection,
        options: ReconcileOptions,
        patience: Duration,
        observe: @escaping SyncObserver
    ) async throws -> Reconciliation {
        guard !options.isDryRun else { return try await reconcile(connection, options: options, observe: observe) }
        return try await whileLocked("remote reconcile", patience: patience) {
            try await reconcile(connection, options: options, observe: observe)
        } otherwise: {
            var request = ControlRequest()
            request.reconcile = ControlRequest.Reconcile(
                account: connection.account.name,
                accountId: connection.id.rawValue,
                adopts: options.adopts,
                deletesOrphans: options.deletesOrphans
            )
            return try await ask(request, observe: observe)?.reconcile?.reconciliation
        }
    }

    /// Verifies here, or has the running watch do it.
    package func verifyOrAsk(_ connection: Connection, patience: Duration) async throws -> Verification {
        try await whileLocked("remote verify", patience: patience) {
            try await verify(connection)
        } otherwise: {
            var request = ControlRequest()
            request.verify = ControlRequest.Verify(
                account: connection.account.name,
                accountId: connection.id.rawValue
            )
            return try await ask(request)?.verify?.verification
        }
    }

    /// Revokes here, or has the running watch do it.
    ///
    /// - Parameters:
    ///   - options: which departures.
    ///   - isConfirmed: yes to many deletes.
    ///   - patience: how long another holder is waited for.
    /// - Returns: what was deleted and what was not.
    /// - Throws: ``WorkspaceError`` of kind `stoppedForSafety` when it needs a yes; see ``revoke(_:isConfirmed:)``.
    package func revokeOrAsk(
        _ options: AuditOptions,
        isConfirmed: Bool,
        patience: Duration
    ) async throws -> RevokeReport {
        try await whileLocked("audit", patience: patience) {
            try await revoke(options, isConfirmed: isConfirmed)
        } otherwise: {
            var request = ControlRequest()
            request.revoke = ControlRequest.Revoke(
                paths: options.paths.map(\.description),
                since: options.since,
                account: options.account,
                confirmed: isConfirmed
            )
            return try await ask(request)?.revoke?.report
        }
    }
}

extension Scope {
    /// In the escaped form; nil for everything.
    var escapedPaths: [String]? {
        guard case .paths(let paths) = self else { return nil }
        return paths.map(\.description)
    }
}
