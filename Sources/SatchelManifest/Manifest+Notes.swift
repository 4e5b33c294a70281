package import FoundationEssentials
internal import GRDB
package import SatchelCore

extension Manifest {
    /// What a model said of a content.
    package struct Note: Hashable, Sendable {
        package var digest: ContentDigest
        package var text: String
        package var model: String
        /// What the content was called when it was asked about.
        package var path: WorkspacePath
        package var account: AccountID
        package var usage: ChatUsage?
        package var madeAt: Date

        package init(
            digest: ContentDigest,
            text: String,
            model: String,
            path: WorkspacePath,
            account: AccountID,
            usage: ChatUsage?,
            madeAt: Date
        ) {
            self.digest = digest
            self.text = text
            self.model = model
            self.path = path
            self.account = account
            self.usage = usage
            self.madeAt = madeAt
        }
    }

    /// Keeps a note, in place of an older one on the same content.
    package func keep(_ note: Note) async throws(ManifestError) {
        try await write { db in
            try db.execute(
                sql: """
                    INSERT INTO note (sha256, text, model, path, account, input_tokens, output_tokens, cost_ticks, made_at)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                    ON CONFLICT (sha256) DO UPDATE SET text = excluded.text, model = excluded.model,
                        path = excluded.path, account = excluded.account, input_tokens = excluded.input_tokens,
                        output_tokens = excluded.output_tokens, cost_ticks = excluded.cost_ticks,
                        made_at = excluded.made_at
                    """,
                arguments: [
                    note.digest.blob, note.text, note.model, note.path.blob, note.account.rawValue, note.usage?.input,
                    note.usage?.output, note.usage?.cost?.ticks, note.madeAt.milliseconds,
                ]
            )
            try db.execute(
                sql: """
                    INSERT INTO note_use (sha256, path, model, account, input_tokens, cached_tokens, cache_write_tokens,
                        output_tokens, reasoning_tokens, tool_calls, cost_ticks, cost_source, made_at)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    note.digest.blob, note.path.blob, note.model, note.account.rawValue, note.usage?.input,
                    note.usage?.cached, note.usage?.cacheWrite, note.usage?.output, note.usage?.reasoning,
                    note.usage?.toolCalls, note.usage?.cost?.ticks, note.usage?.costSource?.rawValue,
                    note.madeAt.milliseconds,
                ]
            )
            // The index of files has the words of notes too: what has this content is put into it again.
            try db.execute(sql: "DELETE FROM choosable WHERE sha256 = ?", arguments: [note.digest.blob])
            try db.execute(sql: "DELETE FROM meta WHERE key = ?", arguments: [Self.choosableStampKey])
        }
    }

    /// The notes that there are on these contents.
    package func notes(on digests: Set<ContentDigest>) async throws(ManifestError) -> [ContentDigest: Note] {
        try await read { db in
            let statement = try db.cachedStatement(
                sql: """
                    SELECT text, model, path, account, input_tokens, output_tokens, cost_ticks, made_at
                    FROM note WHERE sha256 = ?
                    """
            )
            var notes: [ContentDigest: Note] = [:]
            for digest in digests {
                guard let row = try Row.fetchOne(statement, arguments: [digest.blob]) else { continue }
                notes[digest] = Note(
                    digest: digest,
                    text: row[0],
                    model: row[1],
                    path: try row.workspacePath(2),
                    account: AccountID(row[3]),
                    usage: (row[4] as Int?).map { input in
                        ChatUsage(
                            input: input,
                            cached: 0,
                            output: row[5] ?? 0,
                            reasoning: 0,
                            cost: (row[6] as Int64?).flatMap { Dollars(ticks: $0) }
                        )
                    },
                    madeAt: row.date(7)
                )
            }
            return notes
        }
    }
}
