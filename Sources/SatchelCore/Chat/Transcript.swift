package import FoundationEssentials

/// A file as a message showed it: that version, for ever.
package struct ShownFile: Hashable, Sendable {
    package var path: WorkspacePath
    package var digest: ContentDigest

    package init(path: WorkspacePath, digest: ContentDigest) {
        self.path = path
        self.digest = digest
    }
}

/// How far a message has come.
package enum MessageStatus: String, Sendable {
    case pending
    case success
    case failed
}

/// A conversation with its sums.
package struct ThreadSummary: Hashable, Sendable {
    package var id: Int64
    package var title: String
    package var createdAt: Date
    package var updatedAt: Date
    package var archivedAt: Date?
    package var forkedFrom: Int64?
    package var messages: Int
    /// Different contents that its messages were shown.
    package var contents: Int
    package var inputTokens: Int
    package var outputTokens: Int

    package init(
        id: Int64,
        title: String,
        createdAt: Date,
        updatedAt: Date,
        archivedAt: Date? = nil,
        forkedFrom: Int64? = nil,
        messages: Int,
        contents: Int,
        inputTokens: Int,
        outputTokens: Int
    ) {
        self.id = id
        self.title = title
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.archivedAt = archivedAt
        self.forkedFrom = forkedFrom
        self.messages = messages
        self.contents = contents
        self.inputTokens = inputTokens
        self.outputTokens = outputTokens
    }
}

/// A message with all that is kept of it.
package struct TranscriptMessage: Hashable, Sendable {
    package var id: Int64
    /// From 1, in the thread.
    package var position: Int
    package var role: ChatRequest.Turn.Role
    package var status: MessageStatus
    package var text: String
    package var model: String?
    /// The label of the account that answered.
    package var account: String?
    package var finishReason: String?
    package var error: String?
    package var usage: ChatUsage?
    package var createdAt: Date
    package var files: [ShownFile]
    /// What the model looked up for it, in its order.
    package var tools: [ToolUse] = []
    /// Pictures and files that were made for it, in its order.
    package var outputs: [KeptFile] = []
    package var citations: [ResolvedCitation]

    package init(
        id: Int64,
        position: Int,
        role: ChatRequest.Turn.Role,
        status: MessageStatus,
        text: String,
        model: String? = nil,
        account: String? = nil,
        finishReason: String? = nil,
        error: String? = nil,
        usage: ChatUsage? = nil,
        createdAt: Date,
        files: [ShownFile],
        citations: [ResolvedCitation] = []
    ) {
        self.citations = citations
        self.id = id
        self.position = position
        self.role = role
        self.status = status
        self.text = text
        self.model = model
        self.account = account
        self.finishReason = finishReason
        self.error = error
        self.usage = usage
        self.createdAt = createdAt
        self.files = files
    }
}

/// A message that has the words that were looked for.
package struct FoundMessage: Hashable, Sendable {
    package var thread: Int64
    package var title: String
    package var position: Int
    package var role: ChatRequest.Turn.Role
    /// The words with some before and after them.
    package var excerpt: String
    package var createdAt: Date

    package init(
        thread: Int64,
        title: String,
        position: Int,
        role: ChatRequest.Turn.Role,
        excerpt: String,
        createdAt: Date
    ) {
        self.thread = thread
        self.title = title
        self.position = position
        self.role = role
        self.excerpt = excerpt
        self.createdAt = createdAt
    }
}

/// What answers used up, added up by some word.
package struct UsageSum: Hashable, Sendable {
    package var key: String
    package var answers: Int
    package var usage: ChatUsage
    /// Answers whose price nobody told.
    package var unpriced: Int

    package init(
        key: String,
        answers: Int,
        usage: ChatUsage,
        unpriced: Int
    ) {
        self.key = key
        self.answers = answers
        self.usage = usage
        self.unpriced = unpriced
    }
}

/// What sums of usage are made by.
package enum UsageKey: String, CaseIterable, Sendable {
    case day
    case model
    case thread
    case file
    case account
}
