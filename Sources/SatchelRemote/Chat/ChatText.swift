import FoundationEssentials
import SatchelCore

/// How files are put into words for a model.
enum ChatText {
    /// The list that tells a model what the files before it are called in the workspace.
    ///
    /// Uploaded copies have names made for the provider; only this connects them with their paths.
    static func listing(of paths: [String]) -> String {
        var text = "Attached files, in this order:"
        for (index, path) in paths.enumerated() { text += "\n\(index + 1). \(path)" }
        return text
    }

    /// A whole file as part of the text.
    static func inlined(path: String, text: String) -> String {
        let end = text.hasSuffix("\n") ? "" : "\n"
        return
            "<file path=\"\(path.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "&quot;"))\">\n\(text)\(end)</file>"
    }

    /// The wish for an answer by a schema, as Chat Completions has it.
    static func responseFormat(_ schema: String) -> JSON {
        ["type": "json_schema", "json_schema": ["name": "answer", "schema": .raw(schema), "strict": true]]
    }

    /// A picture as a URL that contains it.
    static func dataURL(_ media: MediaType, _ bytes: [UInt8]) -> String {
        "data:\(mimeType(of: media));base64,\(Data(bytes).base64EncodedString())"
    }
}

extension ChatRequest.Part {
    /// The path of what is shown; nil for plain text.
    var path: String? {
        switch self {
        case .text, .toolCall, .toolResult: nil
        case .file(_, let path, _), .image(_, let path, _), .inlineText(let path, _), .inlineImage(let path, _, _): path
        }
    }

    /// The id it refers to, if it does.
    var fileID: RemoteFileID? {
        switch self {
        case .file(let id, _, _), .image(let id, _, _): id
        case .text, .inlineText, .inlineImage, .toolCall, .toolResult: nil
        }
    }
}

extension ChatRequest.Turn {
    /// The shown files, always in the same order, then the words.
    ///
    /// Providers cache prompts by their exact beginning: the same files must come out the same however they were named.
    var filesFirst: (files: [ChatRequest.Part], text: [ChatRequest.Part]) {
        let files = parts.filter { $0.path != nil }.enumerated().sorted { left, right in
            let (one, other) = (left.element.path ?? "", right.element.path ?? "")
            return one == other ? left.offset < right.offset : one < other
        }
        return (files.map(\.element), parts.filter { $0.path == nil })
    }
}

extension ChatRequest {
    /// Every id that the request refers to, for recognising which of them a refusal is about.
    var fileIDs: [String] { turns.flatMap(\.parts).compactMap { $0.fileID?.rawValue } }
}

extension HTTPLimits {
    /// For answers of models: they think for minutes without a word, and then may write for as long as they like.
    static func chat(_ request: ChatRequest) -> HTTPLimits { HTTPLimits(connect: 10, idle: request.idleTimeout) }
}
