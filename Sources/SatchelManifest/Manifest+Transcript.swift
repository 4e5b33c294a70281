package import FoundationEssentials
internal import GRDB
package import SatchelCore

extension Manifest {
    /// Messages of a thread in their order, failed ones too.
    ///
    /// - Parameters:
    ///   - thread: whose.
    ///   - position: those behind this one; 0 for the first page.
    ///   - limit: at most so many.
    /// - Returns: a page; fewer than `limit` at the end.
    /// - Throws: ``ManifestError``.
    package func transcript(
        of thread: Int64,
        after position: Int = 0,
        limit: Int
    ) async throws(ManifestError) -> [TranscriptMessage] {
        try await read { db in
            let files = try db.cachedStatement(
                sql: "SELECT path, sha256 FROM message_file WHERE message = ? ORDER BY position"
            )
            return try Row.fetchAll(
                db,
                sql: """
                    SELECT m.id, m.position, m.role, m.status, m.text, m.model, a.label, m.finish_reason, m.error,
                        m.input_tokens, m.cached_tokens, m.output_tokens, m.reasoning_tokens, m.cost_ticks, m.created_at
                    FROM message m LEFT JOIN account a ON a.id = m.account
                    WHERE m.thread = ? AND m.position > ? ORDER BY m.position LIMIT ?
                    """,
                arguments: [thread, position, limit]
            ).map { row in
                TranscriptMessage(
                    id: row[0],
                    position: row[1],
                    role: ChatRequest.Turn.Role(rawValue: row[2]) ?? .user,
                    status: MessageStatus(rawValue: row[3]) ?? .failed,
                    text: row[4],
                    model: row[5],
                    account: row[6],
                    finishReason: row[7],
                    error: row[8],
                    usage: (row[9] as Int?).map { input in
                        ChatUsage(
                            input: input,
                            cached: row[10] ?? 0,
                            output: row[11] ?? 0,
                            reasoning: row[12] ?? 0,
                            cost: (row[13] as Int64?).flatMap { Dollars(ticks: $0) }
                        )
                    },
                    createdAt: row.date(14),
                    files: try Row.fetchAll(files, arguments: [row[0] as Int64]).map {
                        ShownFile(path: try $0.workspacePath(0), digest: try $0.digest(1))
                    }
                )
            }
        }
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

    /// Sums over all answers since a moment that a model gave.
    package func usage(by key: UsageKey, since: Date?) async throws(ManifestError) -> [UsageSum] {
        try await read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT coalesce(\(key.sql), ''), count(*), coalesce(sum(m.input_tokens), 0),
                        coalesce(sum(m.cached_tokens), 0), coalesce(sum(m.output_tokens), 0),
                        coalesce(sum(m.reasoning_tokens), 0), sum(m.cost_ticks), count(*) - count(m.cost_ticks)
                    FROM message m JOIN thread t ON t.id = m.thread LEFT JOIN account a ON a.id = m.account
                    WHERE m.role = 'assistant' AND m.input_tokens IS NOT NULL AND m.created_at >= ?
                    GROUP BY 1 ORDER BY 1
                    """,
                arguments: [since?.milliseconds ?? Int64.min]
            ).map { row in
                UsageSum(
                    key: row[0],
                    answers: row[1],
                    usage: ChatUsage(
                        input: row[2],
                        cached: row[3],
                        output: row[4],
                        reasoning: row[5],
                        cost: (row[6] as Int64?).flatMap { Dollars(ticks: $0) }
                    ),
                    unpriced: row[7]
                )
            }
        }
    }
}

extension UsageKey {
    fileprivate var sql: String {
        switch self {
        case .day: "strftime('%Y-%m-%d', m.created_at / 1000, 'unixepoch')"
        case .model: "m.model"
        case .thread: "m.thread || ' ' || t.title"
        case .account: "a.label"
        }
    }
}
