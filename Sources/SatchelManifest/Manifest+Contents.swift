package import FoundationEssentials
internal import GRDB
package import SatchelCore

extension Manifest {
    /// A content that was put into the local store by hand.
    package struct Added: Hashable, Sendable {
        package var digest: ContentDigest
        package var name: String
        package var mime: String

        package init(digest: ContentDigest, name: String, mime: String) {
            self.digest = digest
            self.name = name
            self.mime = mime
        }
    }

    /// Notes an added content, which stays in the local store until ``forgetAdded(_:named:)``.
    ///
    /// It may have several names.
    package func add(
        _ added: Added,
        size: Int64,
        media: MediaType,
        at now: Date
    ) async throws(ManifestError) {
        try await write { db in
            try db.execute(
                sql: """
                    INSERT INTO content (sha256, size, media, touched_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING
                    """,
                arguments: [added.digest.blob, size, media.rawValue, now.milliseconds]
            )
            try db.execute(
                sql: """
                    INSERT INTO added (sha256, name, mime, added_at) VALUES (?, ?, ?, ?)
                    ON CONFLICT (sha256, name) DO UPDATE SET mime = excluded.mime, added_at = excluded.added_at
                    """,
                arguments: [added.digest.blob, added.name, added.mime, now.milliseconds]
            )
        }
    }

    /// An added content needs to stay no longer under that name, or under any; false when it was none.
    package func forgetAdded(_ digest: ContentDigest, named name: String? = nil) async throws(ManifestError) -> Bool {
        try await write { db in
            try db.execute(
                sql: "DELETE FROM added WHERE sha256 = ?1 AND (?2 IS NULL OR name = ?2)",
                arguments: [digest.blob, name]
            )
            return db.changesCount > 0
        }
    }

    /// What an added content was called last; nil when it was none.
    package func addedName(of digest: ContentDigest) async throws(ManifestError) -> String? {
        try await read { db in
            try String.fetchOne(
                db,
                sql: "SELECT name FROM added WHERE sha256 = ? ORDER BY added_at DESC, name LIMIT 1",
                arguments: [digest.blob]
            )
        }
    }

    /// Bytes of all contents that messages refer to or that were added: what the local store keeps for them.
    package func keptBytes() async throws(ManifestError) -> Int64 {
        try await read { db in
            try Int64.fetchOne(
                db,
                sql: """
                    SELECT coalesce(sum(size), 0) FROM content
                    WHERE sha256 IN (SELECT sha256 FROM message_file UNION SELECT sha256 FROM added
                        UNION SELECT sha256 FROM message_output WHERE sha256 IS NOT NULL)
                    """
            ) ?? 0
        }
    }

    /// The remembered contents whose digest begins with these bytes, up to `limit` of them.
    ///
    /// An odd number of digits leaves the last one to the caller.
    package func contents(beginning bytes: [UInt8], limit: Int) async throws(ManifestError) -> [ContentDigest] {
        try await read { db in
            let prefix = Data(bytes)
            return try Row.fetchAll(
                db,
                sql: """
                    SELECT sha256 FROM (
                        SELECT sha256 FROM content UNION SELECT sha256 FROM path UNION SELECT sha256 FROM message_file
                        UNION SELECT sha256 FROM ledger)
                    WHERE substr(sha256, 1, ?) = ? LIMIT ?
                    """,
                arguments: [bytes.count, prefix, limit]
            ).map { try $0.digest(0) }
        }
    }

    /// The added contents of that name.
    package func added(named name: String) async throws(ManifestError) -> [ContentDigest] {
        try await read { db in
            try Row.fetchAll(
                db,
                sql: "SELECT sha256 FROM added WHERE name = ? ORDER BY added_at DESC",
                arguments: [name]
            ).map { try $0.digest(0) }
        }
    }

    /// What a path stood for at some time.
    package struct Version: Hashable, Sendable {
        package var digest: ContentDigest
        package var seenAt: Date
        /// The thread that was shown it; nil for what was sent to an account.
        package var thread: Int64?
    }

    /// Every version of the path that was sent somewhere or shown to a model, oldest first.
    package func versions(of path: WorkspacePath) async throws(ManifestError) -> [Version] {
        try await read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT sha256, sent_at AS seen, NULL FROM ledger WHERE path = ?1
                    UNION ALL
                    SELECT f.sha256, m.created_at, m.thread FROM message_file f JOIN message m ON m.id = f.message
                    WHERE f.path = ?1
                    ORDER BY seen
                    """,
                arguments: [path.blob]
            ).map { Version(digest: try $0.digest(0), seenAt: $0.date(1), thread: $0[2]) }
        }
    }

    /// The path that the content was last known under; nil when it never had one.
    package func lastPath(of digest: ContentDigest) async throws(ManifestError) -> WorkspacePath? {
        try await read { db in
            let row = try Row.fetchOne(
                db,
                sql: """
                    SELECT path FROM (
                        SELECT path, 9223372036854775807 AS seen FROM path WHERE sha256 = ?1 OR linked = ?1
                        UNION ALL SELECT path, sent_at FROM ledger WHERE sha256 = ?1 AND length(path) > 0
                        UNION ALL SELECT f.path, m.created_at FROM message_file f JOIN message m ON m.id = f.message
                            WHERE f.sha256 = ?1)
                    ORDER BY seen DESC, path LIMIT 1
                    """,
                arguments: [digest.blob]
            )
            return try row?.workspacePath(0)
        }
    }

    /// The accounts with a ready copy of the content, by their names in the configuration.
    package func holders(of digest: ContentDigest) async throws(ManifestError) -> [(label: String, id: RemoteFileID)] {
        try await read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT a.label, r.remote_id FROM remote_file r JOIN account a ON a.id = r.account
                    WHERE r.sha256 = ? AND r.state = ? ORDER BY a.id
                    """,
                arguments: [digest.blob, CopyState.ready.rawValue]
            ).compactMap { row in RemoteFileID(row[1]).map { (row[0], $0) } }
        }
    }
}
