/// What a request to Messages puts before the model, once it is checked: blocks in their order.
struct ShownPrompt {
    struct Block {
        /// The same for blocks that are the same to the prompt cache.
        var key: String
        var tokens: Int
        /// Seconds; nil for a block without a mark.
        var keptFor: Int64?
    }

    /// A document or picture.
    struct File {
        var id: String?
        /// The title, or what it is stored as.
        var name: String
        var title: String?
        var bytes: ArraySlice<UInt8>
        /// Documents are numbered, pictures are not.
        var isDocument: Bool
        var isCited: Bool

        /// The echo model's line about it.
        var line: String { "file:\(name):\(bytes.count):\(independentDigest(of: bytes))" }
    }

    var model = ""
    var blocks: [Block] = []
    var files: [File] = []
    /// Of the last text that is not the model's own.
    var lastText = ""
    var tools = ToolTalk()

    var tokens: Int { blocks.reduce(0) { $0 + $1.tokens } }
    var marks: Int { blocks.count { $0.keptFor != nil } }

    /// What the model says.
    var echo: String {
        (files.map(\.line) + tools.said.map { "tool said: \($0)" } + ["you said: \(lastText)"]).joined(separator: "\n")
    }
}
