extension Schema {
    /// What models looked up in the workspace, and notes on contents.
    static let toolsAndNotes = """
        CREATE TABLE tool_use (
            message INTEGER NOT NULL REFERENCES message (id) ON DELETE CASCADE,
            position INTEGER NOT NULL,
            call_id TEXT NOT NULL,
            name TEXT NOT NULL,
            arguments TEXT NOT NULL,
            summary TEXT NOT NULL,
            excerpt TEXT NOT NULL,
            bytes INTEGER NOT NULL,
            is_error INTEGER NOT NULL,
            used_at INTEGER NOT NULL,
            PRIMARY KEY (message, position)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE tool_lines (
            message INTEGER NOT NULL,
            tool_use INTEGER NOT NULL,
            position INTEGER NOT NULL,
            sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
            path BLOB NOT NULL,
            first_line INTEGER NOT NULL,
            last_line INTEGER NOT NULL,
            PRIMARY KEY (message, tool_use, position),
            FOREIGN KEY (message, tool_use) REFERENCES tool_use (message, position) ON DELETE CASCADE
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE note (
            sha256 BLOB PRIMARY KEY NOT NULL CHECK (length(sha256) = 32),
            text TEXT NOT NULL,
            model TEXT NOT NULL,
            path BLOB NOT NULL,
            input_tokens INTEGER,
            output_tokens INTEGER,
            cost_ticks INTEGER,
            account INTEGER NOT NULL REFERENCES account (id),
            made_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        """
}
