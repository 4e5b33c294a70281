package import FoundationEssentials
internal import GRDB
package import SatchelCore

extension Manifest {
    /// A remote file that is to be a copy of ours from now on.
    package struct Adoption: Sendable {
        package var digest: ContentDigest
        /// Bytes.
        package var size: Int64
        package var media: MediaType
        package var file: RemoteFile
        /// Nil keeps it out of the ledger: local copies never left this machine.
        package var ledgerPath: WorkspacePath?

        package init(
            digest: ContentDigest,
            size: Int64,
            media: MediaType,
            file: RemoteFile,
            ledgerPath: WorkspacePath?
        ) {
            self.digest = digest
            self.size = size
            self.media = media
            self.file = file
            self.ledgerPath = ledgerPath
        }
    }

    /// Takes remote files over as copies, with their line in the ledger, and lets these paths stand for their contents.
    ///
    /// A content that has a copy with an id keeps that one. Copies first: what is cut off then is linked by the next sync.
    package func adopt(
        _ adoptions: [Adoption],
        linking links: [(path: WorkspacePath, digest: ContentDigest)],
        in account: AccountID,
        at now: Date
    ) async throws(ManifestError) {
        try await write { db in
            for one in adoptions {
                let created = (one.file.createdAt ?? now).milliseconds
                try db.execute(
                    sql: """
                        INSERT INTO content (sha256, size, media, touched_at) VALUES (?, ?, ?, ?)
                        ON CONFLICT DO NOTHING
                        """,
                    arguments: [one.digest.blob, one.size, one.media.rawValue, now.milliseconds]
                )
                try db.execute(
                    sql: """
                        INSERT INTO remote_file (account, sha256, size, upload_name, remote_id, state, created_at,
                            expires_at, verified_at)
                        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
                        ON CONFLICT (account, sha256) DO UPDATE SET upload_name = excluded.upload_name,
                            remote_id = excluded.remote_id, state = excluded.state,
                            created_at = excluded.created_at, expires_at = excluded.expires_at,
                            verified_at = excluded.verified_at, error = NULL
                        WHERE remote_file.remote_id IS NULL
                        """,
                    arguments: [
                        account.rawValue, one.digest.blob, one.size, one.file.name, one.file.id.rawValue,
                        CopyState.ready.rawValue, created, one.file.expiresAt?.milliseconds, now.milliseconds,
                    ]
                )
                guard db.changesCount > 0, let path = one.ledgerPath else { continue }
                try db.execute(
                    sql: """
                        UPDATE ledger SET deleted_at = NULL, deleted_because = NULL
                        WHERE account = ? AND remote_id = ?
                        """,
                    arguments: [account.rawValue, one.file.id.rawValue]
                )
                guard db.changesCount == 0 else { continue }
                try db.execute(
                    sql: """
                        INSERT INTO ledger (account, sha256, path, size, remote_id, sent_at, expires_at)
                        VALUES (?, ?, ?, ?, ?, ?, ?)
                        """,
                    arguments: [
                        account.rawValue, one.digest.blob, path.blob, one.size, one.file.id.rawValue, created,
                        one.file.expiresAt?.milliseconds,
                    ]
                )
            }
        }
        try await link(links, at: now)
    }

    /// A copy that only the ledger names is deleted.
    package func settleOrphan(
        _ id: RemoteFileID,
        in account: AccountID,
        because reason: String,
        at now: Date
    ) async throws(ManifestError) {
        try await write { db in
            try db.execute(
                sql: "UPDATE ledger SET deleted_at = ?, deleted_because = ? WHERE account = ? AND remote_id = ?",
                arguments: [now.milliseconds, reason, account.rawValue, id.rawValue]
            )
        }
    }
}
