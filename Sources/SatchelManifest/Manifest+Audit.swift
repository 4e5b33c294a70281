package import FoundationEssentials
internal import GRDB
package import SatchelCore

extension Manifest {
    /// One thing that left this machine.
    package struct Departure: Hashable, Sendable {
        /// The ledger's line; nil for what was part of a question.
        package var entry: Int64?
        /// The row of the copy, while there is one.
        package var row: Int64?
        package var sentAt: Date
        /// Nil when it is not known any more: the copy was adopted after a crash.
        package var path: WorkspacePath?
        package var digest: ContentDigest
        /// Bytes.
        package var size: Int64
        package var account: AccountID
        package var remoteID: RemoteFileID?
        package var expiresAt: Date?
        package var deletedAt: Date?
        package var deletedBecause: String?

        package init(
            entry: Int64? = nil,
            row: Int64? = nil,
            sentAt: Date,
            path: WorkspacePath? = nil,
            digest: ContentDigest,
            size: Int64,
            account: AccountID,
            remoteID: RemoteFileID? = nil,
            expiresAt: Date? = nil,
            deletedAt: Date? = nil,
            deletedBecause: String? = nil
        ) {
            self.entry = entry
            self.row = row
            self.sentAt = sentAt
            self.path = path
            self.digest = digest
            self.size = size
            self.account = account
            self.remoteID = remoteID
            self.expiresAt = expiresAt
            self.deletedAt = deletedAt
            self.deletedBecause = deletedBecause
        }
    }

    /// The ledger since a time, oldest first.
    package func departures(since: Date?) async throws(ManifestError) -> [Departure] {
        try await read { db in
            let rows = try Row.fetchCursor(
                db,
                sql: """
                    SELECT l.id, r.id, l.sent_at, l.path, l.sha256, l.size, l.account, l.remote_id,
                        coalesce(r.expires_at, l.expires_at), l.deleted_at, l.deleted_because
                    FROM ledger l LEFT JOIN remote_file r ON r.account = l.account AND r.remote_id = l.remote_id
                    WHERE l.sent_at >= ? ORDER BY l.sent_at, l.id
                    """,
                arguments: [since?.milliseconds ?? Int64.min]
            )
            var departures: [Departure] = []
            while let row = try rows.next() {
                let path = (row[3] as Data?).map { WorkspacePath(unchecked: Array($0)) }
                departures.append(
                    Departure(
                        entry: row[0],
                        row: row[1],
                        sentAt: row.date(2),
                        path: path.flatMap { $0.isRoot ? nil : $0 },
                        digest: try row.digest(4),
                        size: row[5],
                        account: AccountID(row[6]),
                        remoteID: RemoteFileID(row[7]),
                        expiresAt: row.optionalDate(8),
                        deletedAt: row.optionalDate(9),
                        deletedBecause: row[10]
                    )
                )
            }
            return departures
        }
    }

    /// The files that were shown to models, by id or as text, oldest first.
    package func shownToModels(since: Date?) async throws(ManifestError) -> [Departure] {
        try await read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT m.created_at, f.path, f.sha256, coalesce(c.size, 0), m.account
                    FROM message m JOIN message_file f ON f.message = m.id LEFT JOIN content c ON c.sha256 = f.sha256
                    WHERE m.model IS NOT NULL AND m.account IS NOT NULL AND m.created_at >= ?1
                    UNION ALL
                    SELECT n.made_at, n.path, n.sha256, coalesce(c.size, 0), n.account
                    FROM note n LEFT JOIN content c ON c.sha256 = n.sha256 WHERE n.made_at >= ?1
                    ORDER BY 1
                    """,
                arguments: [since?.milliseconds ?? Int64.min]
            ).map { row in
                Departure(
                    sentAt: row.date(0),
                    path: try row.workspacePath(1),
                    digest: try row.digest(2),
                    size: row[3],
                    account: AccountID(row[4])
                )
            }
        }
    }

    /// The wishes for pictures, which were sent alone, oldest first.
    package func drawnPrompts(
        since: Date?
    ) async throws(ManifestError) -> [(sentAt: Date, text: String, account: AccountID)] {
        try await read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT created_at, text, account FROM message
                    WHERE draws = 1 AND account IS NOT NULL AND created_at >= ? ORDER BY id
                    """,
                arguments: [since?.milliseconds ?? Int64.min]
            ).map { (sentAt: $0.date(0), text: $0[1], account: AccountID($0[2])) }
        }
    }

    /// What models were shown through tools: some lines of a content, and of it the bytes of all that the tool said.
    package func shownByTools(since: Date?) async throws(ManifestError) -> [(departure: Departure, lines: ShownLines)] {
        try await read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT u.used_at, l.path, l.sha256, coalesce(c.size, 0), m.account, l.first_line, l.last_line
                    FROM tool_lines l JOIN tool_use u ON u.message = l.message AND u.position = l.tool_use
                    JOIN message m ON m.id = l.message LEFT JOIN content c ON c.sha256 = l.sha256
                    WHERE m.account IS NOT NULL AND u.used_at >= ?
                    ORDER BY u.used_at, l.message, l.tool_use, l.position
                    """,
                arguments: [since?.milliseconds ?? Int64.min]
            ).map { row in
                let departure = Departure(
                    sentAt: row.date(0),
                    path: try row.workspacePath(1),
                    digest: try row.digest(2),
                    size: row[3],
                    account: AccountID(row[4])
                )
                let lines = ShownLines(
                    path: try row.workspacePath(1),
                    digest: try row.digest(2),
                    first: row[5],
                    last: row[6]
                )
                return (departure, lines)
            }
        }
    }
}
