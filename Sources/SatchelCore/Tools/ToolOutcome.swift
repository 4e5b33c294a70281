/// Some lines of a version of a file that a model was shown through a tool.
package struct ShownLines: Hashable, Sendable {
    package var path: WorkspacePath
    package var digest: ContentDigest
    /// From 1.
    package var first: Int
    package var last: Int

    package init(path: WorkspacePath, digest: ContentDigest, first: Int, last: Int) {
        self.path = path
        self.digest = digest
        self.first = first
        self.last = last
    }
}

/// What a tool found.
package struct ToolOutcome: Hashable, Sendable {
    /// For the model.
    package var text: String
    /// For the user, a few words: `7 hits in 3 files`.
    package var summary: String
    package var isError: Bool
    package var shown: [ShownLines]

    package init(text: String, summary: String, isError: Bool = false, shown: [ShownLines] = []) {
        self.text = text
        self.summary = summary
        self.isError = isError
        self.shown = shown
    }

    package init(_ refusal: ToolRefusal) {
        self.init(text: "Error: \(refusal.message).", summary: refusal.message, isError: true)
    }
}

/// A tool's use, as it is kept with the message.
package struct ToolUse: Hashable, Sendable {
    package var call: ToolCall
    /// What was asked and what came of it, in one line.
    package var summary: String
    /// What the model was told, the beginning of it.
    package var excerpt: String
    /// Bytes of all that the model was told.
    package var bytes: Int
    package var isError: Bool
    package var shown: [ShownLines]

    package init(call: ToolCall, summary: String, excerpt: String, bytes: Int, isError: Bool, shown: [ShownLines]) {
        self.call = call
        self.summary = summary
        self.excerpt = excerpt
        self.bytes = bytes
        self.isError = isError
        self.shown = shown
    }
}

/// The beginning of a text, at most so many bytes of whole characters.
package func beginning(of text: String, bytes most: Int) -> String {
    guard text.utf8.count > most else { return text }
    var end = text.utf8.index(text.utf8.startIndex, offsetBy: max(0, most))
    while end > text.startIndex, Unicode.UTF8.isContinuation(text.utf8[end]) { end = text.utf8.index(before: end) }
    return String(text[..<end])
}
