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
    /// `in_step`, `changed` or `new`, of the last sync.
    package var state: String
    package var remotes: [Remote]
}

extension Workspace {
    /// What is remembered of the paths within a scope.
    package func list(_ scope: Scope = .everything) async throws -> [ListedFile] {
        let margin = configuration.safetyMargin.inSeconds
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
            let step = file.linked == file.digest ? "in_step" : file.linked == nil ? "new" : "changed"
            return ListedFile(
                path: file.path,
                size: file.size,
                digest: file.digest,
                media: file.media,
                state: step,
                remotes: remotes
            )
        }
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
