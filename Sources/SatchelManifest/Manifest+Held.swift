package import FoundationEssentials
internal import GRDB
package import SatchelCore

extension Manifest {
    /// A copy that an account is believed to hold.
    package struct HeldCopy: Hashable, Sendable {
        package var row: Int64
        package var digest: ContentDigest
        /// Bytes.
        package var size: Int64
        package var remoteID: RemoteFileID
        package var expiresAt: Date?
    }

    /// The copies of the account that have an id, in the order of their uploads.
    package func heldCopies(in account: AccountID) async throws(ManifestError) -> [HeldCopy] {
        try await read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT id, sha256, size, remote_id, expires_at FROM remote_file
                    WHERE account = ? AND remote_id IS NOT NULL ORDER BY id
                    """,
                arguments: [account.rawValue]
            ).compactMap { row in
                guard let id = RemoteFileID(row[3]) else { return nil }
                return HeldCopy(
                    row: row[0],
                    digest: try row.digest(1),
                    size: row[2],
                    remoteID: id,
                    expiresAt: row.optionalDate(4)
                )
            }
        }
    }

    /// The ready copies of these contents in the account.
    package func readyCopies(
        of digests: Set<ContentDigest>,
        in account: AccountID
    ) async throws(ManifestError) -> [(copy: KnownCopy, id: RemoteFileID)] {
        let copies = try await copies(in: account, of: digests)
        let ids = try await remoteIDs(of: digests, in: account)
        return copies.copies.compactMap { copy in ids[copy.digest].map { (copy, $0) } }
    }

    /// The provider has just described this copy: when it ends is what it says now.
    package func confirm(_ file: RemoteFile, in account: AccountID, at now: Date) async throws(ManifestError) {
        try await write { db in
            try db.execute(
                sql: """
                    UPDATE remote_file SET verified_at = ?, expires_at = coalesce(?, expires_at)
                    WHERE account = ? AND remote_id = ?
                    """,
                arguments: [
                    now.milliseconds, file.expiresAt?.milliseconds, account.rawValue, file.id.rawValue,
                ]
            )
        }
    }

    /// When the first of the account's copies ends; nil when none does.
    package func soonestExpiry(in account: AccountID) async throws(ManifestError) -> Date? {
        try await read { db in
            try Int64.fetchOne(
                db,
                sql: "SELECT min(expires_at) FROM remote_file WHERE account = ? AND state IN (1, 2)",
                arguments: [account.rawValue]
            ).map(Date.init(milliseconds:))
        }
    }

    /// When the first copy that files stand for counts as stale; nil while none of them ends.
    ///
    /// - Parameters:
    ///   - account: whose copies.
    ///   - margin: seconds before its end, but no more than a quarter of its life.
    package func soonestStale(in account: AccountID, margin: Double) async throws(ManifestError) -> Date? {
        try await read { db in
            try Int64.fetchOne(
                db,
                sql: """
                    SELECT min(expires_at - min(?, (expires_at - created_at) / 4)) FROM remote_file AS copy
                    WHERE account = ? AND state IN (1, 2) AND EXISTS (SELECT 1 FROM path WHERE linked = copy.sha256)
                    """,
                arguments: [Int64(margin * 1000), account.rawValue]
            ).map(Date.init(milliseconds:))
        }
    }

    /// A ready copy as one that may have to make room for others.
    package struct EvictableCopy: Hashable, Sendable {
        package var copy: KnownCopy
        /// Bytes.
        package var size: Int64
        /// When a chat last referred to it; when it was made, where none did.
        package var usedAt: Date
        /// Some path stands for its content.
        package var isLinked: Bool
    }

    /// The ready copies of the account that no running chat has leased, unused for longest first.
    package func evictableCopies(in account: AccountID) async throws(ManifestError) -> [EvictableCopy] {
        try await read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT r.id, r.sha256, r.state, r.created_at, r.expires_at, r.size,
                        coalesce(r.used_at, r.created_at) AS used,
                        EXISTS (SELECT 1 FROM path WHERE linked = r.sha256)
                    FROM remote_file r WHERE r.account = ? AND r.state = ? AND NOT EXISTS (
                        SELECT 1 FROM lease l WHERE l.account = r.account AND l.sha256 = r.sha256)
                    ORDER BY used, r.id
                    """,
                arguments: [account.rawValue, CopyState.ready.rawValue]
            ).map { row in
                let used = row.date(6)
                let copy = KnownCopy(
                    row: row[0],
                    digest: try row.digest(1),
                    state: CopyState(rawValue: row[2]) ?? .failed,
                    createdAt: row.date(3),
                    expiresAt: row.optionalDate(4),
                    touchedAt: used
                )
                return EvictableCopy(copy: copy, size: row[5], usedAt: used, isLinked: row[7])
            }
        }
    }

    /// What was once sent under an id.
    package struct Sent: Hashable, Sendable {
        package var digest: ContentDigest
        package var path: WorkspacePath?
    }

    /// Every id that the ledger has of the account, also of copies that were deleted since.
    package func sentCopies(in account: AccountID) async throws(ManifestError) -> [RemoteFileID: Sent] {
        try await read { db in
            let rows = try Row.fetchCursor(
                db,
                sql: "SELECT remote_id, sha256, path FROM ledger WHERE account = ? ORDER BY id",
                arguments: [account.rawValue]
            )
            var sent: [RemoteFileID: Sent] = [:]
            while let row = try rows.next() {
                guard let id = RemoteFileID(row[0]) else { continue }
                let path = (row[2] as Data?).map { WorkspacePath(unchecked: Array($0)) }
                sent[id] = Sent(digest: try row.digest(1), path: path)
            }
            return sent
        }
    }

    /// The provider has just said that these copies are there.
    package func markVerified(_ ids: [RemoteFileID], in account: AccountID, at now: Date) async throws(ManifestError) {
        try await write { db in
            let statement = try db.cachedStatement(
                sql: "UPDATE remote_file SET verified_at = ? WHERE account = ? AND remote_id = ?"
            )
            for id in ids { try statement.execute(arguments: [now.milliseconds, account.rawValue, id.rawValue]) }
        }
    }
}
