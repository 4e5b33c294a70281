internal import GRDB
internal import SatchelCore

extension Manifest {
    /// Writes down what was made for an answer, instead of what was there.
    static func keep(_ outputs: [KeptFile], of message: Int64, _ db: Database) throws {
        try db.execute(sql: "DELETE FROM message_output WHERE message = ?", arguments: [message])
        for (index, output) in outputs.enumerated() {
            if let digest = output.digest {
                try db.execute(
                    sql: """
                        INSERT INTO content (sha256, size, media, touched_at)
                        SELECT ?, ?, ?, created_at FROM message WHERE id = ? ON CONFLICT DO NOTHING
                        """,
                    arguments: [digest.blob, output.size, output.media.rawValue, message]
                )
            }
            try db.execute(
                sql: """
                    INSERT INTO message_output (message, position, sha256, name, media, size, error)
                    VALUES (?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    message, index + 1, output.digest?.blob, output.name, output.media.rawValue, output.size,
                    output.error,
                ]
            )
        }
    }

    /// What was made for an answer, in its order.
    static func outputs(of message: Int64, _ db: Database) throws -> [KeptFile] {
        let statement = try db.cachedStatement(
            sql: "SELECT sha256, name, media, size, error FROM message_output WHERE message = ? ORDER BY position"
        )
        return try Row.fetchAll(statement, arguments: [message]).map { row in
            KeptFile(
                name: row[1],
                digest: try row.optionalDigest(0),
                size: row[3],
                media: row.media(2),
                error: row[4]
            )
        }
    }

    /// A fork has what was made for the answers that it took over.
    static func copyOutputs(of thread: Int64, to copy: Int64, _ db: Database) throws {
        try db.execute(
            sql: """
                INSERT INTO message_output (message, position, sha256, name, media, size, error)
                SELECT n.id, f.position, f.sha256, f.name, f.media, f.size, f.error FROM message n
                JOIN message o ON o.thread = ?2 AND o.position = n.position
                JOIN message_output f ON f.message = o.id WHERE n.thread = ?1
                """,
            arguments: [copy, thread]
        )
    }
}
