internal import GRDB
package import SatchelCore

extension Manifest {
    /// What came of a pending answer `m` so far.
    static let deltas = """
        coalesce((SELECT group_concat(text, '') FROM
            (SELECT d.text FROM stream_delta d WHERE d.message = m.id ORDER BY d.position)), '')
        """

    /// Adds what came of an answer since the last time, so that it survives whatever happens to this process.
    package func append(_ text: String, to message: Int64) async throws(ManifestError) {
        try await write { db in
            try db.execute(
                sql: """
                    INSERT INTO stream_delta (message, position, text)
                    SELECT ?1, (SELECT coalesce(max(position), 0) + 1 FROM stream_delta WHERE message = ?1), ?2
                    FROM message WHERE id = ?1 AND status = 'pending'
                    """,
                arguments: [message, text]
            )
        }
    }

    /// How far an answer is.
    package struct AnswerState: Hashable, Sendable {
        package var thread: Int64
        package var status: MessageStatus
        /// All of it.
        package var text: String
        package var error: String?
        /// The process that writes it.
        package var owner: String?
        package var finishReason: String?
        package var citations: [ResolvedCitation]
    }

    /// Nil when there is no such answer.
    package func answerState(of message: Int64) async throws(ManifestError) -> AnswerState? {
        try await read { db in
            try Row.fetchOne(
                db,
                sql: """
                    SELECT m.thread, m.status, m.text || \(Self.deltas), m.error, m.owner, m.finish_reason
                    FROM message m
                    WHERE m.id = ? AND m.role = 'assistant'
                    """,
                arguments: [message]
            ).map { row in
                AnswerState(
                    thread: row[0],
                    status: MessageStatus(rawValue: row[1]) ?? .failed,
                    text: row[2],
                    error: row[3],
                    owner: row[4],
                    finishReason: row[5],
                    citations: try Self.citations(of: message, db)
                )
            }
        }
    }

    /// The answer that is being written, or else the last one; nil when there is none.
    package func latestAnswer() async throws(ManifestError) -> Int64? {
        try await read { db in
            try Int64.fetchOne(
                db,
                sql: """
                    SELECT id FROM message WHERE role = 'assistant' ORDER BY status = 'pending' DESC, id DESC LIMIT 1
                    """
            )
        }
    }

    /// Makes what came of an answer its text; for an answer that nobody will finish.
    static func foldDeltas(of message: Int64, _ db: Database) throws {
        try db.execute(
            sql: "UPDATE message AS m SET text = m.text || \(deltas) WHERE m.id = ?",
            arguments: [message]
        )
        try db.execute(sql: "DELETE FROM stream_delta WHERE message = ?", arguments: [message])
    }
}
