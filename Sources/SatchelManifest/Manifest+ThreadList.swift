package import FoundationEssentials
internal import GRDB
package import SatchelCore

extension Manifest {
    private static let summaryColumns = """
        t.id, t.title, t.created_at, t.updated_at, t.archived_at, t.forked_from,
        (SELECT count(*) FROM message m WHERE m.thread = t.id AND NOT (m.role = 'assistant' AND m.text = ''
            AND NOT EXISTS (SELECT 1 FROM message_output o WHERE o.message = m.id))),
        (SELECT count(DISTINCT f.sha256) FROM message m JOIN message_file f ON f.message = m.id WHERE m.thread = t.id),
        (SELECT coalesce(\(sum("m.input_tokens")), 0) FROM message m WHERE m.thread = t.id),
        (SELECT coalesce(\(sum("m.output_tokens")), 0) FROM message m WHERE m.thread = t.id)
        """

    private static func summary(_ row: Row) -> ThreadSummary {
        ThreadSummary(
            id: row[0],
            title: row[1],
            createdAt: row.date(2),
            updatedAt: row.date(3),
            archivedAt: row.optionalDate(4),
            forkedFrom: row[5],
            messages: row[6],
            contents: row[7],
            inputTokens: row[8],
            outputTokens: row[9]
        )
    }

    /// Threads, the last written first.
    ///
    /// - Parameters:
    ///   - filter: which.
    ///   - cursor: the last thread of the page before; nil for the first page.
    ///   - limit: at most so many.
    /// - Returns: a page; fewer than `limit` at the end.
    /// - Throws: ``ManifestError``.
    package func threads(
        _ filter: ThreadFilter,
        after cursor: Int64?,
        limit: Int
    ) async throws(ManifestError) -> [ThreadSummary] {
        // Everything below a folder lies between `folder/` and `folder0`, the byte after the slash.
        let first = filter.path.map { Data($0.bytes + [UInt8(ascii: "/")]) }
        let after = filter.path.map { Data($0.bytes + [UInt8(ascii: "0")]) }
        return try await read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT \(Self.summaryColumns) FROM thread t
                    WHERE (t.archived_at IS NOT NULL) = ?1 AND (?2 IS NULL OR (t.updated_at, t.id) <
                        (SELECT c.updated_at, c.id FROM thread c WHERE c.id = ?2))
                        AND (?4 IS NULL OR instr(lower(t.title), lower(?4)) > 0) AND t.updated_at >= ?5
                        AND (?6 IS NULL OR EXISTS (
                            SELECT 1 FROM message m JOIN message_file f ON f.message = m.id WHERE m.thread = t.id
                                AND (f.path = ?6 OR (f.path >= ?7 AND f.path < ?8))))
                    ORDER BY t.updated_at DESC, t.id DESC LIMIT ?3
                    """,
                arguments: [
                    filter.archived, cursor, limit, filter.title, filter.since?.milliseconds ?? Int64.min,
                    filter.path?.blob, first, after,
                ]
            ).map(Self.summary)
        }
    }

    /// Nil when there is no such thread.
    package func summary(of thread: Int64) async throws(ManifestError) -> ThreadSummary? {
        try await read { db in
            try Row.fetchOne(
                db,
                sql: "SELECT \(Self.summaryColumns) FROM thread t WHERE t.id = ?",
                arguments: [thread]
            ).map(Self.summary)
        }
    }

    /// False when there is no such thread.
    package func rename(thread: Int64, to title: String) async throws(ManifestError) -> Bool {
        try await write { db in
            try db.execute(sql: "UPDATE thread SET title = ? WHERE id = ?", arguments: [title, thread])
            return db.changesCount > 0
        }
    }

    /// Puts a thread away, or with nil takes it back; false when there is no such thread.
    package func archive(thread: Int64, at moment: Date?) async throws(ManifestError) -> Bool {
        try await write { db in
            try db.execute(
                sql: "UPDATE thread SET archived_at = ? WHERE id = ?",
                arguments: [moment?.milliseconds, thread]
            )
            return db.changesCount > 0
        }
    }

    /// Deletes a thread with its messages; what only they referred to may then be cleaned up.
    ///
    /// What left with them and what they used up stays written down.
    ///
    /// False when there is no such thread.
    package func remove(thread: Int64) async throws(ManifestError) -> Bool {
        try await write { db in
            try Self.keepUses(of: thread, db)
            try db.execute(sql: "DELETE FROM thread WHERE id = ?", arguments: [thread])
            return db.changesCount > 0
        }
    }

    /// A new thread with the messages of another up to a place; nil when there is no such thread.
    ///
    /// - Parameters:
    ///   - thread: the one to copy.
    ///   - position: the last message that is taken over; nil for all.
    ///   - title: of the new one.
    ///   - now: when it is made.
    /// - Returns: the new thread.
    /// - Throws: ``ManifestError``.
    package func fork(
        thread: Int64,
        upTo position: Int?,
        title: String,
        at now: Date
    ) async throws(ManifestError) -> Int64? {
        try await write { db in
            guard try Bool.fetchOne(db, sql: "SELECT 1 FROM thread WHERE id = ?", arguments: [thread]) != nil else {
                return nil
            }
            try db.execute(
                sql: "INSERT INTO thread (title, created_at, updated_at, forked_from) VALUES (?, ?, ?, ?)",
                arguments: [title, now.milliseconds, now.milliseconds, thread]
            )
            let copy = db.lastInsertedRowID
            // What the answers cost was paid once, in the thread they come from.
            try db.execute(
                sql: """
                    INSERT INTO message (thread, position, role, status, text, model, account, finish_reason, error,
                        created_at)
                    SELECT ?1, position, role, status, text, model, account, finish_reason, error, created_at
                    FROM message WHERE thread = ?2 AND position <= ?3 AND status <> 'pending' ORDER BY position
                    """,
                arguments: [copy, thread, position ?? .max]
            )
            try db.execute(
                sql: """
                    INSERT INTO message_file (message, position, sha256, path)
                    SELECT n.id, f.position, f.sha256, f.path FROM message n
                    JOIN message o ON o.thread = ?2 AND o.position = n.position
                    JOIN message_file f ON f.message = o.id WHERE n.thread = ?1
                    """,
                arguments: [copy, thread]
            )
            try Self.copyToolUses(of: thread, to: copy, db)
            try Self.copyOutputs(of: thread, to: copy, db)
            return copy
        }
    }

    /// Answers that were begun by processes which are not there any more have failed.
    ///
    /// - Parameter isAlive: whether an owner still runs.
    /// - Throws: ``ManifestError``.
    package func failAbandoned(isAlive: @escaping @Sendable (String) -> Bool) async throws(ManifestError) {
        let pending = try await read { db in
            try Row.fetchAll(db, sql: "SELECT id, owner FROM message WHERE status = 'pending'").map {
                (id: $0[0] as Int64, owner: $0[1] as String?)
            }
        }
        let dead = pending.filter { !($0.owner.map(isAlive) ?? false) }
        guard !dead.isEmpty else { return }
        try await write { db in
            for message in dead {
                try Self.foldDeltas(of: message.id, db)
                try db.execute(
                    sql: """
                        UPDATE message SET status = 'failed', error = 'interrupted', owner = NULL
                        WHERE id = ? AND status = 'pending'
                        """,
                    arguments: [message.id]
                )
            }
        }
    }
}
