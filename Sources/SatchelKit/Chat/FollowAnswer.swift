package import SatchelCore
internal import SatchelManifest

/// An answer that another process may still be writing.
package struct FollowedAnswer: Sendable {
    package var message: Int64
    package var thread: Int64
    package var status: MessageStatus
    package var text: String
    package var error: String?
    /// The stable word.
    package var finishReason: String?
    package var citations: [ResolvedCitation]
}

extension Workspace {
    /// Tells what comes of an answer, from its beginning, until it is complete or has failed.
    ///
    /// - Parameters:
    ///   - message: the answer; nil for the one that is being written, or else the last one.
    ///   - observe: told the words that are new.
    /// - Returns: the whole of it.
    /// - Throws: ``WorkspaceError`` when there is no such answer.
    package func follow(
        _ message: Int64?,
        observe: (String) -> Void
    ) async throws -> FollowedAnswer {
        try await failAbandonedAnswers()
        let latest = try await manifest.latestAnswer()
        guard let message = message ?? latest else {
            throw WorkspaceError(.cannotStart, "tail: there is no answer yet; ask something with satchel chat")
        }
        var told = ""
        var looks = 0
        while true {
            guard let state = try await manifest.answerState(of: message) else {
                throw WorkspaceError(.cannotStart, "message \(message): no answer; see satchel thread show --json")
            }
            if state.text.hasPrefix(told) {
                let new = state.text.utf8.dropFirst(told.utf8.count)
                if !new.isEmpty { observe(String(decoding: new, as: UTF8.self)) }
                told = state.text
            }
            guard state.status == .pending else {
                return FollowedAnswer(
                    message: message,
                    thread: state.thread,
                    status: state.status,
                    text: state.text,
                    error: state.error,
                    finishReason: state.finishReason,
                    citations: state.citations
                )
            }
            // Its writer may have died; asking the system is dearer than a look at the table.
            looks += 1
            if looks.isMultiple(of: 10) { try await failAbandonedAnswers() }
            // SQLite tells no other process of a change; a person reads no faster.
            try await Task.sleep(for: .milliseconds(100))
        }
    }
}
