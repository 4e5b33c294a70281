package import FoundationEssentials
internal import GRDB
package import SatchelCore

extension Manifest {
    /// Notes a tool's use under the answer that it is for, before its result goes anywhere.
    package func record(_ use: ToolUse, in message: Int64, at now: Date) async throws(ManifestError) {
        try await write { db in
            let position =
                try Int.fetchOne(
                    db,
                    sql: "SELECT coalesce(max(position), 0) + 1 FROM tool_use WHERE message = ?",
                    arguments: [message]
                ) ?? 1
            try db.execute(
                sql: """
                    INSERT INTO tool_use (message, position, call_id, name, arguments, summary, excerpt, bytes,
                        is_error, used_at)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    message, position, use.call.id, use.call.name, use.call.arguments, use.summary, use.excerpt,
                    use.bytes, use.isError, now.milliseconds,
                ]
            )
            let left = try db.cachedStatement(
                sql: """
                    INSERT INTO departure (way, account, sha256, path, size, first_line, last_line, sent_at)
                    SELECT 'tool', account, ?2, ?3, coalesce((SELECT size FROM content WHERE sha256 = ?2), 0), ?4, ?5, ?6
                    FROM message WHERE id = ?1 AND account IS NOT NULL
                    """
            )
            let lines = try db.cachedStatement(
                sql: """
                    INSERT INTO tool_lines (message, tool_use, position, sha256, path, first_line, last_line)
                    VALUES (?, ?, ?, ?, ?, ?, ?)
                    """
            )
            for (index, shown) in use.shown.enumerated() {
                try lines.execute(arguments: [
                    message, position, index, shown.digest.blob, shown.path.blob, shown.first, shown.last,
                ])
                try left.execute(arguments: [
                    message, shown.digest.blob, shown.path.blob, shown.first, shown.last, now.milliseconds,
                ])
            }
        }
    }

    /// The tools that each of a thread's answers used, in their order.
    package func toolUses(in thread: Int64) async throws(ManifestError) -> [Int64: [ToolUse]] {
        try await read { db in
            let lines = try db.cachedStatement(
                sql: """
                    SELECT path, sha256, first_line, last_line FROM tool_lines
                    WHERE message = ? AND tool_use = ? ORDER BY position
                    """
            )
            let rows = try Row.fetchCursor(
                db,
                sql: """
                    SELECT u.message, u.position, u.call_id, u.name, u.arguments, u.summary, u.excerpt, u.bytes,
                        u.is_error
                    FROM tool_use u JOIN message m ON m.id = u.message WHERE m.thread = ?
                    ORDER BY u.message, u.position
                    """,
                arguments: [thread]
            )
            var uses: [Int64: [ToolUse]] = [:]
            while let row = try rows.next() {
                let (message, position): (Int64, Int) = (row[0], row[1])
                let shown = try Row.fetchAll(lines, arguments: [message, position]).map { line in
                    ShownLines(
                        path: try line.workspacePath(0),
                        digest: try line.digest(1),
                        first: line[2],
                        last: line[3]
                    )
                }
                uses[message, default: []].append(
                    ToolUse(
                        call: ToolCall(id: row[2], name: row[3], arguments: row[4]),
                        summary: row[5],
                        excerpt: row[6],
                        bytes: row[7],
                        isError: row[8],
                        shown: shown
                    )
                )
            }
            return uses
        }
    }

    /// A fork shows what the answers that it took over had looked up.
    static func copyToolUses(of thread: Int64, to copy: Int64, _ db: Database) throws {
        let pairs = """
            FROM message n JOIN message o ON o.thread = ?2 AND o.position = n.position
            """
        try db.execute(
            sql: """
                INSERT INTO tool_use (message, position, call_id, name, arguments, summary, excerpt, bytes, is_error,
                    used_at)
                SELECT n.id, u.position, u.call_id, u.name, u.arguments, u.summary, u.excerpt, u.bytes, u.is_error,
                    u.used_at
                \(pairs) JOIN tool_use u ON u.message = o.id WHERE n.thread = ?1
                """,
            arguments: [copy, thread]
        )
        try db.execute(
            sql: """
                INSERT INTO tool_lines (message, tool_use, position, sha256, path, first_line, last_line)
                SELECT n.id, l.tool_use, l.position, l.sha256, l.path, l.first_line, l.last_line
                \(pairs) JOIN tool_lines l ON l.message = o.id WHERE n.thread = ?1
                """,
            arguments: [copy, thread]
        )
    }

    /// Contents that were sent to the account at any time, those that were revoked since left out.
    package func everSent(to account: AccountID) async throws(ManifestError) -> Set<ContentDigest> {
        try await read { db in
            var result: Set<ContentDigest> = []
            let rows = try Row.fetchCursor(
                db,
                sql: """
                    SELECT sha256 FROM remote_file WHERE account = ?1 AND remote_id IS NOT NULL
                    UNION SELECT sha256 FROM ledger
                    WHERE account = ?1 AND (deleted_because IS NULL OR deleted_because <> 'revoked')
                    """,
                arguments: [account.rawValue]
            )
            while let row = try rows.next() { result.insert(try row.digest(0)) }
            return result
        }
    }

    /// Whether any path stands for a text, and, where that is asked, anything was ever sent to the account.
    package func hasText(sentTo account: AccountID?) async throws(ManifestError) -> Bool {
        try await read { db in
            let hasText =
                try Int.fetchOne(
                    db,
                    sql: "SELECT 1 FROM path WHERE linked IS NOT NULL AND media = ? LIMIT 1",
                    arguments: [MediaType.text.rawValue]
                ) != nil
            guard hasText, let account else { return hasText }
            return try Int.fetchOne(
                db,
                sql: """
                    SELECT 1 FROM remote_file WHERE account = ?1
                    UNION ALL SELECT 1 FROM ledger WHERE account = ?1 LIMIT 1
                    """,
                arguments: [account.rawValue]
            ) != nil
        }
    }
}
