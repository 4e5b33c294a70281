import FoundationEssentials

/// A file or picture that a chat request puts before the model, and the rules it must keep.
struct ShownFile {
    var id: String?
    var name: String
    var bytes: ArraySlice<UInt8>

    /// The echo model's line about it.
    var line: String { "file:\(name):\(bytes.count):\(independentDigest(of: bytes))" }

    private var fileExtension: String? {
        guard let dot = name.lastIndex(of: "."), name.index(after: dot) < name.endIndex else { return nil }
        return name[dot...].lowercased()
    }

    /// Extensions that both the documentation and the list inside the error text have: the provider's two lists
    /// differ, and only what is on both is safe to send.
    private static let documents: Set<String> = [
        ".pdf", ".doc", ".docx", ".odt", ".rtf", ".ppt", ".pptx", ".xls", ".xlsx", ".csv", ".tsv", ".bat", ".c", ".css",
        ".eml", ".h", ".htm", ".html", ".ics", ".js", ".json", ".ksh", ".markdown", ".md", ".mht", ".mhtml", ".mjs",
        ".pl", ".py", ".rst", ".srt", ".text", ".txt", ".vcf", ".vtt", ".xml",
    ]
    private static let containers: Set<String> = [
        ".pdf", ".doc", ".docx", ".odt", ".rtf", ".ppt", ".pptx", ".xls", ".xlsx",
    ]

    /// As `input_file`: the extension of the stored name decides, then the bytes must be what it says.
    func checkAsDocument() throws(OpenAIFailure) {
        guard let fileExtension, Self.documents.contains(fileExtension) else {
            throw OpenAIFailure(
                message: "Invalid input: Expected context stuffing file type to be a supported format: "
                    + Self.documents.sorted().joined(separator: ", ") + " but got \(fileExtension ?? "none")."
            )
        }
        let isText = String(validating: bytes, as: UTF8.self) != nil || bytes.starts(with: [0xff, 0xfe])
        let isProper = fileExtension == ".pdf" ? bytes.starts(with: Array("%PDF-".utf8)) : isText
        guard isProper || Self.containers.contains(fileExtension) && fileExtension != ".pdf" else {
            throw OpenAIFailure(
                message: "The file you uploaded is badly formatted or corrupted. Please fix the file and try again.",
                code: "invalid_file"
            )
        }
    }

    func checkAsImage() throws(OpenAIFailure) {
        let signatures: [String: [UInt8]] = [
            ".png": [0x89, 0x50, 0x4e, 0x47], ".jpg": [0xff, 0xd8], ".jpeg": [0xff, 0xd8],
            ".gif": Array("GIF8".utf8), ".webp": Array("RIFF".utf8),
        ]
        guard let fileExtension, let signature = signatures[fileExtension] else {
            throw OpenAIFailure(
                message: "Invalid input: Expected image type to be a supported format: .jpeg, .jpg, .png, .gif, .webp "
                    + "but got \(fileExtension ?? "none")."
            )
        }
        guard bytes.starts(with: signature) else {
            throw OpenAIFailure(
                message: "You uploaded an invalid file. Please try again with a different file.",
                code: "invalid_file"
            )
        }
    }

    /// From `data:image/png;base64,…`; nil when it is no such thing.
    init?(dataURL: String, name: String?) {
        guard dataURL.hasPrefix("data:"), let comma = dataURL.firstIndex(of: ",") else { return nil }
        let head = dataURL[..<comma].dropFirst("data:".count)
        guard head.hasSuffix(";base64"), let data = Data(base64Encoded: String(dataURL[dataURL.index(after: comma)...]))
        else { return nil }
        let media = head.dropLast(";base64".count)
        self.name = name ?? "inline." + media.drop { $0 != "/" }.dropFirst()
        bytes = Array(data)[...]
    }

    init(_ file: LoopbackStore.File) {
        id = file.id
        name = file.name
        bytes = file.bytes
    }
}

/// What a chat request says, once it is checked.
struct ShownInput {
    var files: [ShownFile] = []
    /// Of the last text that is not the model's own.
    var lastText = ""
    /// Roughly tokens: a quarter of all bytes.
    var tokens: Int { (textBytes + files.reduce(0) { $0 + $1.bytes.count }) / 4 + 1 }
    var textBytes = 0
    var tools = ToolTalk()

    mutating func add(text: String, isUser: Bool) {
        textBytes += text.utf8.count
        if isUser { lastText = text }
    }

    /// What the tools of Responses and Chat Completions have in common.
    ///
    /// `inner` names where a definition's members are: in its `function`, or with nil in itself.
    mutating func offer(_ list: JSONValue?, _ choice: JSONValue?, inner: String?) throws(ToolTalk.Flaw) {
        if let list, !list.isNull {
            guard let list = list.array, !list.isEmpty else { throw ToolTalk.Flaw(message: "tools must be a list") }
            for tool in list {
                guard tool["type"] == "function" else { throw ToolTalk.Flaw(message: "unknown type of tool") }
                let tool = inner.map { tool[$0] } ?? tool
                tools.offered.insert(
                    try ToolTalk.name(tool?["name"], tool?["description"], tool?["parameters"])
                )
            }
        }
        switch choice {
        case nil, "auto": break
        case "none": tools.mayCall = false
        default: throw ToolTalk.Flaw(message: "unknown tool_choice")
        }
        if choice != nil, tools.offered.isEmpty { throw ToolTalk.Flaw(message: "tool_choice without tools") }
    }

    mutating func add(_ file: ShownFile, _ options: OpenAIOptions) throws(OpenAIFailure) {
        files.append(file)
        let total = files.reduce(0) { $0 + $1.bytes.count }
        guard total <= options.maxRequestFiles else {
            throw OpenAIFailure(
                message:
                    "The files of the request are \(total) bytes together; at most \(options.maxRequestFiles) are allowed."
            )
        }
    }

    /// What the model says.
    var echo: String {
        (files.map(\.line) + tools.said.map { "tool said: \($0)" } + ["you said: \(lastText)"]).joined(separator: "\n")
    }
}
