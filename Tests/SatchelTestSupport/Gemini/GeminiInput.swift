/// What a chat request puts before the model.
struct GeminiInput {
    /// A file with the name that the model would take it by.
    struct Shown {
        var name: String
        var uri: String?
        var bytes: ArraySlice<UInt8>

        var line: String { "file:\(name):\(bytes.count):\(independentDigest(of: bytes))" }
    }

    var files: [Shown] = []
    /// Of the last text of the user.
    var lastText = ""
    var textBytes = 0
    var tools = ToolTalk()
    /// Names of the calls that wait, in their order: without ids, the name is what a response refers to.
    var waiting: [String] = []

    /// Roughly tokens: a quarter of all bytes.
    var tokens: Int64 { Int64((textBytes + files.reduce(0) { $0 + $1.bytes.count }) / 4 + 1) }

    /// What the model says.
    var echo: String {
        (files.map(\.line) + tools.said.map { "tool said: \($0)" } + ["you said: \(lastText)"]).joined(separator: "\n")
    }

    /// The name that a reader takes out of the line before a file: without quotes, rules and the word `File`.
    static func name(in text: String?) -> String {
        guard let text, !text.contains("\n") else { return "unnamed" }
        let frame: Set<Character> = ["<", ">", "=", "#", "`", "\"", "'", "[", "]", "(", ")", " ", "*"]
        var name = text.trimming(frame)
        for word in ["File:", "file:", "Path:", "path:", "Filename:", "Document:"] where name.hasPrefix(word) {
            name = name.dropFirst(word.count).trimming(frame)
        }
        return name.isEmpty ? "unnamed" : name
    }
}
