internal import GRDB
package import SatchelCore

extension Manifest {
    /// Some consecutive lines of a content.
    package struct Passage: Hashable, Sendable {
        package var digest: ContentDigest
        /// From 1.
        package var firstLine: Int
        package var lastLine: Int
        package var text: String

        package init(digest: ContentDigest, firstLine: Int, lastLine: Int, text: String) {
            self.digest = digest
            self.firstLine = firstLine
            self.lastLine = lastLine
            self.text = text
        }
    }

    /// A passage that answers a search, best first.
    package struct FoundPassage: Hashable, Sendable {
        package var passage: Passage
        /// The first path, in byte order, that stands for the content.
        package var path: WorkspacePath
        /// BM25 as SQLite gives it: lower is better.
        package var rank: Double
    }

    /// Linked text contents that the index does not hold yet, with a path to read each from.
    package func unindexedContents(upTo size: Int64) async throws(ManifestError) -> [ShownFile] {
        try await read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT min(path), linked FROM path
                    WHERE linked = sha256 AND media = ? AND size <= ?
                        AND NOT EXISTS (SELECT 1 FROM indexed_content i WHERE i.sha256 = path.linked)
                    GROUP BY linked ORDER BY 1
                    """,
                arguments: [MediaType.text.rawValue, size]
            ).map { ShownFile(path: try $0.workspacePath(0), digest: try $0.digest(1)) }
        }
    }

    /// Puts contents into the index, each with all of its passages.
    package func index(_ contents: [(digest: ContentDigest, passages: [Passage])]) async throws(ManifestError) {
        try await write { db in
            let mark = try db.cachedStatement(sql: "INSERT INTO indexed_content VALUES (?) ON CONFLICT DO NOTHING")
            let passage = try db.cachedStatement(
                sql: "INSERT INTO passage (sha256, first_line, last_line) VALUES (?, ?, ?)"
            )
            let text = try db.cachedStatement(sql: "INSERT INTO passage_fts (rowid, text) VALUES (?, ?)")
            for content in contents {
                try mark.execute(arguments: [content.digest.blob])
                guard db.changesCount > 0 else { continue }
                for part in content.passages {
                    try passage.execute(arguments: [content.digest.blob, part.firstLine, part.lastLine])
                    try text.execute(arguments: [db.lastInsertedRowID, part.text])
                }
            }
        }
    }

    /// The best passages of synced files for any of `words`.
    ///
    /// - Parameters:
    ///   - words: letters and digits only; each matches as a whole word after stemming.
    ///   - paths: only files within one of these; empty for all.
    ///   - limit: at most so many.
    package func passages(
        about words: [String],
        within paths: [WorkspacePath],
        limit: Int
    ) async throws(ManifestError) -> [FoundPassage] {
        guard !words.isEmpty else { return [] }
        // Quoted, so that no word is an operator of the query language.
        let query = words.map { "\"" + $0.replacing("\"", with: "") + "\"" }.joined(separator: " OR ")
        return try await read { db in
            let rows = try Row.fetchCursor(
                db,
                sql: """
                    SELECT p.sha256, p.first_line, p.last_line, f.text, f.rank, (
                        SELECT min(path) FROM path WHERE linked = p.sha256)
                    FROM passage_fts f JOIN passage p ON p.id = f.rowid
                    WHERE passage_fts MATCH ? ORDER BY f.rank
                    """,
                arguments: [query]
            )
            var found: [FoundPassage] = []
            while found.count < limit, let row = try rows.next() {
                // Contents that no path stands for any more stay in the index until clean-up.
                guard row[5] as DatabaseValue != .null else { continue }
                let digest = try row.digest(0)
                var path = try row.workspacePath(5)
                if !paths.isEmpty {
                    let all = try Row.fetchAll(
                        db,
                        sql: "SELECT path FROM path WHERE linked = ? ORDER BY path",
                        arguments: [digest.blob]
                    ).map { try $0.workspacePath(0) }
                    guard let inside = all.first(where: { path in paths.contains(where: path.isWithin) }) else { continue }
                    path = inside
                }
                let passage = Passage(digest: digest, firstLine: row[1], lastLine: row[2], text: row[3])
                found.append(FoundPassage(passage: passage, path: path, rank: row[4]))
            }
            return found
        }
    }

    /// Takes contents out of the index that no path stands for.
    package func pruneIndex() async throws(ManifestError) {
        try await write { db in
            let stale = "sha256 NOT IN (SELECT linked FROM path WHERE linked IS NOT NULL)"
            try db.execute(sql: "DELETE FROM passage_fts WHERE rowid IN (SELECT id FROM passage WHERE \(stale))")
            try db.execute(sql: "DELETE FROM passage WHERE \(stale)")
            try db.execute(sql: "DELETE FROM indexed_content WHERE \(stale)")
        }
    }
}
