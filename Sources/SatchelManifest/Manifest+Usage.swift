package import FoundationEssentials
internal import GRDB
package import SatchelCore

extension Manifest {
    /// Columns that ``usage(_:from:)`` reads, of a message `m`.
    static let usageColumns = """
        m.input_tokens, m.cached_tokens, m.cache_write_tokens, m.output_tokens, m.reasoning_tokens, m.tool_calls,
        m.cost_ticks, m.cost_source
        """

    /// A sum of figures that servers have given, which may be absurd: SQLite fails where whole numbers overflow.
    ///
    /// Exact up to 900,000 dollars; beyond the largest number it is that.
    static func sum(_ column: String) -> String { "CAST(sum(\(column) * 1.0) AS INTEGER)" }

    /// What a message used up, from eight columns; nil where nobody has told.
    static func usage(_ row: Row, from first: Int) -> ChatUsage? {
        guard let input = row[first] as Int? else { return nil }
        return ChatUsage(
            input: input,
            cached: row[first + 1] ?? 0,
            cacheWrite: row[first + 2] ?? 0,
            output: row[first + 3] ?? 0,
            reasoning: row[first + 4] ?? 0,
            toolCalls: row[first + 5] ?? 0,
            cost: (row[first + 6] as Int64?).map { Dollars(clamping: $0) },
            costSource: (row[first + 7] as String?).flatMap { CostSource(rawValue: $0) }
        )
    }

    /// Answers of models since a moment, as `u`: those that told what they used up, those that broke off before they
    /// could, notes on contents, which have no thread, and answers of threads that were removed.
    ///
    /// What a fork has taken over was paid for in the thread it comes from, and is older than the fork.
    private static let answers = """
        FROM (
            SELECT m.created_at, m.model, m.thread, t.title, a.label, m.position, NULL AS path, \(usageColumns)
            FROM message m JOIN thread t ON t.id = m.thread LEFT JOIN account a ON a.id = m.account
            WHERE \(wasPaid) AND m.created_at >= :since
            UNION ALL
            SELECT n.made_at, n.model, NULL, 'notes', a.label, NULL, n.path, \(usageColumns.replacing("m.", with: "n."))
            FROM note_use n JOIN account a ON a.id = n.account WHERE n.made_at >= :since
            UNION ALL
            SELECT m.created_at, m.model, NULL, 'removed threads', a.label, NULL, NULL, \(usageColumns)
            FROM removed_use m LEFT JOIN account a ON a.id = m.account WHERE m.created_at >= :since) u
        """

    /// Of a message `m` in its thread `t`.
    private static let wasPaid = """
        m.role = 'assistant' AND (m.input_tokens IS NOT NULL
            OR (m.model IS NOT NULL AND m.status = 'failed' AND m.text <> ''
                AND (t.forked_from IS NULL OR m.created_at >= t.created_at)))
        """

    /// Keeps what the answers of a thread used up, before they are removed; without `positions`, of all of them.
    static func keepUses(of thread: Int64, at positions: ClosedRange<Int> = 0...Int(Int32.max), _ db: Database) throws {
        try db.execute(
            sql: """
                INSERT INTO removed_use (created_at, model, account, input_tokens, cached_tokens, cache_write_tokens,
                    output_tokens, reasoning_tokens, tool_calls, cost_ticks, cost_source)
                SELECT m.created_at, m.model, m.account, \(usageColumns)
                FROM message m JOIN thread t ON t.id = m.thread
                WHERE m.thread = ? AND m.position BETWEEN ? AND ? AND \(wasPaid) ORDER BY m.position
                """,
            arguments: [thread, positions.lowerBound, positions.upperBound]
        )
    }

    /// Sums over all answers since a moment that a model gave.
    package func usage(by key: UsageKey, since: Date?) async throws(ManifestError) -> [UsageSum] {
        guard let column = key.sql else { return shareByFile(try await answersWithFiles(since: since)) }
        return try await read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT coalesce(\(column), ''), count(*), count(*) - count(u.cost_ticks),
                        coalesce(\(Self.sum("u.input_tokens")), 0), \(Self.sum("u.cached_tokens")),
                        \(Self.sum("u.cache_write_tokens")), \(Self.sum("u.output_tokens")),
                        \(Self.sum("u.reasoning_tokens")), \(Self.sum("u.tool_calls")), \(Self.sum("u.cost_ticks")), NULL
                    \(Self.answers) GROUP BY 1 ORDER BY 1
                    """,
                arguments: ["since": since?.milliseconds ?? Int64.min]
            ).map { row in
                UsageSum(
                    key: row[0],
                    answers: row[1],
                    usage: Self.usage(row, from: 3) ?? ChatUsage(input: 0, cached: 0, output: 0, reasoning: 0),
                    unpriced: row[2]
                )
            }
        }
    }

    /// Each answer with what its thread had been shown until then.
    private func answersWithFiles(since: Date?) async throws(ManifestError) -> [AnswerUse] {
        try await read { db in
            let files = try db.cachedStatement(
                sql: """
                    SELECT min(f.path), coalesce(c.size, 0) FROM message q JOIN message_file f ON f.message = q.id
                    LEFT JOIN content c ON c.sha256 = f.sha256
                    WHERE q.thread = ? AND q.position < ? GROUP BY f.sha256 ORDER BY 1
                    """
            )
            return try Row.fetchAll(
                db,
                sql: """
                    SELECT u.thread, u.position, u.path, \(Self.usageColumns.replacing("m.", with: "u."))
                    \(Self.answers) ORDER BY u.created_at
                    """,
                arguments: ["since": since?.milliseconds ?? Int64.min]
            ).map { row in
                let shown: [AnswerUse.File] =
                    if let thread = row[0] as Int64? {
                        try Row.fetchAll(files, arguments: [thread, row[1] as Int]).map {
                            AnswerUse.File(path: try $0.workspacePath(0).description, size: $0[1])
                        }
                    } else if row[2] as Data? == nil {
                        []
                    } else {
                        [AnswerUse.File(path: try row.workspacePath(2).description, size: 1)]
                    }
                return AnswerUse(
                    usage: Self.usage(row, from: 3) ?? ChatUsage(input: 0, cached: 0, output: 0, reasoning: 0),
                    files: shown
                )
            }
        }
    }
}

extension UsageKey {
    /// Nil where an answer belongs to several keys.
    fileprivate var sql: String? {
        switch self {
        case .day: "strftime('%Y-%m-%d', u.created_at / 1000, 'unixepoch')"
        case .model: "u.model"
        case .thread: "coalesce(u.thread || ' ' || u.title, u.title)"
        case .account: "u.label"
        case .file: nil
        }
    }
}
