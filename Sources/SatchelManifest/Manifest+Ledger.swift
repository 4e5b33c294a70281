package import FoundationEssentials
internal import GRDB
package import SatchelCore

extension Manifest {
    /// A copy that left this machine and whose row was taken over by a newer one.
    package struct LostCopy: Hashable, Sendable {
        package var entry: Int64
        package var remoteID: RemoteFileID
        package var digest: ContentDigest
        /// Bytes.
        package var size: Int64

        package init(entry: Int64, remoteID: RemoteFileID, digest: ContentDigest, size: Int64) {
            self.entry = entry
            self.remoteID = remoteID
            self.digest = digest
            self.size = size
        }
    }

    /// Copies of ours that may still exist although no row names them.
    ///
    /// Those that have expired since are settled on the way: the provider has deleted them.
    package func lostCopies(in account: AccountID, at now: Date) async throws(ManifestError) -> [LostCopy] {
        try await write { db in
            let unnamed = """
                deleted_at IS NULL AND account = ?1 AND NOT EXISTS (
                    SELECT 1 FROM remote_file r WHERE r.account = ledger.account AND r.remote_id = ledger.remote_id)
                """
            try db.execute(
                sql: """
                    UPDATE ledger SET deleted_at = expires_at, deleted_because = 'expired'
                    WHERE \(unnamed) AND expires_at <= ?2
                    """,
                arguments: [account.rawValue, now.milliseconds]
            )
            return try Row.fetchAll(
                db,
                sql: "SELECT id, remote_id, sha256, size FROM ledger WHERE \(unnamed) ORDER BY id",
                arguments: [account.rawValue]
            ).compactMap { row in
                guard let id = RemoteFileID(row[1]) else { return nil }
                return LostCopy(entry: row[0], remoteID: id, digest: try row.digest(2), size: row[3])
            }
        }
    }

    /// The lost copy is deleted.
    package func settleLost(_ copy: LostCopy, because reason: String, at now: Date) async throws(ManifestError) {
        try await write { db in
            try db.execute(
                sql: "UPDATE ledger SET deleted_at = ?, deleted_because = ? WHERE id = ?",
                arguments: [now.milliseconds, reason, copy.entry]
            )
        }
    }
}
