internal import GRDB

/// The tables, as an append-only list of steps.
///
/// A step that was released is never edited: what changes is appended. `docs/manifest.md` explains the tables.
enum Schema {
    /// "Stch": tells a Satchel manifest from any other SQLite file.
    static let applicationID: Int32 = 0x5374_6368

    static let migrator: DatabaseMigrator = {
        var migrator = DatabaseMigrator()
        for (name, sql) in steps {
            migrator.registerMigration(name) { db in try db.execute(sql: sql) }
        }
        return migrator
    }()

    static let steps: [(name: String, sql: String)] = [
        ("1 first tables", firstTables),
        ("2 no index of paths that stand for nothing", onlyLinkedPaths),
        ("3 threads that are put away, searched and paid for", keptThreads),
        ("4 the gate for secrets", gate),
        ("5 leases and added contents", leasesAndAddedContents),
        ("6 files to choose from", filesToChooseFrom),
        ("7 money, citations, streams and jobs", moneyAndLater),
        ("9 tools that models used, and notes on contents", toolsAndNotes),
        ("10 outputs", outputs),
        ("11 automatic choice", automaticChoice),
        ("12 where unfinished uploads are read from", sourcesOfUploads),
        ("13 several names of an added content", namesOfAddedContents),
        ("14 what stays when a thread is removed", whatStays),
    ]

    /// From which file an upload is read, and when that was changed last as far as its digest is known: what arrived of
    /// an interrupted upload is taken over only when the file cannot have changed on its way.
    private static let sourcesOfUploads = """
        ALTER TABLE remote_file ADD COLUMN source BLOB;
        ALTER TABLE remote_file ADD COLUMN source_ctime_ns INTEGER;
        """

    /// The same bytes may be added under several names.
    private static let namesOfAddedContents = """
        ALTER TABLE added RENAME TO added_once;
        CREATE TABLE added (
            sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
            name TEXT NOT NULL,
            mime TEXT NOT NULL,
            added_at INTEGER NOT NULL,
            PRIMARY KEY (sha256, name)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO added (sha256, name, mime, added_at) SELECT sha256, name, mime, added_at FROM added_once;
        DROP TABLE added_once;
        """

    /// The index that files are chosen by for a question, one row for each path; contentless, so that the bytes are not
    /// kept a third time.
    ///
    /// A row of the index cannot be taken out again: numbers are never used twice, and those without a `choosable` are
    /// nobody's.
    private static let filesToChooseFrom = """
        CREATE TABLE choosable (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            path BLOB NOT NULL UNIQUE,
            sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
            size INTEGER NOT NULL
        ) STRICT;
        CREATE VIRTUAL TABLE choosable_fts USING fts5 (
            path, symbols, body, content = '', tokenize = 'porter unicode61 remove_diacritics 2');
        """

    /// `stream_delta` has what came of a pending answer; a finished one has it in `message.text`.
    private static let moneyAndLater = """
        ALTER TABLE message ADD COLUMN cache_write_tokens INTEGER;
        ALTER TABLE message ADD COLUMN tool_calls INTEGER;
        ALTER TABLE message ADD COLUMN cost_source TEXT;
        UPDATE message SET cost_source = 'provider' WHERE cost_ticks IS NOT NULL;

        CREATE TABLE citation (
            message INTEGER NOT NULL REFERENCES message (id) ON DELETE CASCADE,
            position INTEGER NOT NULL,
            origin TEXT NOT NULL,
            text_offset INTEGER NOT NULL,
            path BLOB,
            sha256 BLOB CHECK (sha256 IS NULL OR length(sha256) = 32),
            first_line INTEGER,
            last_line INTEGER,
            page INTEGER,
            quote TEXT,
            finding TEXT NOT NULL,
            name TEXT,
            url TEXT,
            PRIMARY KEY (message, position)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE stream_delta (
            message INTEGER NOT NULL REFERENCES message (id) ON DELETE CASCADE,
            position INTEGER NOT NULL,
            text TEXT NOT NULL,
            PRIMARY KEY (message, position)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE job (
            id INTEGER PRIMARY KEY,
            kind TEXT NOT NULL,
            payload TEXT NOT NULL,
            state TEXT NOT NULL,
            attempts INTEGER NOT NULL DEFAULT 0,
            run_after INTEGER NOT NULL,
            thread INTEGER REFERENCES thread (id) ON DELETE SET NULL,
            message INTEGER REFERENCES message (id) ON DELETE SET NULL,
            lease_owner TEXT,
            error TEXT,
            created_at INTEGER NOT NULL,
            finished_at INTEGER
        ) STRICT;
        CREATE INDEX job_open ON job (run_after) WHERE state IN ('queued', 'running');
        """

    /// Copies with `ttl: 0` belong to the chats that need them; contents that were added stay without a path.
    private static let leasesAndAddedContents = """
        CREATE TABLE lease (
            account INTEGER NOT NULL REFERENCES account (id),
            sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
            holder TEXT NOT NULL,
            since INTEGER NOT NULL,
            PRIMARY KEY (account, sha256, holder)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE added (
            sha256 BLOB PRIMARY KEY NOT NULL CHECK (length(sha256) = 32),
            name TEXT NOT NULL,
            mime TEXT NOT NULL,
            added_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        """

    /// What the gate for secrets found in each content that was about to leave: a content is looked at once.
    private static let gate = """
        CREATE TABLE gate_check (
            sha256 BLOB PRIMARY KEY NOT NULL CHECK (length(sha256) = 32),
            rules INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE gate_finding (
            sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
            position INTEGER NOT NULL,
            kind TEXT NOT NULL,
            line INTEGER NOT NULL,
            column INTEGER NOT NULL,
            fingerprint TEXT NOT NULL,
            PRIMARY KEY (sha256, position)
        ) STRICT, WITHOUT ROWID;
        """

    /// A first sync of a large workspace would write each path into the index, only to move it with its link.
    private static let onlyLinkedPaths = """
        DROP INDEX path_linked;
        CREATE INDEX path_linked ON path (linked) WHERE linked IS NOT NULL;
        """

    /// Times are milliseconds since 1970 unless a name says `_ns`; digests are 32-byte blobs; paths are raw bytes.
    private static let firstTables = """
        CREATE TABLE meta (
            key TEXT PRIMARY KEY NOT NULL,
            value TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE path (
            path BLOB PRIMARY KEY NOT NULL,
            size INTEGER NOT NULL,
            mtime_ns INTEGER NOT NULL,
            ctime_ns INTEGER NOT NULL,
            inode INTEGER NOT NULL,
            sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
            media INTEGER NOT NULL,
            racy INTEGER NOT NULL,
            linked BLOB CHECK (linked IS NULL OR length(linked) = 32)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX path_linked ON path (linked);

        CREATE TABLE content (
            sha256 BLOB PRIMARY KEY NOT NULL CHECK (length(sha256) = 32),
            size INTEGER NOT NULL,
            media INTEGER NOT NULL,
            touched_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE account (
            id INTEGER PRIMARY KEY,
            provider TEXT NOT NULL,
            base_url TEXT NOT NULL,
            key_fingerprint TEXT NOT NULL,
            label TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            UNIQUE (provider, base_url, key_fingerprint)
        ) STRICT;

        CREATE TABLE remote_file (
            id INTEGER PRIMARY KEY,
            account INTEGER NOT NULL REFERENCES account (id),
            sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
            size INTEGER NOT NULL,
            upload_name TEXT NOT NULL,
            remote_id TEXT,
            state INTEGER NOT NULL,
            created_at INTEGER NOT NULL,
            expires_at INTEGER,
            verified_at INTEGER,
            used_at INTEGER,
            attempts INTEGER NOT NULL DEFAULT 0,
            error TEXT,
            UNIQUE (account, sha256)
        ) STRICT;
        CREATE INDEX remote_file_unsettled ON remote_file (account, state) WHERE state <> 2;

        CREATE TABLE ledger (
            id INTEGER PRIMARY KEY,
            account INTEGER NOT NULL REFERENCES account (id),
            sha256 BLOB NOT NULL,
            path BLOB,
            size INTEGER NOT NULL,
            remote_id TEXT NOT NULL,
            sent_at INTEGER NOT NULL,
            expires_at INTEGER,
            deleted_at INTEGER,
            deleted_because TEXT
        ) STRICT;
        CREATE INDEX ledger_remote ON ledger (account, remote_id);

        CREATE TABLE thread (
            id INTEGER PRIMARY KEY,
            title TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL
        ) STRICT;

        CREATE TABLE message (
            id INTEGER PRIMARY KEY,
            thread INTEGER NOT NULL REFERENCES thread (id) ON DELETE CASCADE,
            position INTEGER NOT NULL,
            role TEXT NOT NULL,
            status TEXT NOT NULL,
            text TEXT NOT NULL,
            model TEXT,
            account INTEGER REFERENCES account (id),
            finish_reason TEXT,
            error TEXT,
            input_tokens INTEGER,
            cached_tokens INTEGER,
            output_tokens INTEGER,
            reasoning_tokens INTEGER,
            created_at INTEGER NOT NULL,
            UNIQUE (thread, position)
        ) STRICT;

        CREATE TABLE message_file (
            message INTEGER NOT NULL REFERENCES message (id) ON DELETE CASCADE,
            position INTEGER NOT NULL,
            sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
            path BLOB NOT NULL,
            PRIMARY KEY (message, position)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX message_file_content ON message_file (sha256);

        CREATE TABLE passage (
            id INTEGER PRIMARY KEY,
            sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
            first_line INTEGER NOT NULL,
            last_line INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX passage_content ON passage (sha256);
        CREATE VIRTUAL TABLE passage_fts USING fts5 (text, tokenize = 'porter unicode61 remove_diacritics 2');
        CREATE TABLE indexed_content (
            sha256 BLOB PRIMARY KEY NOT NULL CHECK (length(sha256) = 32)
        ) STRICT, WITHOUT ROWID;
        """

    /// `owner` names the process that writes a pending answer; what a process left pending when it died has failed.
    private static let keptThreads = """
        ALTER TABLE thread ADD COLUMN archived_at INTEGER;
        ALTER TABLE thread ADD COLUMN forked_from INTEGER REFERENCES thread (id) ON DELETE SET NULL;
        ALTER TABLE message ADD COLUMN owner TEXT;
        ALTER TABLE message ADD COLUMN cost_ticks INTEGER;
        CREATE INDEX message_pending ON message (status) WHERE status = 'pending';
        CREATE VIRTUAL TABLE message_fts USING fts5 (
            text, content = 'message', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2');
        CREATE TRIGGER message_fts_insert AFTER INSERT ON message BEGIN
            INSERT INTO message_fts (rowid, text) VALUES (new.id, new.text);
        END;
        CREATE TRIGGER message_fts_delete AFTER DELETE ON message BEGIN
            INSERT INTO message_fts (message_fts, rowid, text) VALUES ('delete', old.id, old.text);
        END;
        CREATE TRIGGER message_fts_update AFTER UPDATE OF text ON message BEGIN
            INSERT INTO message_fts (message_fts, rowid, text) VALUES ('delete', old.id, old.text);
            INSERT INTO message_fts (rowid, text) VALUES (new.id, new.text);
        END;
        INSERT INTO message_fts (message_fts) VALUES ('rebuild');
        """
}
