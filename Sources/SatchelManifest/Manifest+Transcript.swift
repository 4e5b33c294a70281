internal import FoundationEssentials
internal import GRDB
package import SatchelCore

extension Manifest {
    /// Messages of a thread in their order, failed ones too.
    ///
    /// - Parameters:
    ///   - thread: whose.
    ///   - position: those behind this one; 0 for the first page.
    ///   - limit: at most so many.
    ///   - filter: which.
    /// - Returns: a page; fewer than `limit` at the end.
    /// - Throws: ``ManifestError``.
    package func transcript(
        of thread: Int64,
        after position: Int = 0,
        limit: Int,
        _ filter: MessageFilter = MessageFilter()
    ) async throws(ManifestError) -> [TranscriptMessage] {
        let page = try await read { db in
            let files = try db.cachedStatement(
                sql: "SELECT path, sha256 FROM message_file WHERE message = ? ORDER BY position"
            )
            return try Row.fetchAll(
                db,
                sql: """
                    SELECT m.id, m.position, m.role, m.status, m.text || \(Self.deltas), m.model, a.label,
                        m.finish_reason, m.error, m.created_at, \(Self.usageColumns)
                    FROM message m LEFT JOIN account a ON a.id = m.account
                    WHERE m.thread = ?1 AND m.position > ?2 AND (?4 IS NULL OR m.role = ?4)
                        AND (?5 IS NULL OR m.status = ?5)
                    ORDER BY m.position \(filter.fromEnd ? "DESC" : "ASC") LIMIT ?3
                    """,
                arguments: [thread, position, limit, filter.role?.rawValue, filter.status?.rawValue]
            ).map { row in
                var message = TranscriptMessage(
                    id: row[0],
                    position: row[1],
                    role: ChatRequest.Turn.Role(rawValue: row[2]) ?? .user,
                    status: MessageStatus(rawValue: row[3]) ?? .failed,
                    text: row[4],
                    model: row[5],
                    account: row[6],
                    finishReason: row[7],
                    error: row[8],
                    usage: Self.usage(row, from: 10),
                    createdAt: row.date(9),
                    files: try Row.fetchAll(files, arguments: [row[0] as Int64]).map {
                        ShownFile(path: try $0.workspacePath(0), digest: try $0.digest(1))
                    },
                    citations: try Self.citations(of: row[0], db)
                )
                message.outputs = try Self.outputs(of: row[0], db)
                return message
            }
        }
        return filter.fromEnd ? page.reversed() : page
    }

    /// Messages with all of `words`, the best first.
    ///
    /// `words` are letters and digits only; the last one may be the beginning of a word.
    package func messages(about words: [String], limit: Int) async throws(ManifestError) -> [FoundMessage] {
        guard !words.isEmpty else { return [] }
        // Quoted, so that no word is an operator of the query language.
        let query = words.map { "\"" + $0.replacing("\"", with: "") + "\"" }.joined(separator: " ") + "*"
        return try await read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT m.thread, t.title, m.position, m.role, snippet(message_fts, 0, '', '', '…', 24), m.created_at
                    FROM message_fts JOIN message m ON m.id = message_fts.rowid JOIN thread t ON t.id = m.thread
                    WHERE message_fts MATCH ? ORDER BY message_fts.rank LIMIT ?
                    """,
                arguments: [query, limit]
            ).map { row in
                FoundMessage(
                    thread: row[0],
                    title: row[1],
                    position: row[2],
                    role: ChatRequest.Turn.Role(rawValue: row[3]) ?? .user,
                    excerpt: row[4],
                    createdAt: row.date(5)
                )
            }
        }
    }
}
