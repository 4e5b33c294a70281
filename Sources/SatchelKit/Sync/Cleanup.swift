package import FoundationEssentials
package import SatchelCore
internal import SatchelManifest
internal import SatchelRemote

/// What a clean-up is to look at.
package struct CleanupOptions: Sendable {
    /// Copies whose provider let them expire.
    package var expired = true
    /// Copies that nothing refers to, and ours that the manifest lost sight of.
    package var orphans = true
    /// Unreferenced for at least so many seconds; nil for the configured time.
    package var olderThan: TimeInterval?
    /// Also copies that paths still stand for.
    package var all = false
    /// Ignores references: with `all`, deletes everything of ours in the account.
    package var force = false
    package var limit: Int?
    package var isDryRun = false

    package init() {}
}

package struct CleanupReport: Sendable {
    package struct Copy: Hashable, Sendable {
        package var remoteID: String?
        package var name: String
        /// Bytes.
        package var size: Int64
        package var reason: String
    }

    package var account: String
    package var isDryRun: Bool
    package var deleted: [Copy] = []
    package var kept: [Copy] = []
    package var failed: [Copy] = []
    package var accountError: ProviderError?
}

extension Workspace {
    /// Deletes remote copies of ours that are no longer needed, and unneeded objects of the local store.
    ///
    /// Only what the manifest's own rows and ledger name is ever touched. The caller holds the workspace lock.
    package func cleanup(_ connection: Connection, options: CleanupOptions) async throws -> CleanupReport {
        var report = CleanupReport(account: connection.account.name, isDryRun: options.isDryRun)
        let undecided = options.isDryRun ? [:] : try await adoptInterrupted(in: connection)
        let copies = try await manifest.copies(in: connection.id)
        let details = try await manifest.details(in: connection.id)
        let pinned = connection.traits.staysHere ? try await manifest.pinnedContents() : []
        let verdicts = planCleanup(
            copies,
            linked: try await manifest.linkedContents(),
            pinned: pinned,
            options: options,
            keepUnreferenced: options.olderThan ?? configuration.keepUnreferenced.inSeconds,
            at: now()
        )
        let deleter = CopyDeleter(manifest: manifest, provider: connection.provider, now: context.now)
        for verdict in verdicts {
            try Task.checkCancellation()
            let detail = details[verdict.copy.row]
            var line = CleanupReport.Copy(
                remoteID: detail?.remoteID,
                name: detail?.uploadName ?? verdict.copy.digest.hex,
                size: detail?.size ?? 0,
                reason: verdict.reason
            )
            if let error = undecided[verdict.copy.digest] {
                line.reason = "it is not known whether it arrived: \(error)"
                report.kept.append(line)
                continue
            }
            guard verdict.isDelete else {
                report.kept.append(line)
                continue
            }
            if let limit = options.limit, report.deleted.count >= limit {
                line.reason = "beyond the limit of \(limit)"
                report.kept.append(line)
                continue
            }
            guard !options.isDryRun else {
                report.deleted.append(line)
                continue
            }
            switch try await deleter.delete(row: verdict.copy.row, because: verdict.code, force: options.force) {
            case .deleted: report.deleted.append(line)
            case .stillReferenced:
                line.reason = "referred to again"
                report.kept.append(line)
            case .failed(let error):
                line.reason = "\(error)"
                report.failed.append(line)
                if error.concernsAccount {
                    report.accountError = error
                    return report
                }
            }
        }
        if options.orphans { try await deleteLost(connection, options: options, report: &report) }
        return report
    }

    /// Copies that the ledger says we made and no row names any more: a clock that jumped or a cut-off run left them.
    private func deleteLost(
        _ connection: Connection,
        options: CleanupOptions,
        report: inout CleanupReport
    ) async throws {
        for lost in try await manifest.lostCopies(in: connection.id, at: now()) {
            if let limit = options.limit, report.deleted.count >= limit { return }
            var line = CleanupReport.Copy(
                remoteID: lost.remoteID.rawValue,
                name: lost.digest.prefix(16),
                size: lost.size,
                reason: "made by an earlier run and replaced since"
            )
            if options.isDryRun {
                report.deleted.append(line)
                continue
            }
            do {
                try await connection.provider.delete(lost.remoteID)
                try await manifest.settleLost(lost, because: "orphaned", at: now())
                report.deleted.append(line)
            } catch let error as ProviderError {
                line.reason = "\(error)"
                report.failed.append(line)
            }
        }
        guard connection.traits.staysHere, !options.isDryRun else { return }
        try await manifest.pruneIndex()
        try await sweepObjects()
    }
}

/// What is to happen to one copy, with its reason.
struct CleanupVerdict: Sendable {
    var copy: KnownCopy
    var isDelete: Bool
    /// The stable word.
    var code: String
    var reason: String
}

/// Decides a clean-up.
///
/// Pure.
///
/// `linked` are contents that some path stands for, `pinned` those that a message needs and this account alone can
/// give; `keepUnreferenced` is in seconds.
func planCleanup(
    _ copies: CopyIndex,
    linked: Set<ContentDigest>,
    pinned: Set<ContentDigest>,
    options: CleanupOptions,
    keepUnreferenced: TimeInterval,
    at now: Date
) -> [CleanupVerdict] {
    copies.copies.map { copy in
        func verdict(_ isDelete: Bool, _ code: String, _ reason: String) -> CleanupVerdict {
            CleanupVerdict(copy: copy, isDelete: isDelete, code: code, reason: reason)
        }
        let age = now.timeIntervalSince(copy.touchedAt)
        if copy.state == .deleting { return verdict(true, "unfinished", "an earlier delete was not confirmed") }
        if pinned.contains(copy.digest), !options.force { return verdict(false, "pinned", "a message refers to it") }
        if linked.contains(copy.digest) {
            if options.all, options.force { return verdict(true, "requested", "asked for with --all --force") }
            if options.expired, case .expired(let date) = copy.freshness(at: now, margin: 0) {
                return verdict(false, "expired", "expired \(date.formatted(.iso8601)); the next sync renews it")
            }
            return verdict(false, "referenced", "a file refers to it")
        }
        if options.expired, case .expired(let date) = copy.freshness(at: now, margin: 0) {
            return verdict(true, "expired", "expired \(date.formatted(.iso8601))")
        }
        guard options.orphans || options.all else { return verdict(false, "unreferenced", "not asked for") }
        if copy.state == .failed || copy.state == .uploading {
            return verdict(true, "unreferenced", "never finished, and nothing refers to it")
        }
        if age >= keepUnreferenced || options.force {
            return verdict(
                true,
                "unreferenced",
                "nothing has referred to it since \(copy.touchedAt.formatted(.iso8601))"
            )
        }
        let wait = spelledDuration(Int64(keepUnreferenced))
        return verdict(false, "recent", "unreferenced, kept for \(wait) in case its file comes back")
    }
}
