extension Schema {
    /// What left in questions and what answers used up, beside the threads that may be removed; and numbers of threads
    /// that are never given twice, because a job or a person may remember one.
    ///
    /// A question goes out with all that its thread was shown before, so that is taken over too, once for each account.
    /// What a fork copied did not leave again.
    static let whatStays = """
        CREATE TABLE departure (
            id INTEGER PRIMARY KEY,
            way TEXT NOT NULL,
            account INTEGER NOT NULL REFERENCES account (id),
            sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
            path BLOB,
            size INTEGER NOT NULL,
            first_line INTEGER,
            last_line INTEGER,
            sent_at INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX departure_content ON departure (account, sha256);

        INSERT INTO departure (way, account, sha256, path, size, sent_at)
            SELECT 'chat', q.account, f.sha256, f.path, coalesce(c.size, 0), min(q.created_at)
            FROM message q JOIN thread t ON t.id = q.thread
            JOIN message e ON e.thread = q.thread AND e.position <= q.position
            JOIN message_file f ON f.message = e.id LEFT JOIN content c ON c.sha256 = f.sha256
            WHERE q.role = 'user' AND q.model IS NOT NULL AND q.account IS NOT NULL
                AND (e.position = q.position OR q.draws = 0)
                AND (t.forked_from IS NULL OR q.created_at >= t.created_at)
            GROUP BY q.thread, q.account, f.sha256, f.path ORDER BY 6;
        INSERT INTO departure (way, account, sha256, path, size, first_line, last_line, sent_at)
            SELECT 'tool', m.account, l.sha256, l.path, coalesce(c.size, 0), l.first_line, l.last_line, u.used_at
            FROM tool_lines l JOIN tool_use u ON u.message = l.message AND u.position = l.tool_use
            JOIN message m ON m.id = l.message JOIN thread t ON t.id = m.thread
            LEFT JOIN content c ON c.sha256 = l.sha256
            WHERE m.account IS NOT NULL AND (t.forked_from IS NULL OR u.used_at >= t.created_at)
            ORDER BY u.used_at, l.message, l.tool_use, l.position;

        CREATE TABLE removed_use (
            id INTEGER PRIMARY KEY,
            model TEXT,
            account INTEGER REFERENCES account (id),
            input_tokens INTEGER,
            cached_tokens INTEGER,
            cache_write_tokens INTEGER,
            output_tokens INTEGER,
            reasoning_tokens INTEGER,
            tool_calls INTEGER,
            cost_ticks INTEGER,
            cost_source TEXT,
            created_at INTEGER NOT NULL
        ) STRICT;

        CREATE TABLE numbered_thread (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            title TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL,
            archived_at INTEGER,
            forked_from INTEGER REFERENCES thread (id) ON DELETE SET NULL
        ) STRICT;
        INSERT INTO numbered_thread (id, title, created_at, updated_at, archived_at, forked_from)
            SELECT id, title, created_at, updated_at, archived_at, forked_from FROM thread;
        DROP TABLE thread;
        ALTER TABLE numbered_thread RENAME TO thread;
        """
}
