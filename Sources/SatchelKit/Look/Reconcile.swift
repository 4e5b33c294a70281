internal import FoundationEssentials
package import SatchelCore
internal import SatchelManifest

/// What is to be done about the difference between an account and what is remembered of it.
package struct ReconcileOptions: Sendable {
    /// Take over files that hold a content of this workspace, so that nothing of it is uploaded again.
    package var adopts = false
    /// Delete what this workspace made and nothing here names any more.
    package var deletesOrphans = false
    package var isDryRun = false

    package init() {}
}

/// What an account holds beside what is remembered, and what was done about it.
package struct Reconciliation: Sendable {
    /// A file of the account, with what is known of it here.
    package struct File: Hashable, Sendable {
        package var remoteID: RemoteFileID
        package var name: String
        /// Bytes.
        package var size: Int64?
        package var digest: ContentDigest?
        package var path: WorkspacePath?
        /// Why it could not be deleted.
        package var error: String?
    }

    package var account: String
    package var isDryRun: Bool
    package var ours = 0
    /// Copies that are believed to be there and were not listed.
    package var missing = 0
    package var foreign = 0
    /// Made by this workspace, named by nothing here, and of no use to it.
    package var orphaned: [File] = []
    /// Hold a content that is here and has no copy: ours from before, or of another workspace with the same file.
    package var adoptable: [File] = []
    package var adopted: [File] = []
    package var deleted: [File] = []
    package var failed: [File] = []
    /// What ended the deletes.
    package var accountError: ProviderError?
}

extension Workspace {
    /// Compares everything in the account with what is remembered, and adopts or deletes what is ours if asked to.
    ///
    /// With the manifest lost this rebuilds it: contents of the workspace are found at the account by the digits of their
    /// digest in the upload name and their size, or by the digest where the provider tells it, and not sent again.
    /// Nothing is deleted that the ledger does not name. The caller holds the workspace lock, unless it is a dry run.
    ///
    /// - Parameters:
    ///   - connection: the account.
    ///   - options: what to do.
    ///   - observe: told about the scan.
    /// - Returns: what is there, and what was done.
    /// - Throws: ``ProviderError`` when the account cannot be listed; ``ManifestError``.
    package func reconcile(
        _ connection: Connection,
        options: ReconcileOptions,
        observe: @escaping SyncObserver = { _ in }
    ) async throws -> Reconciliation {
        var result = Reconciliation(account: connection.account.name, isDryRun: options.isDryRun)
        let writes = !options.isDryRun && options.adopts
        let known = try await manifest.known(in: .everything)
        let snapshot = try await scan(.everything, known: known, remembersHashes: writes, observe: observe)
        let moment = try await accountTime(of: connection)
        let copies = try await manifest.heldCopies(in: connection.id)
        var unseen = Set(copies.map(\.remoteID))
        let matcher = Matcher(
            snapshot: snapshot,
            held: Set(copies.map(\.digest)),
            traits: connection.traits,
            moment: moment,
            margin: configuration.safetyMargin.inSeconds
        )
        var best: [ContentDigest: Reconciliation.File] = [:]
        var files: [ContentDigest: RemoteFile] = [:]
        try await remoteFiles(in: connection) { page in
            for held in page {
                guard held.owner != .ours else {
                    result.ours += 1
                    unseen.remove(held.file.id)
                    continue
                }
                let usable = matcher.usable(held)
                var line = Reconciliation.File(
                    remoteID: held.file.id,
                    name: held.file.name,
                    size: held.file.size,
                    digest: usable?.digest ?? held.digest,
                    path: usable?.path ?? held.path
                )
                if let usable {
                    let (earlier, lasting) = (files[usable.digest], held.file.outlasts(files[usable.digest]))
                    guard earlier == nil || lasting else {
                        result.leave(line, owner: held.owner)
                        continue
                    }
                    if let replaced = best[usable.digest] {
                        result.leave(replaced, owner: matcher.owners[replaced.remoteID] ?? .foreign)
                    }
                    line.digest = usable.digest
                    best[usable.digest] = line
                    files[usable.digest] = held.file
                    matcher.owners[held.file.id] = held.owner
                } else {
                    result.leave(line, owner: held.owner)
                }
            }
        }
        result.missing = unseen.count
        result.adoptable = best.values.sorted { ($0.path ?? .root) < ($1.path ?? .root) }
        guard !options.isDryRun else { return result }
        if options.adopts { try await adopt(&result, files: files, snapshot: snapshot, known: known, in: connection) }
        if options.deletesOrphans { try await deleteOrphans(&result, in: connection) }
        return result
    }

    private func adopt(
        _ result: inout Reconciliation,
        files: [ContentDigest: RemoteFile],
        snapshot: Snapshot,
        known: [KnownFile],
        in connection: Connection
    ) async throws {
        var adoptions: [ContentDigest: Manifest.Adoption] = [:]
        var links: [(path: WorkspacePath, digest: ContentDigest)] = []
        let linked = Dictionary(known.map { ($0.path, $0.linked) }, uniquingKeysWith: { first, _ in first })
        for local in snapshot.files {
            guard let file = files[local.digest] else { continue }
            if linked[local.path] != local.digest { links.append((local.path, local.digest)) }
            guard adoptions[local.digest] == nil else { continue }
            adoptions[local.digest] = Manifest.Adoption(
                digest: local.digest,
                size: local.size,
                media: local.media,
                file: file,
                ledgerPath: connection.traits.staysHere ? nil : local.path
            )
        }
        try await manifest.adopt(Array(adoptions.values), linking: links, in: connection.id, at: now())
        result.adopted = result.adoptable
        result.adoptable = []
    }

    private func deleteOrphans(_ result: inout Reconciliation, in connection: Connection) async throws {
        var streak = FailureStreak()
        for var file in result.orphaned {
            try Task.checkCancellation()
            if let error = result.accountError {
                file.error = "\(error)"
                result.failed.append(file)
                continue
            }
            do {
                try await connection.provider.delete(file.remoteID)
                try await manifest.settleOrphan(file.remoteID, in: connection.id, because: "orphaned", at: now())
                result.deleted.append(file)
                _ = streak.isHopeless(after: nil)
            } catch let error as ProviderError {
                if error.kind == .cancelled { throw error }
                file.error = "\(error)"
                result.failed.append(file)
                if streak.isHopeless(after: error) { result.accountError = error }
            }
        }
        result.orphaned = []
    }
}

/// Tells which remote files hold a content of the workspace that has no copy yet.
private final class Matcher {
    /// Of the files that are to be adopted.
    var owners: [RemoteFileID: HeldFile.Owner] = [:]
    private let contents: LocalContents
    private let paths: [ContentDigest: WorkspacePath]
    private let moment: Date
    private let margin: TimeInterval

    init(
        snapshot: Snapshot,
        held: Set<ContentDigest>,
        traits: ProviderTraits,
        moment: Date,
        margin: TimeInterval
    ) {
        self.moment = moment
        self.margin = margin
        var paths: [ContentDigest: WorkspacePath] = [:]
        var wanted: [LocalContent] = []
        for file in snapshot.files where !held.contains(file.digest) && paths[file.digest] == nil {
            guard traits.refusal(of: file.media, size: file.size, at: file.path) == nil else { continue }
            paths[file.digest] = file.path
            wanted.append(LocalContent(digest: file.digest, size: file.size))
        }
        self.paths = paths
        contents = LocalContents(wanted)
    }

    /// The content that the file can stand for from now on.
    func usable(_ held: HeldFile) -> (digest: ContentDigest, path: WorkspacePath?)? {
        guard held.file.state == .ready else { return nil }
        if let end = held.file.expiresAt, end <= moment.addingTimeInterval(margin) { return nil }
        if let digest = held.digest { return paths[digest].map { (digest, $0) } }
        return contents.content(of: held.file).map { ($0.digest, paths[$0.digest]) }
    }
}

extension Reconciliation {
    fileprivate mutating func leave(_ file: File, owner: HeldFile.Owner) {
        switch owner {
        case .orphaned: orphaned.append(file)
        case .foreign: foreign += 1
        case .ours: ours += 1
        }
    }
}

extension RemoteFile {
    /// Whether it ends later than `other`.
    fileprivate func outlasts(_ other: RemoteFile?) -> Bool {
        guard let other else { return true }
        return (expiresAt ?? .distantFuture) > (other.expiresAt ?? .distantFuture)
    }
}
