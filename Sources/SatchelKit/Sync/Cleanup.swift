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
    /// Yes to many deletes.
    package var isConfirmed = false

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
    /// Set when it needs a yes; nothing was deleted then.
    package var stop: StopReason?
    /// Objects of the local store that nothing needed.
    package var swept = SweptObjects()
}

extension Workspace {
    /// Deletes remote copies of ours that are no longer needed, and unneeded objects of the local store.
    ///
    /// Only what the manifest's own rows and ledger name is ever touched. The caller holds the workspace lock. Deletes go
    /// in pages of a hundred, some side by side; each success is recorded at once, and each failure stays to be tried
    /// again.
    package func cleanup(_ connection: Connection, options: CleanupOptions) async throws -> CleanupReport {
        var report = CleanupReport(account: connection.account.name, isDryRun: options.isDryRun)
        var undecided: [ContentDigest: ProviderError] = [:]
        var moment = now()
        if !options.isDryRun {
            try await endAbandonedLeases(in: connection)
            undecided = try await adoptInterrupted(in: connection)
            moment = try await accountTime(of: connection)
        }
        let copies = try await manifest.copies(in: connection.id)
        let details = try await manifest.details(in: connection.id)
        let pinned = connection.traits.staysHere ? try await manifest.pinnedContents() : []
        let verdicts = planCleanup(
            copies,
            linked: try await manifest.linkedContents(),
            pinned: pinned,
            options: options,
            keepUnreferenced: options.olderThan ?? configuration.keepUnreferenced.inSeconds,
            at: moment
        )
        report.stop = stopReason(verdicts, options: options)
        var deletes: [Doomed] = []
        for verdict in verdicts {
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
            } else if !verdict.isDelete {
                report.kept.append(line)
            } else if let limit = options.limit, deletes.count >= limit {
                line.reason = "beyond the limit of \(limit)"
                report.kept.append(line)
            } else {
                deletes.append(Doomed(row: verdict.copy.row, code: verdict.code, line: line))
            }
        }
        guard !options.isDryRun else {
            report.deleted = deletes.map(\.line).filter { $0.remoteID != nil }
            if options.orphans { try await deleteLost(connection, options: options, at: moment, report: &report) }
            return report
        }
        guard report.stop == nil else {
            report.kept += deletes.map(\.line).filter { $0.remoteID != nil }
            return report
        }
        for start in stride(from: 0, to: deletes.count, by: Self.pageOfDeletes) {
            try Task.checkCancellation()
            let page = deletes[start..<min(start + Self.pageOfDeletes, deletes.count)]
            try await delete(page, in: connection, force: options.force, report: &report)
            if let error = report.accountError {
                report.kept += Self.untried(deletes, in: report, because: error)
                return report
            }
        }
        if options.orphans {
            try await deleteLost(connection, options: options, at: moment, report: &report)
            try await manifest.pruneIndex()
            report.swept = try await sweepObjects()
        }
        return report
    }

    /// What was to be deleted and was not even asked for.
    private static func untried(
        _ deletes: [Doomed],
        in report: CleanupReport,
        because error: ProviderError
    ) -> [CleanupReport.Copy] {
        // What never arrived is not listed when it goes, and not when it stays.
        let tried = Set((report.deleted + report.kept + report.failed).map(\.name))
        return deletes.map(\.line).filter { $0.remoteID != nil && !tried.contains($0.name) }.map { line in
            var line = line
            line.reason = "not tried: \(error)"
            return line
        }
    }

    private static var pageOfDeletes: Int { 100 }

    private struct Doomed: Sendable {
        var row: Int64
        var code: String
        var line: CleanupReport.Copy
    }

    /// Whether so many deletes need a yes.
    ///
    /// What has expired is gone already, what was never finished is of no use, and `force` and `limit` are a yes of
    /// their own.
    private func stopReason(_ verdicts: [CleanupVerdict], options: CleanupOptions) -> StopReason? {
        guard !options.isConfirmed, !options.force, options.limit == nil else { return nil }
        let living = verdicts.count { verdict in
            verdict.isDelete && verdict.code == "unreferenced" && verdict.copy.state != .failed
                && verdict.copy.state != .uploading
        }
        let ceiling = configuration.deleteCeiling
        guard living > ceiling.count, living * 100 > verdicts.count * ceiling.percent else { return nil }
        return .tooManyDeletes(count: living, of: verdicts.count)
    }

    private func delete(
        _ page: ArraySlice<Doomed>,
        in connection: Connection,
        force: Bool,
        report: inout CleanupReport
    ) async throws {
        let deleter = CopyDeleter(manifest: manifest, provider: connection.provider, now: context.now)
        let atOnce = connection.traits.parallelUploads
        var streak = FailureStreak()
        try await withThrowingTaskGroup(of: (CleanupReport.Copy, CopyDeleter.Outcome).self) { group in
            func settle(_ done: (line: CleanupReport.Copy, outcome: CopyDeleter.Outcome)) {
                var line = done.line
                switch done.outcome {
                case .deleted:
                    report.deleted.append(line)
                    _ = streak.isHopeless(after: nil)
                case .dropped: break
                case .stillReferenced:
                    line.reason = "referred to again"
                    report.kept.append(line)
                case .failed(let error):
                    line.reason = "\(error)"
                    report.failed.append(line)
                    if streak.isHopeless(after: error) { report.accountError = error }
                }
            }
            for (index, doomed) in page.enumerated() {
                if index >= atOnce, let done = try await group.next() { settle(done) }
                // The rest would meet the same.
                if report.accountError != nil || Task.isCancelled { break }
                group.addTask {
                    (doomed.line, try await deleter.delete(row: doomed.row, because: doomed.code, force: force))
                }
            }
            for try await done in group { settle(done) }
        }
        try Task.checkCancellation()
    }

    /// Copies that the ledger says we made and no row names any more: a clock that jumped or a cut-off run left them.
    private func deleteLost(
        _ connection: Connection,
        options: CleanupOptions,
        at moment: Date,
        report: inout CleanupReport
    ) async throws {
        var streak = FailureStreak()
        for lost in try await manifest.lostCopies(in: connection.id, at: moment) {
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
                _ = streak.isHopeless(after: nil)
            } catch let error as ProviderError {
                if error.kind == .cancelled { throw error }
                line.reason = "\(error)"
                report.failed.append(line)
                guard !streak.isHopeless(after: error) else {
                    report.accountError = error
                    return
                }
            }
        }
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
        // A clock that went back makes no copy younger than new.
        let age = max(now.timeIntervalSince(copy.touchedAt), 0)
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
        // Without a wait the age says nothing: after a clock went back it may be below zero.
        if keepUnreferenced <= 0 || age >= keepUnreferenced || options.force {
            return verdict(
                true,
                "unreferenced",
                "nothing has referred to it since \(copy.touchedAt.formatted(.iso8601))"
            )
        }
        // Another process may have asked for any number.
        let wait = spelledDuration(Int64(min(keepUnreferenced, Double(longestSeconds))))
        return verdict(false, "recent", "unreferenced, kept for \(wait) in case its file comes back")
    }
}
