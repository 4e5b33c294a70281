package import FoundationEssentials
internal import GRDB
package import SatchelCore

extension Manifest {
    /// Notes that a chat needs the copies of these contents, before they are made.
    ///
    /// `holder` names the process; see ``leaseHolders(in:)``.
    package func lease(
        _ digests: Set<ContentDigest>,
        in account: AccountID,
        to holder: String,
        at now: Date
    ) async throws(ManifestError) {
        guard !digests.isEmpty else { return }
        try await write { db in
            let insert = try db.cachedStatement(
                sql: "INSERT INTO lease (account, sha256, holder, since) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
            )
            for digest in digests {
                try insert.execute(arguments: [account.rawValue, digest.blob, holder, now.milliseconds])
            }
        }
    }

    /// Who needs copies in the account.
    package func leaseHolders(in account: AccountID) async throws(ManifestError) -> Set<String> {
        try await read { db in
            let sql = "SELECT DISTINCT holder FROM lease WHERE account = ?"
            return Set(try String.fetchAll(db, sql: sql, arguments: [account.rawValue]))
        }
    }

    /// Copies that are marked for deletion and that nobody has leased.
    package func unleasedDeletes(in account: AccountID) async throws(ManifestError) -> [EndedCopy] {
        try await read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT id, sha256, remote_id FROM remote_file r
                    WHERE account = ? AND state = ? AND remote_id IS NOT NULL AND NOT EXISTS (
                        SELECT 1 FROM lease l WHERE l.account = r.account AND l.sha256 = r.sha256)
                    """,
                arguments: [account.rawValue, CopyState.deleting.rawValue]
            ).compactMap { row in
                guard let id = RemoteFileID(row[2]) else { return nil }
                return EndedCopy(row: row[0], digest: try row.digest(1), remoteID: id)
            }
        }
    }

    /// A copy whose last lease has ended: marked for deletion.
    package struct EndedCopy: Hashable, Sendable {
        package var row: Int64
        package var digest: ContentDigest
        package var remoteID: RemoteFileID
    }

    /// Ends the leases of these holders and marks the copies that nobody else needs for deletion, in one transaction.
    ///
    /// With `keepsDoubtful` a copy that may or may not have arrived keeps its lease: it is looked for later.
    package func endLeases(
        of holders: Set<String>,
        in account: AccountID,
        keepsDoubtful: Bool
    ) async throws(ManifestError) -> [EndedCopy] {
        try await write { db in
            let kept = """
                \(keepsDoubtful ? "" : "FALSE AND") EXISTS (SELECT 1 FROM remote_file r WHERE r.account = lease.account AND r.sha256 = lease.sha256
                    AND r.state = \(CopyState.uploading.rawValue))
                """
            var contents: Set<ContentDigest> = []
            for holder in holders {
                let arguments: StatementArguments = [account.rawValue, holder]
                let rows = try Row.fetchAll(
                    db,
                    sql: "DELETE FROM lease WHERE account = ? AND holder = ? AND NOT (\(kept)) RETURNING sha256",
                    arguments: arguments
                )
                for row in rows { contents.insert(try row.digest(0)) }
            }
            var ended: [EndedCopy] = []
            for digest in contents.sorted() {
                let row = try Row.fetchOne(
                    db,
                    sql: """
                        UPDATE remote_file SET state = ?1 WHERE account = ?2 AND sha256 = ?3 AND remote_id IS NOT NULL
                            AND NOT EXISTS (SELECT 1 FROM lease WHERE lease.account = ?2 AND lease.sha256 = ?3)
                        RETURNING id, remote_id
                        """,
                    arguments: [CopyState.deleting.rawValue, account.rawValue, digest.blob]
                )
                guard let row, let id = RemoteFileID(row[1]) else { continue }
                ended.append(EndedCopy(row: row[0], digest: digest, remoteID: id))
            }
            return ended
        }
    }
}
