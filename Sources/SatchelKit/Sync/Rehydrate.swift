internal import FoundationEssentials
package import SatchelCore
internal import SatchelManifest

/// What is to be made fresh before it is needed.
package struct RehydrateOptions: Sendable {
    /// Also copies that end within so many seconds.
    package var within: Double = 0
    /// Also copies that are fresh.
    package var all = false

    package init() {}
}

extension Workspace {
    /// Uploads again what has expired, ends soon, or vanished at the provider, and whatever else is not in step.
    ///
    /// The provider is asked after every copy in question first. The caller holds the workspace lock.
    ///
    /// - Parameters:
    ///   - scope: which paths.
    ///   - connection: the account.
    ///   - options: what counts as soon.
    ///   - observe: told what happens.
    /// - Returns: what was done.
    /// - Throws: as a sync does; ``ProviderError`` when the account cannot be asked.
    package func rehydrate(
        _ scope: Scope,
        in connection: Connection,
        options: RehydrateOptions,
        observe: @escaping SyncObserver
    ) async throws -> SyncReport {
        if scope == .everything {
            _ = try await verify(connection)
        } else {
            let linked = try await manifest.known(in: scope).compactMap(\.linked)
            _ = try await preflight(Set(linked), in: connection)
        }
        var sync = SyncOptions()
        sync.renewsWithin = options.within
        sync.renewsAll = options.all
        var report = try await self.sync(scope, to: connection, options: sync, observe: observe)
        // What was fresh would otherwise stay beside its successor until its end.
        if options.all { try await deleteReplaced(in: connection, report: &report, observe: observe) }
        return report
    }

    /// Deletes copies of ours that newer ones have replaced; what fails is in the report, and left to a clean-up.
    private func deleteReplaced(
        in connection: Connection,
        report: inout SyncReport,
        observe: @escaping SyncObserver
    ) async throws {
        for lost in try await manifest.lostCopies(in: connection.id, at: corrected(now(), by: connection)) {
            do {
                try await connection.provider.delete(lost.remoteID)
            } catch {
                if error.kind == .cancelled { throw error }
                let failure = SyncReport.Failure(deleteOf: lost.digest, error)
                report.failures.append(failure)
                observe(.failed(failure))
                continue
            }
            try await manifest.settleLost(lost, because: "replaced", at: now())
        }
    }
}
