internal import GRDB
package import SatchelCore

extension Manifest {
    /// A file that the index of files does not hold as it is now.
    package struct Unindexed: Hashable, Sendable {
        package var path: WorkspacePath
        package var digest: ContentDigest
        package var size: Int64
    }

    /// Under which what the index holds is noted.
    package static let choosableStampKey = "choosable_stamp"

    /// A sum over all files that can be chosen, which nearly any change changes.
    ///
    /// Comparing it with that of the last time is cheaper than looking for each file in the index. Texts larger
    /// than `size` are not chosen.
    package func choosableStamp(upTo size: Int64) async throws(ManifestError) -> String {
        try await read { db in
            let row = try Row.fetchOne(
                db,
                // `IS`, not `=`: else the index of linked paths is walked, and each row looked up by itself.
                sql: """
                    SELECT count(*), sum((ctime_ns / 1000) % 2147483647 + size * 31 + inode % 1000003) FROM path
                    WHERE linked IS sha256 AND media = ? AND size <= ?
                    """,
                arguments: [MediaType.text.rawValue, size]
            )
            let (count, sum): (Int64, Int64?) = (row?[0] ?? 0, row?[1])
            return "\(count) \(sum ?? 0)"
        }
    }

    /// Texts that are in step and that the index lacks or holds as they were, in byte order; what is gone is forgotten.
    ///
    /// Texts larger than `size` are data, and are not chosen.
    package func unindexedFiles(upTo size: Int64) async throws(ManifestError) -> [Unindexed] {
        let wanted = "linked IS sha256 AND media = \(MediaType.text.rawValue) AND size <= \(size)"
        let (missing, hasStale) = try await read { db in
            let missing = try Row.fetchAll(
                db,
                sql: """
                    SELECT path, sha256, size FROM path p WHERE \(wanted) AND NOT EXISTS (
                        SELECT 1 FROM choosable c WHERE c.path = p.path AND c.sha256 = p.sha256)
                    ORDER BY path
                    """
            ).map { Unindexed(path: try $0.workspacePath(0), digest: try $0.digest(1), size: $0[2]) }
            let counts = try Row.fetchOne(
                db,
                sql: "SELECT (SELECT count(*) FROM choosable), (SELECT count(*) FROM path WHERE \(wanted))"
            )
            let (indexed, known): (Int, Int) = (counts?[0] ?? 0, counts?[1] ?? 0)
            return (missing, indexed + missing.count != known)
        }
        guard hasStale else { return missing }
        let isCleared = try await write { db in
            try db.execute(
                sql: """
                    DELETE FROM choosable WHERE NOT EXISTS (
                        SELECT 1 FROM path p WHERE p.path = choosable.path AND p.sha256 = choosable.sha256 AND \(wanted))
                    """
            )
            // Half of the index is nobody's: it is made anew.
            let last = try Int64.fetchOne(db, sql: "SELECT seq FROM sqlite_sequence WHERE name = 'choosable'") ?? 0
            let living = try Int64.fetchOne(db, sql: "SELECT count(*) FROM choosable") ?? 0
            guard last > 1000, living * 2 < last else { return false }
            try db.execute(sql: "INSERT INTO choosable_fts (choosable_fts) VALUES ('delete-all')")
            try db.execute(sql: "DELETE FROM choosable")
            try db.execute(sql: "DELETE FROM sqlite_sequence WHERE name = 'choosable'")
            return true
        }
        return isCleared ? try await unindexedFiles(upTo: size) : missing
    }

    /// Puts files into the index, in place of what it held of their paths.
    package func index(_ files: [(file: Unindexed, text: IndexedText)]) async throws(ManifestError) {
        try await write { db in
            let forget = try db.cachedStatement(sql: "DELETE FROM choosable WHERE path = ?")
            let row = try db.cachedStatement(sql: "INSERT INTO choosable (path, sha256, size) VALUES (?, ?, ?)")
            let text = try db.cachedStatement(
                sql: "INSERT INTO choosable_fts (rowid, path, symbols, body, note) VALUES (?, ?, ?, ?, ?)"
            )
            for (file, terms) in files {
                try forget.execute(arguments: [file.path.blob])
                try row.execute(arguments: [file.path.blob, file.digest.blob, file.size])
                try text.execute(arguments: [
                    db.lastInsertedRowID, terms.path, terms.symbols, terms.body, terms.note,
                ])
            }
        }
    }

    /// Lets the index grow by many files at once while `body` runs: what is written is merged in few large steps.
    package func withRoomForManyFiles(_ body: () async throws -> Void) async throws {
        try await withRoomForManyWrites {
            try await setIndex(automerge: 0, hashBytes: 33_554_432)
            let result: Result<Void, any Error>
            do { result = .success(try await body()) } catch { result = .failure(error) }
            // As FTS5 comes.
            try await setIndex(automerge: 4, hashBytes: 1_048_576)
            try result.get()
        }
    }

    private func setIndex(automerge: Int, hashBytes: Int) async throws(ManifestError) {
        try await write { db in
            let sql = "INSERT INTO choosable_fts (choosable_fts, rank) VALUES (?, ?)"
            try db.execute(sql: sql, arguments: ["automerge", automerge])
            try db.execute(sql: sql, arguments: ["hashsize", hashBytes])
        }
    }

    /// The files with any of `terms`, the most relevant first.
    ///
    /// - Parameters:
    ///   - terms: as ``questionTerms(_:)`` makes them; each matches after stemming.
    ///   - limit: at most so many.
    ///   - isPadded: whether files are wanted, too, that have nothing but what half of the files have.
    /// - Returns: candidates, to be weighed by ``choose(_:for:under:)``.
    /// - Throws: ``ManifestError``.
    package func candidates(
        for terms: [String],
        limit: Int,
        isPadded: Bool
    ) async throws(ManifestError) -> [FileCandidate] {
        // Quoted, so that no term is an operator of the query language.
        let all = terms.map { "\"" + $0.replacing("\"", with: "") + "\"" }
        guard !all.isEmpty else { return [] }
        return try await read { db in
            let telling = try Self.tellingTerms(all, in: db)
            if telling.count < all.count, !telling.isEmpty {
                let found = try Self.ranked(telling, limit: limit, in: db)
                if isPadded ? found.count == limit : !found.isEmpty { return found }
            }
            return try Self.ranked(all, limit: limit, in: db)
        }
    }

    private static func ranked(_ terms: [String], limit: Int, in db: Database) throws -> [FileCandidate] {
        // A name says more than a mention. Ranked before it is joined: the table is looked into for the best only, and
        // there are as many dead rows as living ones at the most.
        try Row.fetchAll(
            db,
            sql: """
                SELECT c.path, c.sha256, c.size, f.score FROM (
                    SELECT rowid AS id, bm25(choosable_fts, 8.0, 2.0, 1.0, 2.0) AS score FROM choosable_fts
                    WHERE choosable_fts MATCH ? ORDER BY score LIMIT ?) f
                JOIN choosable c ON c.id = f.id ORDER BY f.score
                """,
            arguments: [terms.joined(separator: " OR "), 2 * limit]
        ).prefix(limit).map { row in
            FileCandidate(
                path: try row.workspacePath(0),
                digest: try row.digest(1),
                size: row[2],
                relevance: -(row[3] as Double)
            )
        }
    }

    /// Those of `terms` by which files can be told apart.
    ///
    /// What stands in half of the files or more weighs a millionth of a point in FTS5's BM25, and takes the most time.
    private static func tellingTerms(_ terms: [String], in db: Database) throws -> [String] {
        // Numbers are given out without gaps, and FTS5 counts the dead rows too.
        let rows = try Int64.fetchOne(db, sql: "SELECT seq FROM sqlite_sequence WHERE name = 'choosable'") ?? 0
        guard rows > manyRows else { return terms }
        let count = try db.cachedStatement(
            sql: "SELECT count(*) FROM (SELECT 1 FROM choosable_fts WHERE choosable_fts MATCH ? LIMIT ?)"
        )
        let half = (rows + 1) / 2
        return try terms.filter { try (Int64.fetchOne(count, arguments: [$0, half]) ?? 0) < half }
    }

    /// With fewer, ranking takes no time worth saving.
    private static let manyRows: Int64 = 1000
}
