extension Schema {
    /// Pictures and files that were made for answers: by digest, or with the reason why they could not be kept; and
    /// which questions were sent alone, to a model that draws.
    static let outputs = """
        CREATE TABLE message_output (
            message INTEGER NOT NULL REFERENCES message (id) ON DELETE CASCADE,
            position INTEGER NOT NULL,
            sha256 BLOB CHECK (sha256 IS NULL OR length(sha256) = 32),
            name TEXT NOT NULL,
            media INTEGER NOT NULL,
            size INTEGER NOT NULL,
            error TEXT,
            PRIMARY KEY (message, position)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX message_output_content ON message_output (sha256) WHERE sha256 IS NOT NULL;
        ALTER TABLE message ADD COLUMN draws INTEGER NOT NULL DEFAULT 0;
        """
}
