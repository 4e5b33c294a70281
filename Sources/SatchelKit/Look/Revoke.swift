internal import FoundationEssentials
package import SatchelCore
internal import SatchelManifest

/// What became of copies that were to be deleted at their providers.
package struct RevokeReport: Sendable {
    /// One of them.
    package struct Copy: Hashable, Sendable {
        package var account: String
        package var remoteID: RemoteFileID
        package var path: WorkspacePath?
        /// Why it is still there; nil when it is not.
        package var error: String?
    }

    package var revoked: [Copy] = []
    package var failed: [Copy] = []
    /// What ended the deletes of an account.
    package var accountError: ProviderError?
    /// Files that the next sync would send again.
    package var comingBack: Set<WorkspacePath> = []
    /// What the user has to know of the accounts.
    package var notices: [String] = []
}

extension Workspace {
    /// Deletes, at their providers, the copies among the departures that `options` name; more than ten need a yes.
    ///
    /// The caller holds the workspace lock.
    ///
    /// - Throws: ``WorkspaceError`` of kind `stoppedForSafety` when there are so many and no yes; see ``revoke(_:)``.
    func revoke(_ options: AuditOptions, isConfirmed: Bool) async throws -> RevokeReport {
        let mostUnasked = 10
        let entries = try await audit(options)
        let there = Set(entries.filter { $0.state == .there }.compactMap(\.remoteID)).count
        guard there <= mostUnasked || isConfirmed else {
            throw WorkspaceError(
                .stoppedForSafety,
                "audit --revoke: this would delete \(there) copies; look at the list without --revoke, then say --yes"
            )
        }
        return try await revoke(entries)
    }

    /// Deletes, at their providers, the copies among `entries` that are still there, and writes that down.
    ///
    /// Only ids of the ledger are touched, and only with the key that made them. The caller holds the workspace lock.
    ///
    /// - Parameter entries: of ``audit(_:)``; those that are gone already, and questions, are left out.
    /// - Returns: what was deleted and what was not.
    /// - Throws: ``ManifestError``, `CancellationError`; what was done until then is recorded.
    private func revoke(_ entries: [AuditEntry]) async throws -> RevokeReport {
        var report = RevokeReport()
        var seen: Set<RemoteFileID> = []
        let wanted = entries.filter { $0.state == .there && $0.remoteID.map { seen.insert($0).inserted } ?? false }
        for (account, entries) in Dictionary(grouping: wanted, by: \.departure.account).sorted(by: {
            $0.key.rawValue < $1.key.rawValue
        }) {
            let connection: Connection
            do {
                connection = try await connect(to: entries[0].account, notice: { report.notices.append($0) })
                guard connection.id == account else {
                    throw WorkspaceError(
                        .providerRefused,
                        "account \(entries[0].account): it was sent under another key or address, and only that one "
                            + "can delete it; put the old key back for this command, and for the watch where one runs"
                    )
                }
            } catch let error where !(error is CancellationError) {
                for entry in entries { report.add(entry, error: "\(error)") }
                report.accountError = report.accountError ?? (error as? ProviderError)
                continue
            }
            var streak = FailureStreak()
            var lasting: ProviderError?
            for entry in entries {
                try Task.checkCancellation()
                let error: ProviderError? = if let lasting { lasting } else { try await revoke(entry, connection) }
                if lasting == nil, streak.isHopeless(after: error) { lasting = error }
                report.add(entry, error: error.map { "\($0)" })
            }
            report.accountError = report.accountError ?? lasting
        }
        let revoked = Set(report.revoked.map(\.remoteID))
        let gone = Set(wanted.filter { $0.remoteID.map { revoked.contains($0) } ?? false }.map(\.digest))
        report.comingBack = Set(
            try await manifest.known(in: .everything).filter { $0.linked.map { gone.contains($0) } ?? false }.map(
                \.path
            )
        )
        return report
    }

    /// Nil when the copy is gone.
    private func revoke(_ entry: AuditEntry, _ connection: Connection) async throws -> ProviderError? {
        guard let id = entry.remoteID, let line = entry.departure.entry else { return nil }
        if let row = entry.departure.row {
            let deleter = CopyDeleter(manifest: manifest, provider: connection.provider, now: context.now)
            switch try await deleter.delete(row: row, because: "revoked", force: true) {
            case .deleted, .dropped, .stillReferenced: return nil
            case .failed(let error): return error
            }
        }
        do {
            try await connection.provider.delete(id)
        } catch {
            return error
        }
        let lost = Manifest.LostCopy(entry: line, remoteID: id, digest: entry.digest, size: entry.size)
        try await manifest.settleLost(lost, because: "revoked", at: now())
        return nil
    }
}

extension RevokeReport {
    fileprivate mutating func add(_ entry: AuditEntry, error: String?) {
        guard let id = entry.remoteID else { return }
        let copy = Copy(account: entry.account, remoteID: id, path: entry.path, error: error)
        if error == nil { revoked.append(copy) } else { failed.append(copy) }
    }
}
