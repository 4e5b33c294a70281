internal import GRDB
internal import SatchelCore

extension Manifest {
    /// Writes the citations of an answer down, instead of those it had.
    static func keep(_ citations: [ResolvedCitation], of message: Int64, _ db: Database) throws {
        try db.execute(sql: "DELETE FROM citation WHERE message = ?", arguments: [message])
        for (index, citation) in citations.enumerated() {
            try db.execute(
                sql: """
                    INSERT INTO citation (message, position, origin, text_offset, path, sha256, first_line, last_line,
                        page, quote, finding, name, url)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    message, index + 1, citation.origin.rawValue, citation.offset, citation.file?.path.blob,
                    citation.file?.digest.blob, citation.lines?.lowerBound, citation.lines?.upperBound, citation.page,
                    citation.quote, citation.finding.rawValue, citation.name, citation.url,
                ]
            )
        }
    }

    /// The citations of an answer, in their order.
    static func citations(of message: Int64, _ db: Database) throws -> [ResolvedCitation] {
        let statement = try db.cachedStatement(
            sql: """
                SELECT origin, text_offset, path, sha256, first_line, last_line, page, quote, finding, name, url
                FROM citation WHERE message = ? ORDER BY position
                """
        )
        return try Row.fetchAll(statement, arguments: [message]).map { row in
            var citation = ResolvedCitation(
                origin: ResolvedCitation.Origin(rawValue: row[0]) ?? .provider,
                offset: row[1],
                finding: ResolvedCitation.Finding(rawValue: row[8]) ?? .unchecked
            )
            if let digest = try row.optionalDigest(3) {
                citation.file = ShownFile(path: try row.workspacePath(2), digest: digest)
            }
            if let first = row[4] as Int?, let last = row[5] as Int?, first <= last { citation.lines = first...last }
            citation.page = row[6]
            citation.quote = row[7]
            citation.name = row[9]
            citation.url = row[10]
            return citation
        }
    }
}
