package import FoundationEssentials
internal import SatchelCore

/// One line of `--events`, and of what a running watch tells who asked it: what happened, as JSON.
///
/// `docs/json.md` lists the types; keys are only ever added.
package struct EventLine: Codable, Sendable {
    package var type: String
    package var time: Date?
    package var account: String?
    package var files: Int?
    package var uploads: Int?
    package var bytes: Int64?
    package var action: String?
    package var path: String?
    package var sha256: String?
    package var reason: String?
    /// The reason in words.
    package var because: String?
    package var remoteId: String?
    package var name: String?
    package var expiresAt: Date?
    package var code: String?
    package var message: String?
    package var retryable: Bool?
    /// Tried several times in vain; nothing is wrong with the file.
    package var givenUp: Bool?
    package var until: Date?
    package var watches: Int?
    package var limit: Int?
    /// How long something lasted.
    package var seconds: Double?
    package var since: Date?
    package var deleted: Int?
    /// Of the local store.
    package var objects: Int?
    package var dryRun: Bool?
    package var summary: Summary?

    /// The sums of a sync; see ``SyncReport/Summary``.
    package struct Summary: Codable, Sendable {
        package var found, uploaded, rehydrated, linked, unchanged, deleted, skipped, failed, forgotten: Int
        package var bytesUploaded: Int64
    }

    package init(_ type: String) { self.type = type }
}

extension EventLine {
    /// The line of an event; `now` gives an instant to what is said in seconds.
    package init(_ event: SyncEvent, at now: Date) {
        switch event {
        case .scanning: self.init("scanning")
        case .hashed(let files):
            self.init("hashed")
            self.files = files
        case .planned(let uploads, let bytes):
            self.init("planned")
            self.uploads = uploads
            self.bytes = bytes
        case .done(let entry): self.init(entry)
        case .failed(let failure): self.init(failure)
        case .waiting(let seconds, let reason):
            self.init("waiting")
            until = now.addingTimeInterval(seconds)
            message = reason
        }
        time = now
    }

    package init(_ entry: SyncReport.Entry) {
        self.init("done")
        action = entry.kind.rawValue
        path = entry.path?.description
        sha256 = entry.digest?.hex
        reason = entry.reason
        because = entry.because
        bytes = entry.size
        remoteId = entry.remote?.id.rawValue
        name = entry.remote?.name
        expiresAt = entry.remote?.expiresAt
    }

    package init(_ failure: SyncReport.Failure) {
        self.init("failed")
        path = failure.path?.description
        code = failure.code
        message = failure.message
        retryable = failure.isRetryable
        givenUp = failure.isGivenUp ? true : nil
    }

    /// What the line says; nil for what is no event of a sync.
    func event(at now: Date) -> SyncEvent? {
        switch type {
        case "scanning": .scanning
        case "hashed": .hashed(files: files ?? 0)
        case "planned": .planned(uploads: uploads ?? 0, bytes: bytes ?? 0)
        case "done": entry.map { .done($0) }
        case "failed": .failed(failure)
        case "waiting": .waiting(seconds: max(0, until?.timeIntervalSince(now) ?? 0), reason: message ?? "")
        default: nil
        }
    }

    var entry: SyncReport.Entry? {
        guard let kind = action.flatMap({ SyncReport.Entry.Kind(rawValue: $0) }) else { return nil }
        var entry = SyncReport.Entry(kind: kind, reason: reason ?? "", because: because ?? "")
        entry.path = path.flatMap { WorkspacePath(escaped: $0) }
        entry.digest = sha256.flatMap { ContentDigest(hex: $0) }
        entry.size = bytes
        entry.remote = remoteId.flatMap { RemoteFileID($0) }.map { id in
            RemoteFile(id: id, name: name ?? "", size: bytes, expiresAt: expiresAt)
        }
        return entry
    }

    var failure: SyncReport.Failure {
        SyncReport.Failure(
            path: path.flatMap { WorkspacePath(escaped: $0) },
            code: code ?? "failed",
            message: message ?? "",
            isRetryable: retryable ?? false,
            isGivenUp: givenUp ?? false
        )
    }
}

extension EventLine.Summary {
    package init(_ sums: SyncReport.Summary) {
        self.init(
            found: sums.found,
            uploaded: sums.uploaded,
            rehydrated: sums.rehydrated,
            linked: sums.linked,
            unchanged: sums.unchanged,
            deleted: sums.deleted,
            skipped: sums.skipped,
            failed: sums.failed,
            forgotten: sums.forgotten,
            bytesUploaded: sums.bytesUploaded
        )
    }

    var summary: SyncReport.Summary {
        SyncReport.Summary(
            found: found,
            uploaded: uploaded,
            rehydrated: rehydrated,
            linked: linked,
            unchanged: unchanged,
            skipped: skipped,
            failed: failed,
            deleted: deleted,
            forgotten: forgotten,
            bytesUploaded: bytesUploaded
        )
    }
}
