internal import FoundationEssentials
internal import SatchelCore
internal import SatchelManifest

/// One content that is announced in the manifest and may be sent.
struct AnnouncedUpload: Sendable {
    var row: Int64
    var path: WorkspacePath
    var reason: UploadReason
    var upload: Upload
}

/// Hands out uploads in the order of the plan, each after its intent row is written.
///
/// Intents are written some at a time: one transaction for each would cost more than sending a small file.
actor UploadFeed {
    private let manifest: Manifest
    private let account: AccountID
    private let now: @Sendable () -> Date
    private let announceAtOnce: Int
    private var waiting: ArraySlice<(path: WorkspacePath, reason: UploadReason, upload: Upload)>
    private var announced: [AnnouncedUpload] = []
    private var announcing: Task<Void, any Error>?
    private var isStopped = false

    init(
        _ uploads: [(path: WorkspacePath, reason: UploadReason, upload: Upload)],
        manifest: Manifest,
        account: AccountID,
        batch: Int,
        now: @escaping @Sendable () -> Date
    ) {
        waiting = uploads[...]
        self.manifest = manifest
        self.account = account
        self.now = now
        announceAtOnce = max(uploads.count > 1000 ? 128 : 32, batch)
    }

    /// Up to `count` uploads; empty at the end and after ``stop()``.
    func next(_ count: Int) async throws -> [AnnouncedUpload] {
        // The last ones are neither waiting nor announced while their intents are written: whoever took that for the end
        // would leave them to nobody, and few uploads would go one by one.
        while announced.isEmpty, !waiting.isEmpty || announcing != nil, !isStopped {
            if !waiting.isEmpty { announceMore() }
            try await announcing?.value
        }
        guard !isStopped else { return [] }
        let taken = Array(announced.prefix(count))
        announced.removeFirst(taken.count)
        // Whoever comes next finds them written.
        if announced.count < count, !waiting.isEmpty { announceMore() }
        return taken
    }

    /// Nothing more is handed out.
    ///
    /// What was announced in vain is marked as failed.
    func stop(because message: String) async throws -> [WorkspacePath] {
        isStopped = true
        _ = try? await announcing?.value
        let untried = announced
        announced = []
        defer { waiting = [] }
        if !untried.isEmpty {
            try await manifest.finishUploads(untried.map { .failed(row: $0.row, error: message) }, at: now())
        }
        return untried.map(\.path) + waiting.map(\.path)
    }

    private func announceMore() {
        if announcing == nil { announcing = Task { try await announce() } }
    }

    private func announce() async throws {
        let some = waiting.prefix(announceAtOnce)
        waiting = waiting.dropFirst(some.count)
        let rows = try await manifest.beginUploads(
            some.map { item in
                Manifest.Intent(
                    digest: item.upload.digest,
                    size: item.upload.size,
                    media: item.upload.media,
                    uploadName: item.upload.name,
                    source: item.path
                )
            },
            in: account,
            at: now()
        )
        for (row, item) in zip(rows, some) {
            announced.append(AnnouncedUpload(row: row, path: item.path, reason: item.reason, upload: item.upload))
        }
        announcing = nil
    }
}
