internal import FoundationEssentials
internal import SatchelCore
internal import SatchelManifest

/// A sync ended early because it was asked to; what it did is recorded.
struct SyncHeld: Error {}

/// Carries out a plan: uploads first, links next, deletes last, each success recorded as it happens.
///
/// A failed action blocks only what depends on it. An error that concerns the whole account, or as many in a row as
/// ``FailureStreak`` bears, ends its uploads: what was not tried is reported as failed for the same reason.
struct Executor: Sendable {
    let manifest: Manifest
    let account: AccountID
    let provider: any FileProvider
    let policy: SyncPolicy
    /// How many uploads run side by side.
    let parallelUploads: Int
    /// Opens the bytes of a content that a path shows or showed.
    let source: @Sendable (WorkspacePath, ContentDigest) -> any UploadSource
    let now: @Sendable () -> Date
    let observe: SyncObserver
    /// True: begin nothing more; see ``SyncOptions/isHeld``.
    var isHeld: @Sendable () -> Bool = { false }

    /// Does everything in `plan` and adds it to `report`.
    ///
    /// - Throws: ``ManifestError`` when the memory of what happens cannot be kept, ``SyncHeld``, `CancellationError`;
    ///   what was done until then is recorded.
    func apply(_ plan: Plan, to report: inout SyncReport) async throws {
        if isHeld() { throw SyncHeld() }
        var followers: [ContentDigest: [(path: WorkspacePath, reason: LinkReason)]] = [:]
        var uploads: [(path: WorkspacePath, reason: UploadReason, upload: Upload)] = []
        var links: [(path: WorkspacePath, digest: ContentDigest, reason: LinkReason)] = []
        var forgets: [(path: WorkspacePath, reason: ForgetReason)] = []
        var deletes: [(copy: KnownCopy, reason: DeleteReason)] = []
        for action in plan.permitted {
            switch action {
            case .upload(let path, let content, let reason):
                uploads.append((path, reason, upload(of: content, at: path)))
                followers[content.digest] = []
            case .link(let path, let digest, let reason):
                if followers[digest] != nil {
                    followers[digest]?.append((path, reason))
                } else {
                    links.append((path, digest, reason))
                }
            case .forget(let path, let reason): forgets.append((path, reason))
            case .delete(let copy, let reason): deletes.append((copy, reason))
            }
        }
        // Tables and local objects are kept in the order of digests: neighbours are then written together. A few uploads
        // go in the order of their names, which people read.
        if uploads.count > 1000 {
            let digests = uploads.map(\.upload.digest)
            uploads = uploads.indices.sorted { digests[$0] < digests[$1] }.map { uploads[$0] }
        }
        let bytes = uploads.reduce(0) { $0 + $1.upload.size }
        observe(.planned(uploads: uploads.count, bytes: bytes))
        func act() async throws {
            try await send(uploads, followers: followers, report: &report)
            try Task.checkCancellation()
            try await link(links, report: &report)
            try await forget(forgets, report: &report)
            try Task.checkCancellation()
            // They would meet the same. A full account or a spent budget is no reason to keep what is not needed.
            if let error = report.accountError, error.kind != .quota, error.kind != .budget { return }
            try await delete(deletes, report: &report)
        }
        if plan.actions.count > 5000 { try await manifest.withRoomForManyWrites(act) } else { try await act() }
    }

    private func upload(of content: UploadedContent, at path: WorkspacePath) -> Upload {
        let label = uploadLabel(
            for: path,
            digest: content.digest,
            media: content.media,
            traits: provider.traits,
            mark: UploadMark()
        )
        return Upload(
            digest: content.digest,
            size: content.size,
            media: content.media,
            name: label.name,
            mime: label.mime,
            expiresAfter: provider.traits.nativeExpiry(for: policy.ttl),
            source: source(path, content.digest)
        )
    }

    // MARK: - Uploads

    private func send(
        _ uploads: [(path: WorkspacePath, reason: UploadReason, upload: Upload)],
        followers: [ContentDigest: [(path: WorkspacePath, reason: LinkReason)]],
        report: inout SyncReport
    ) async throws {
        guard !uploads.isEmpty else { return }
        // Told as they end, reported in the order of their names.
        let (first, firstFailure) = (report.entries.count, report.failures.count)
        defer {
            report.entries[first...].sort { ($0.path ?? .root) < ($1.path ?? .root) }
            report.failures[firstFailure...].sort { ($0.path ?? .root) < ($1.path ?? .root) }
        }
        let batch = max(provider.traits.uploadBatch, 1)
        let feed = UploadFeed(uploads, manifest: manifest, account: account, batch: batch, now: now)
        let recorder = UploadRecorder(manifest: manifest, now: now)
        var accountError: ProviderError?
        var streak = FailureStreak()
        let workers = min(max(parallelUploads, 1), (uploads.count + batch - 1) / batch)
        try await withThrowingTaskGroup(of: [(AnnouncedUpload, Result<RemoteFile, ProviderError>)].self) { group in
            func startOne() {
                group.addTask {
                    let taken = try await feed.next(batch)
                    guard !taken.isEmpty else { return [] }
                    let results = await provider.upload(taken.map(\.upload))
                    var links: [(path: WorkspacePath, digest: ContentDigest)] = []
                    for (item, result) in zip(taken, results) where result.error == nil {
                        let digest = item.upload.digest
                        links += (followers[digest] ?? []).map { ($0.path, digest) }
                    }
                    try await recorder.record(zip(taken, results).map(end), linking: links)
                    return Array(zip(taken, results))
                }
            }
            for _ in 0..<workers { startOne() }
            while let finished = try await group.next() {
                for (item, result) in finished {
                    let error = result.error
                    if streak.isHopeless(after: error) { accountError = error }
                    note(item, result, followers: followers[item.upload.digest] ?? [], report: &report)
                }
                if !finished.isEmpty, accountError == nil, !Task.isCancelled, !isHeld() { startOne() }
            }
        }
        try await recorder.finish()
        if let accountError {
            report.accountError = accountError
            let untried = try await feed.stop(because: accountError.message)
            fail(untried, of: uploads, followers: followers, with: accountError, report: &report)
        } else if Task.isCancelled || isHeld() {
            _ = try await feed.stop(because: "interrupted before it began")
            try Task.checkCancellation()
            throw SyncHeld()
        }
    }

    private func end(of item: AnnouncedUpload, _ result: Result<RemoteFile, ProviderError>) -> Manifest.UploadEnd {
        switch result {
        case .success(let file):
            // Local copies never leave this machine: the ledger is about what does.
            .ready(row: item.row, file, ledgerPath: provider.traits.staysHere ? nil : item.path)
        case .failure(let error) where error.mayHaveLeftCopy || error.kind == .cancelled:
            .doubtful(row: item.row, error: error.message)
        case .failure(let error):
            .failed(row: item.row, error: error.message)
        }
    }

    private func note(
        _ item: AnnouncedUpload,
        _ result: Result<RemoteFile, ProviderError>,
        followers: [(path: WorkspacePath, reason: LinkReason)],
        report: inout SyncReport
    ) {
        let others = followers.filter { $0.path != item.path }
        switch result {
        case .success(let file):
            if item.reason.isRehydration { report.summary.rehydrated += 1 } else { report.summary.uploaded += 1 }
            report.summary.bytesUploaded += item.upload.size
            add(
                SyncReport.Entry(
                    kind: item.reason.isRehydration ? .rehydrate : .upload,
                    path: item.path,
                    digest: item.upload.digest,
                    reason: item.reason.code,
                    because: "\(item.reason)",
                    size: item.upload.size,
                    remote: file
                ),
                to: &report
            )
            for (path, reason) in others {
                report.summary.linked += 1
                add(SyncReport.Entry(.link(path, to: item.upload.digest, because: reason)), to: &report)
            }
        case .failure(let error):
            for path in [item.path] + others.map(\.path) { fail(path, with: error, report: &report) }
        }
    }

    private func fail(
        _ untried: [WorkspacePath],
        of uploads: [(path: WorkspacePath, reason: UploadReason, upload: Upload)],
        followers: [ContentDigest: [(path: WorkspacePath, reason: LinkReason)]],
        with error: ProviderError,
        report: inout SyncReport
    ) {
        let paths = Set(untried)
        for item in uploads where paths.contains(item.path) {
            fail(item.path, with: error, report: &report)
            for other in followers[item.upload.digest] ?? [] where other.path != item.path {
                fail(other.path, with: error, report: &report)
            }
        }
    }

    private func fail(_ path: WorkspacePath, with error: ProviderError, report: inout SyncReport) {
        let failure = SyncReport.Failure(path: path, error)
        report.summary.failed += 1
        report.failures.append(failure)
        // Nothing went wrong: who stopped this knows, and the next sync looks whether it arrived.
        if error.kind != .cancelled { observe(.failed(failure)) }
    }

    private func add(_ entry: SyncReport.Entry, to report: inout SyncReport) {
        report.entries.append(entry)
        observe(.done(entry))
    }

    // MARK: - Links, forgets, deletes

    private func link(
        _ links: [(path: WorkspacePath, digest: ContentDigest, reason: LinkReason)],
        report: inout SyncReport
    ) async throws {
        guard !links.isEmpty else { return }
        try await manifest.link(links.map { ($0.path, $0.digest) }, at: now())
        for (path, digest, reason) in links {
            if case .refused = reason { continue }
            report.summary.linked += 1
            add(SyncReport.Entry(.link(path, to: digest, because: reason)), to: &report)
        }
    }

    private func forget(
        _ forgets: [(path: WorkspacePath, reason: ForgetReason)],
        report: inout SyncReport
    ) async throws {
        guard !forgets.isEmpty else { return }
        try await manifest.forget(forgets.map(\.path), at: now())
        report.summary.forgotten += forgets.count
        for (path, reason) in forgets { add(SyncReport.Entry(.forget(path, because: reason)), to: &report) }
    }

    private func delete(
        _ deletes: [(copy: KnownCopy, reason: DeleteReason)],
        report: inout SyncReport
    ) async throws {
        let deleter = CopyDeleter(manifest: manifest, provider: provider, now: now)
        var streak = FailureStreak()
        for (copy, reason) in deletes {
            try Task.checkCancellation()
            switch try await deleter.delete(row: copy.row, because: reason.code) {
            case .deleted:
                report.summary.deleted += 1
                _ = streak.isHopeless(after: nil)
                add(SyncReport.Entry(.delete(copy, because: reason)), to: &report)
            // There was nothing to delete.
            case .stillReferenced, .dropped:
                continue
            case .failed(let error):
                let failure = SyncReport.Failure(deleteOf: copy.digest, error)
                report.failures.append(failure)
                observe(.failed(failure))
                if streak.isHopeless(after: error) {
                    report.accountError = error
                    return
                }
            }
        }
    }
}

extension Result {
    fileprivate var error: Failure? { if case .failure(let error) = self { error } else { nil } }
}
