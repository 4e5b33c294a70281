package import FoundationEssentials
internal import Glibc
package import SatchelCore
internal import SatchelManifest

extension Workspace {
    /// Threads, the last written first; `cursor` is the last thread of the page before.
    package func threads(
        _ filter: ThreadFilter,
        after cursor: Int64?,
        limit: Int
    ) async throws -> [ThreadSummary] {
        try await failAbandonedAnswers()
        return try await manifest.threads(filter, after: cursor, limit: limit)
    }

    /// - Throws: ``WorkspaceError`` when there is no such thread.
    package func thread(_ id: Int64) async throws -> ThreadSummary {
        guard let summary = try await manifest.summary(of: id) else { throw noThread(id) }
        return summary
    }

    /// Messages behind a place, in their order, failed ones too.
    package func transcript(
        of id: Int64,
        after position: Int = 0,
        limit: Int = .max,
        _ filter: MessageFilter = MessageFilter()
    ) async throws -> [TranscriptMessage] {
        try await failAbandonedAnswers()
        var messages = try await manifest.transcript(of: id, after: position, limit: limit, filter)
        let uses = try await manifest.toolUses(in: id)
        for index in messages.indices { messages[index].tools = uses[messages[index].id] ?? [] }
        return messages
    }

    package func newThread(title: String) async throws -> Int64 {
        try await manifest.createThread(title: title, at: now())
    }

    package func rename(thread id: Int64, to title: String) async throws {
        guard title.contains(where: { !$0.isWhitespace }) else {
            throw WorkspaceError(.cannotStart, "thread \(id): the title is empty; write it behind the number")
        }
        guard try await manifest.rename(thread: id, to: title) else { throw noThread(id) }
    }

    /// What was asked last in any thread, the last one last, for a terminal to come back to; long texts are left out.
    package func lastQuestions(_ count: Int) async throws -> [String] {
        try await manifest.lastQuestions(count, upTo: 2000)
    }

    /// Puts a thread away, or takes it back.
    package func archive(thread id: Int64, undo: Bool) async throws {
        guard try await manifest.archive(thread: id, at: undo ? nil : now()) else { throw noThread(id) }
    }

    /// Deletes a thread and its messages.
    package func remove(thread id: Int64) async throws {
        guard try await manifest.remove(thread: id) else { throw noThread(id) }
    }

    /// A new thread that begins like another, up to a message; nil takes all of it.
    package func fork(thread id: Int64, upTo position: Int?) async throws -> Int64 {
        let title = try await thread(id).title
        if let position, try await !transcript(of: id).contains(where: { $0.position == position }) {
            throw WorkspaceError(
                .cannotStart,
                "thread \(id): it has no message \(position); satchel thread show \(id) lists them"
            )
        }
        guard let copy = try await manifest.fork(thread: id, upTo: position, title: title, at: now()) else {
            throw noThread(id)
        }
        return copy
    }

    /// Messages with all words of `text`, the best first.
    package func searchMessages(_ text: String, limit: Int) async throws -> [FoundMessage] {
        let words = text.split { !$0.isLetter && !$0.isNumber }.map(String.init)
        return try await manifest.messages(about: words, limit: limit)
    }

    /// What answers used up since a moment.
    package func usage(by key: UsageKey, since: Date?) async throws -> [UsageSum] {
        try await manifest.usage(by: key, since: since)
    }

    private func noThread(_ id: Int64) -> WorkspaceError {
        WorkspaceError(.cannotStart, "thread \(id): there is none; satchel thread ls lists them")
    }

    /// What a process left unfinished when it died will never be finished.
    func failAbandonedAnswers() async throws {
        try await manifest.failAbandoned(isAlive: isProcessAlive)
    }
}

/// Names a running process so that a later one with the same number is another: its number and when it began.
///
/// Nil when there is no such process.
func processOwner(_ pid: Int32 = getpid()) -> String? {
    guard let status = FileManager.default.contents(atPath: "/proc/\(pid)/stat") else { return nil }
    // The name in parentheses may hold anything, a closing parenthesis too; the start is the 20th word behind it.
    let words = String(decoding: status, as: UTF8.self).split(separator: ")").last?.split(separator: " ") ?? []
    return words.count > 19 ? "\(pid):\(words[19])" : nil
}
