package import FoundationEssentials
internal import GRDB
package import SatchelCore

extension Manifest {
    /// A conversation.
    package struct Thread: Hashable, Sendable {
        package var id: Int64
        package var title: String
        package var updatedAt: Date
    }

    package typealias ShownFile = SatchelCore.ShownFile
    package typealias MessageStatus = SatchelCore.MessageStatus

    /// A question or an answer, with the files that it was shown.
    package struct Message: Hashable, Sendable {
        package var id: Int64
        package var role: ChatRequest.Turn.Role
        package var status: MessageStatus
        package var text: String
        package var files: [ShownFile]
        /// What was made for an answer.
        package var outputs: [KeptFile] = []
    }

    /// How an answer ended.
    package struct Answer: Sendable {
        package var text: String
        package var status: MessageStatus
        package var finishReason: String?
        package var error: String?
        package var usage: ChatUsage?
        package var citations: [ResolvedCitation]
        /// Pictures and files that were made for it.
        package var outputs: [KeptFile] = []

        package init(
            text: String,
            status: MessageStatus,
            finishReason: String? = nil,
            error: String? = nil,
            usage: ChatUsage? = nil,
            citations: [ResolvedCitation] = []
        ) {
            self.citations = citations
            self.text = text
            self.status = status
            self.finishReason = finishReason
            self.error = error
            self.usage = usage
        }
    }

    /// Begins a thread without messages.
    ///
    /// - Returns: its number.
    package func createThread(title: String, at now: Date) async throws(ManifestError) -> Int64 {
        try await write { db in
            try db.execute(
                sql: "INSERT INTO thread (title, created_at, updated_at) VALUES (?, ?, ?)",
                arguments: [title, now.milliseconds, now.milliseconds]
            )
            return db.lastInsertedRowID
        }
    }

    /// The thread that was written to last, of those that are not put away; nil when there is none.
    package func latestThread() async throws(ManifestError) -> Int64? {
        try await read { db in
            try Int64.fetchOne(
                db,
                sql: """
                    SELECT id FROM thread WHERE archived_at IS NULL ORDER BY updated_at DESC, id DESC LIMIT 1
                    """
            )
        }
    }

    /// The questions that were asked last and are no longer than so many characters, the last one last.
    package func lastQuestions(_ count: Int, upTo length: Int) async throws(ManifestError) -> [String] {
        try await read { db in
            try String.fetchAll(
                db,
                sql: "SELECT text FROM message WHERE role = 'user' AND length(text) <= ? ORDER BY id DESC LIMIT ?",
                arguments: [length, count]
            )
        }.reversed()
    }

    /// The thread of that number; nil when there is none.
    package func thread(_ id: Int64) async throws(ManifestError) -> Thread? {
        try await read { db in
            try Row.fetchOne(db, sql: "SELECT id, title, updated_at FROM thread WHERE id = ?", arguments: [id]).map {
                Thread(id: $0[0], title: $0[1], updatedAt: $0.date(2))
            }
        }
    }

    /// Writes one turn's question and an empty, pending answer, before anything goes over the network.
    ///
    /// `owner` names the process that will finish it; `draws` says that the question is a wish for pictures.
    ///
    /// - Returns: the answer's id.
    package func beginTurn(
        in thread: Int64,
        question: String,
        files: [ShownFile],
        model: String?,
        account: AccountID,
        owner: String? = nil,
        draws: Bool = false,
        at now: Date
    ) async throws(ManifestError) -> Int64 {
        try await write { db in
            let next =
                try Int.fetchOne(
                    db,
                    sql: "SELECT coalesce(max(position), 0) + 1 FROM message WHERE thread = ?",
                    arguments: [thread]
                ) ?? 1
            let insert = """
                INSERT INTO message (thread, position, role, status, text, model, account, created_at)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                """
            try db.execute(
                sql: insert,
                arguments: [
                    thread, next, ChatRequest.Turn.Role.user.rawValue, MessageStatus.success.rawValue, question, model,
                    account.rawValue, now.milliseconds,
                ]
            )
            let user = db.lastInsertedRowID
            if draws { try db.execute(sql: "UPDATE message SET draws = 1 WHERE id = ?", arguments: [user]) }
            for (position, file) in files.enumerated() {
                try db.execute(
                    sql: "INSERT INTO message_file (message, position, sha256, path) VALUES (?, ?, ?, ?)",
                    arguments: [user, position, file.digest.blob, file.path.blob]
                )
            }
            try db.execute(
                sql: insert,
                arguments: [
                    thread, next + 1, ChatRequest.Turn.Role.assistant.rawValue, MessageStatus.pending.rawValue, "",
                    model, account.rawValue, now.milliseconds,
                ]
            )
            let answer = db.lastInsertedRowID
            try db.execute(sql: "UPDATE message SET owner = ? WHERE id = ?", arguments: [owner, answer])
            try db.execute(
                sql: "UPDATE thread SET updated_at = ? WHERE id = ?",
                arguments: [now.milliseconds, thread]
            )
            return answer
        }
    }

    /// Writes down how an answer ended, and drops the pieces that were kept while it came.
    package func finishTurn(_ message: Int64, with answer: Answer) async throws(ManifestError) {
        try await write { db in
            try db.execute(
                sql: """
                    UPDATE message SET text = ?, status = ?, finish_reason = ?, error = ?, input_tokens = ?,
                        cached_tokens = ?, cache_write_tokens = ?, output_tokens = ?, reasoning_tokens = ?,
                        tool_calls = ?, cost_ticks = ?, cost_source = ?, owner = NULL
                    WHERE id = ?
                    """,
                arguments: [
                    answer.text, answer.status.rawValue, answer.finishReason, answer.error, answer.usage?.input,
                    answer.usage?.cached, answer.usage?.cacheWrite, answer.usage?.output, answer.usage?.reasoning,
                    answer.usage?.toolCalls, answer.usage?.cost?.ticks, answer.usage?.costSource?.rawValue, message,
                ]
            )
            try db.execute(sql: "DELETE FROM stream_delta WHERE message = ?", arguments: [message])
            try Self.keep(answer.citations, of: message, db)
            try Self.keep(answer.outputs, of: message, db)
        }
    }

    /// The thread's messages in order, those that failed with nothing to show left out.
    package func messages(in thread: Int64) async throws(ManifestError) -> [Message] {
        try await read { db in
            let files = try db.cachedStatement(
                sql: "SELECT path, sha256 FROM message_file WHERE message = ? ORDER BY position"
            )
            return try Row.fetchAll(
                db,
                sql: """
                    SELECT id, role, status, text FROM message
                    WHERE thread = ? AND NOT (role = 'assistant' AND text = ''
                        AND NOT EXISTS (SELECT 1 FROM message_output o WHERE o.message = message.id))
                    ORDER BY position
                    """,
                arguments: [thread]
            ).map { row in
                Message(
                    id: row[0],
                    role: ChatRequest.Turn.Role(rawValue: row[1]) ?? .user,
                    status: MessageStatus(rawValue: row[2]) ?? .failed,
                    text: row[3],
                    files: try Row.fetchAll(files, arguments: [row[0] as Int64]).map {
                        ShownFile(path: try $0.workspacePath(0), digest: try $0.digest(1))
                    },
                    outputs: try Self.outputs(of: row[0], db)
                )
            }
        }
    }
}
