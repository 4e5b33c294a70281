package import FoundationEssentials
internal import GRDB
package import SatchelCore

/// In what form something left in a question.
package enum DepartureWay: String, Sendable {
    case chat
    case tool
    case image
}

extension Manifest {
    /// One thing that left in a question.
    package struct LeftInQuestion: Sendable {
        package var way: DepartureWay
        package var departure: Departure
        /// Which lines of it, where a model looked them up.
        package var lines: ClosedRange<Int>?
    }

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

    /// What left in questions: files by id or as text, lines that models looked up, wishes for pictures; oldest first.
    ///
    /// Notes on contents keep what they used up, and with it what was shown for them.
    package func leftInQuestions(since: Date?) async throws(ManifestError) -> [LeftInQuestion] {
        try await read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT way, sent_at, path, sha256, size, account, first_line, last_line, id
                    FROM departure WHERE sent_at >= ?1
                    UNION ALL
                    SELECT 'chat', n.made_at, n.path, n.sha256, coalesce(c.size, 0), n.account, NULL, NULL, n.id
                    FROM note_use n LEFT JOIN content c ON c.sha256 = n.sha256 WHERE n.made_at >= ?1
                    ORDER BY 2, 9
                    """,
                arguments: [since?.milliseconds ?? Int64.min]
            ).map { row in
                let departure = Departure(
                    sentAt: row.date(1),
                    path: (row[2] as Data?).map { WorkspacePath(unchecked: Array($0)) },
                    digest: try row.digest(3),
                    size: row[4],
                    account: AccountID(row[5])
                )
                let first = row[6] as Int?
                return LeftInQuestion(
                    way: DepartureWay(rawValue: row[0]) ?? .chat,
                    departure: departure,
                    lines: first.map { $0...max($0, row[7] ?? $0) }
                )
            }
        }
    }

    /// Writes down that a question goes out, before it does: its own files, and of what its thread was shown before,
    /// what this account was not shown yet.
    package func noteDeparture(
        of files: [ShownFile],
        after earlier: [ShownFile],
        to account: AccountID,
        at now: Date
    ) async throws(ManifestError) {
        guard !files.isEmpty || !earlier.isEmpty else { return }
        try await write { db in
            let insert = """
                INSERT INTO departure (way, account, sha256, path, size, sent_at)
                SELECT 'chat', ?1, ?2, ?3, coalesce((SELECT size FROM content WHERE sha256 = ?2), 0), ?4
                """
            let own = try db.cachedStatement(sql: insert)
            for file in files {
                try own.execute(arguments: [account.rawValue, file.digest.blob, file.path.blob, now.milliseconds])
            }
            let other = try db.cachedStatement(
                sql: "\(insert) WHERE NOT EXISTS (SELECT 1 FROM departure WHERE account = ?1 AND sha256 = ?2)"
            )
            for file in earlier {
                try other.execute(arguments: [account.rawValue, file.digest.blob, file.path.blob, now.milliseconds])
            }
        }
    }

    /// Writes down that a wish for pictures goes out: words without a file.
    package func noteDeparture(
        ofWish digest: ContentDigest,
        size: Int64,
        to account: AccountID,
        at now: Date
    ) async throws(ManifestError) {
        try await write { db in
            try db.execute(
                sql: "INSERT INTO departure (way, account, sha256, size, sent_at) VALUES ('image', ?, ?, ?, ?)",
                arguments: [account.rawValue, digest.blob, size, now.milliseconds]
            )
        }
    }

    /// The wishes for pictures that went out before they were written down as departures, of threads that are still
    /// there; oldest first.
    package func drawnPrompts(
        since: Date?
    ) async throws(ManifestError) -> [(sentAt: Date, text: String, account: AccountID)] {
        try await read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT created_at, text, account FROM message m
                    WHERE draws = 1 AND account IS NOT NULL AND created_at >= ? AND NOT EXISTS (
                        SELECT 1 FROM departure d WHERE d.way = 'image' AND d.account = m.account
                            AND d.sent_at = m.created_at)
                    ORDER BY id
                    """,
                arguments: [since?.milliseconds ?? Int64.min]
            ).map { (sentAt: $0.date(0), text: $0[1], account: AccountID($0[2])) }
        }
    }
}
