internal import FoundationEssentials
internal import SatchelCore
internal import SatchelManifest

extension Workspace {
    /// How much the copies of this workspace may take in the account; nil for no limit that is known.
    func limit(of connection: Connection) -> ByteCount? {
        connection.account.effectiveRoom(connection.traits)
    }

    /// Sees to it that a plan's uploads fit into the account.
    ///
    /// With `when_full: evict`, copies make room that were unused for longest. A sync takes only those that no path
    /// stands for: the next one would upload the others again. A chat may take any that it does not need itself.
    ///
    /// - Parameters:
    ///   - actions: of the plan.
    ///   - connection: the account.
    ///   - needed: contents whose copies stay.
    ///   - evictsLinked: whether copies that a path stands for may go, too.
    ///   - report: is told what was deleted, and what does not fit; of a dry run, what would be, and nothing is done.
    ///   - observe: likewise.
    /// - Returns: the actions without the uploads that do not fit, and what depends on them.
    /// - Throws: ``ManifestError``.
    func makeRoom(
        for actions: [Action],
        in connection: Connection,
        keeping needed: Set<ContentDigest> = [],
        evictsLinked: Bool,
        report: inout SyncReport,
        observe: @escaping SyncObserver
    ) async throws -> [Action] {
        guard let limit = limit(of: connection) else { return actions }
        let uploads = actions.compactMap(\.uploadedContent)
        guard !uploads.isEmpty else { return actions }
        let incoming = Set(uploads.map(\.digest))
        let wanted = uploads.reduce(0) { $0 + $1.size }
        var used = try await manifest.bytes(in: connection.id)
        guard used + wanted > limit.bytes else { return actions }
        // What is sent again takes the place of what is there.
        used -= try await manifest.bytes(of: incoming, in: connection.id)
        let held = try await manifest.evictableCopies(in: connection.id).filter { !incoming.contains($0.copy.digest) }
        if used + wanted > limit.bytes, configuration.whenFull == .evict {
            let deleter = CopyDeleter(manifest: manifest, provider: connection.provider, now: context.now)
            for victim in held where used + wanted > limit.bytes {
                guard !needed.contains(victim.copy.digest), evictsLinked || !victim.isLinked else { continue }
                try Task.checkCancellation()
                let reason = DeleteReason.evicted(unusedSince: victim.usedAt)
                if !report.isDryRun {
                    guard
                        case .deleted = try await deleter.delete(
                            row: victim.copy.row,
                            because: reason.code,
                            force: evictsLinked
                        )
                    else { continue }
                }
                used -= victim.size
                report.summary.deleted += 1
                let entry = SyncReport.Entry(.delete(victim.copy, because: reason))
                report.entries.append(entry)
                observe(.done(entry))
            }
        }
        return fit(actions, into: limit.bytes - used, limit: limit, connection, report: &report, observe: observe)
    }

    private func fit(
        _ actions: [Action],
        into space: Int64,
        limit: ByteCount,
        _ connection: Connection,
        report: inout SyncReport,
        observe: SyncObserver
    ) -> [Action] {
        var space = space
        var left: Set<ContentDigest> = []
        return actions.filter { action in
            let path: WorkspacePath
            switch action {
            case .upload(let uploaded, let content, _):
                if content.size <= space {
                    space -= content.size
                    return true
                }
                left.insert(content.digest)
                path = uploaded
            case .link(_, let content, .uploaded): return !left.contains(content)
            case .link(let linked, let content, _):
                guard left.contains(content) else { return true }
                path = linked
            default: return true
            }
            let advice =
                configuration.whenFull == .evict
                ? "raise max_bytes of the account" : "run satchel cleanup, set when_full: evict, or raise max_bytes"
            let failure = SyncReport.Failure(
                path: path,
                code: "full",
                message: "no room in \(connection.account.name), which has \(limit) for this workspace; \(advice)",
                isRetryable: false
            )
            report.summary.failed += 1
            report.failures.append(failure)
            observe(.failed(failure))
            return false
        }
    }
}

extension Action {
    fileprivate var uploadedContent: UploadedContent? {
        if case .upload(_, let content, _) = self { content } else { nil }
    }
}
