package import FoundationEssentials
package import SatchelCore
internal import SatchelManifest

/// One line of `satchel ls`: what is remembered of a path, without looking at the disk.
package struct ListedFile: Sendable {
    /// Its copy in one account.
    package struct Remote: Hashable, Sendable {
        package var account: String
        package var remoteID: String?
        /// `ready`, `expiring`, `expired`, `uploading`, `processing`, `deleting` or `failed`.
        package var state: String
        package var expiresAt: Date?
        package var error: String?
    }

    package var path: WorkspacePath
    /// Bytes.
    package var size: Int64
    package var digest: ContentDigest
    package var media: MediaType
    /// What a sync to the default account would make of it as it was seen last: `in_step`, `new`, `changed`, `expired`
    /// (or soon), `pending` (an earlier upload did not end well, or its content is there and not yet linked), `skipped`
    /// (the account has no copy of it and does not get one now).
    package var state: String
    package var remotes: [Remote]
}

extension Workspace {
    /// What is remembered of the paths within a scope.
    package func list(_ scope: Scope = .everything) async throws -> [ListedFile] {
        let margin = configuration.safetyMargin.inSeconds
        let states = try await states(of: scope)
        return try await manifest.listing(in: scope).map { file in
            let remotes = file.remotes.map { copy in
                ListedFile.Remote(
                    account: copy.account,
                    remoteID: copy.remoteID,
                    state: word(for: copy, digest: file.digest, margin: margin),
                    expiresAt: copy.expiresAt,
                    error: copy.error
                )
            }
            return ListedFile(
                path: file.path,
                size: file.size,
                digest: file.digest,
                media: file.media,
                state: states[file.path] ?? "in_step",
                remotes: remotes
            )
        }
    }

    /// The words for paths that are not in step with the default account, by the plan that ``status`` counts.
    private func states(of scope: Scope) async throws -> [WorkspacePath: String] {
        let account = try configuration.account()
        let traits = traits(of: account)
        let known = try await manifest.known(in: scope)
        let files = known.map {
            Snapshot.File(path: $0.path, size: $0.fingerprint.size, digest: $0.digest, media: $0.media)
        }
        let digests = Set(known.map(\.digest))
        var copies = CopyIndex(sorted: [])
        if let id = try await rememberedAccount(account) { copies = try await manifest.copies(in: id, of: digests) }
        var secrets: [ContentDigest: [SecretFinding]] = [:]
        if isGated(traits), configuration.gate.mode == .block { secrets = try await rememberedSecrets(in: digests) }
        let plan = plan(
            Snapshot(scope: scope, files: files, root: RootIdentity(device: 0, inode: 0)),
            against: known,
            copies: copies,
            secrets: secrets,
            under: policy(for: account),
            traits: traits,
            at: now()
        )
        var states = Dictionary(plan.skipped.map { ($0.path, "skipped") }, uniquingKeysWith: { first, _ in first })
        for action in plan.actions {
            switch action {
            case .upload(let path, _, let reason): states[path] = reason.state
            case .link(let path, _, .sameContent), .link(let path, _, .renamed): states[path] = "pending"
            case .link, .forget, .delete: break
            }
        }
        return states
    }

    private func word(for copy: Manifest.ListedCopy, digest: ContentDigest, margin: TimeInterval) -> String {
        guard copy.state == .ready else { return "\(copy.state)" }
        let known = KnownCopy(
            row: 0,
            digest: digest,
            state: copy.state,
            createdAt: copy.createdAt,
            expiresAt: copy.expiresAt,
            touchedAt: copy.createdAt
        )
        switch known.freshness(at: now(), margin: margin) {
        case .fresh: return "ready"
        case .expiring: return "expiring"
        case .expired: return "expired"
        }
    }
}

extension UploadReason {
    /// As `status` counts it.
    fileprivate var state: String {
        switch self {
        case .newFile, .notInAccount, .requested: "new"
        case .changed: "changed"
        case .expired, .expiresSoon: "expired"
        case .interrupted, .failedBefore: "pending"
        }
    }
}
