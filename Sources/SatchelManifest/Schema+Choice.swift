extension Schema {
    /// The index that files are chosen by, with a column for notes; it is made anew before the next choice.
    ///
    /// `note_use` has what each making of a note used up, also of notes that were made again.
    static let automaticChoice = """
        DROP TABLE choosable_fts;
        DROP TABLE choosable;
        DELETE FROM meta WHERE key = 'choosable_stamp';
        CREATE TABLE choosable (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            path BLOB NOT NULL UNIQUE,
            sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
            size INTEGER NOT NULL
        ) STRICT;
        CREATE VIRTUAL TABLE choosable_fts USING fts5 (
            path, symbols, body, note, content = '', tokenize = 'porter unicode61 remove_diacritics 2');

        CREATE TABLE note_use (
            id INTEGER PRIMARY KEY,
            sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
            path BLOB NOT NULL,
            model TEXT NOT NULL,
            account INTEGER NOT NULL REFERENCES account (id),
            input_tokens INTEGER,
            cached_tokens INTEGER,
            cache_write_tokens INTEGER,
            output_tokens INTEGER,
            reasoning_tokens INTEGER,
            tool_calls INTEGER,
            cost_ticks INTEGER,
            cost_source TEXT,
            made_at INTEGER NOT NULL
        ) STRICT;
        INSERT INTO note_use (sha256, path, model, account, input_tokens, output_tokens, cost_ticks, made_at)
            SELECT sha256, path, model, account, input_tokens, output_tokens, cost_ticks, made_at FROM note;
        """
}
