import SatchelCore

extension Output {
    /// What a model looked up, in one line on standard error: `→ search_files "settle" in Sources: 7 hits in 3 files`.
    func look(_ use: ToolUse) {
        note(painted("→ \(printable(use.summary))", use.isError ? .yellow : .grey))
    }
}

/// What a model looked up, in documents.
struct JSONToolUse: Encodable {
    struct Lines: Encodable {
        var path, sha256: String
        var firstLine, lastLine: Int
    }

    var id, name, arguments, summary: String
    /// What the model was told, at most 4 KiB of it.
    var result: String
    var resultBytes: Int
    var failed: Bool
    /// The lines of each version that this showed.
    var lines: [Lines]

    init(_ use: ToolUse) {
        (id, name, arguments) = (use.call.id, use.call.name, use.call.arguments)
        (summary, result, resultBytes, failed) = (use.summary, use.excerpt, use.bytes, use.isError)
        lines = use.shown.map {
            Lines(path: $0.path.description, sha256: $0.digest.hex, firstLine: $0.first, lastLine: $0.last)
        }
    }
}
