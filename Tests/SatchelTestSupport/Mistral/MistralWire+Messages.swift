import FoundationEssentials

/// What a chat request puts before the model, once it is checked.
struct MistralInput {
    var files: [ShownFile] = []
    /// Of the last user message.
    var lastText = ""
    var textBytes = 0
    var tools = ToolTalk()

    mutating func add(text: String, isUser: Bool) {
        textBytes += text.utf8.count
        if isUser { lastText = text }
    }

    /// Roughly: a quarter of all bytes.
    var tokens: Int64 { Int64((textBytes + files.reduce(0) { $0 + $1.bytes.count }) / 4 + 1) }

    /// What the model says.
    var echo: String {
        (files.map(\.line) + tools.said.map { "tool said: \($0)" } + ["you said: \(lastText)"]).joined(separator: "\n")
    }
}

/// Reading `messages`, and refusing what the provider would.
extension MistralWire {
    private static let members: [String: Set<String>] = [
        "system": ["role", "content"], "user": ["role", "content"],
        "assistant": ["role", "content", "tool_calls", "prefix"],
        "tool": ["role", "content", "tool_call_id", "name"],
    ]

    func input(
        _ value: JSONValue?,
        _ workspace: String,
        _ options: MistralOptions
    ) throws(MistralFailure) -> MistralInput {
        guard let messages = value?.array else { throw .missing(["body", "messages"]) }
        guard !messages.isEmpty else {
            throw .error(400, "Conversation must have at least one message", type: "invalid_request_error")
        }
        var input = MistralInput()
        var last = ""
        for (index, message) in messages.enumerated() {
            let place: [JSONValue] = ["body", "messages", .int(Int64(index))]
            guard let members = message.object, let role = members["role"]?.string, let allowed = Self.members[role]
            else { throw .invalidChat(place, "union_tag_invalid", "Expected one of the roles") }
            if let stranger = members.keys.sorted().first(where: { !allowed.contains($0) }) {
                throw .extra(place + [.string(role), .string(stranger)])
            }
            if role == "system", !["", "system"].contains(last) || role == "user" && last == "tool" {
                throw outOfOrder("Unexpected role '\(role)' after role '\(last)'")
            }
            if role == "user" { try flawless { () throws(ToolTalk.Flaw) in try input.tools.asked() } }
            if try addTools(members, of: role, at: place + [.string(role)], to: &input) {
                last = role
                continue
            }
            try add(members["content"], of: role, at: place + [.string(role)], to: &input, workspace, options)
            last = role
            if role == "assistant", index == messages.count - 1, members["prefix"] != true {
                throw outOfOrder(
                    "Expected last role User or Tool (or Assistant with prefix True) for serving but got assistant"
                )
            }
        }
        try flawless { () throws(ToolTalk.Flaw) in try input.tools.settle() }
        guard last != "system" else { throw outOfOrder("Expected last role User or Tool for serving but got system") }
        return input
    }

    func flawless(_ body: () throws(ToolTalk.Flaw) -> Void) throws(MistralFailure) {
        do {
            try body()
        } catch {
            throw outOfOrder(error.message)
        }
    }

    /// True when nothing is left to be read: a result, or calls without words.
    private func addTools(
        _ members: [String: JSONValue],
        of role: String,
        at place: [JSONValue],
        to input: inout MistralInput
    ) throws(MistralFailure) -> Bool {
        if role == "tool" {
            let id = try string(members, "tool_call_id", at: place + ["tool_call_id"])
            let text = try string(members, "content", at: place + ["content"])
            input.textBytes += text.utf8.count
            try flawless { () throws(ToolTalk.Flaw) in try input.tools.brought(text, for: id) }
            return true
        }
        for call in members["tool_calls"]?.array ?? [] {
            guard let id = call["id"]?.string, call["function"]?["name"]?.string != nil,
                call["function"]?["arguments"] != nil
            else { throw .missing(place + ["tool_calls"]) }
            try flawless { () throws(ToolTalk.Flaw) in try input.tools.called(id) }
        }
        return members["tool_calls"]?.array?.isEmpty == false && members["content"] == ""
    }

    func offer(_ body: [String: JSONValue], to input: inout MistralInput) throws(MistralFailure) {
        for tool in body["tools"]?.array ?? [] {
            let function = tool["function"]
            try flawless { () throws(ToolTalk.Flaw) in
                input.tools.offered.insert(
                    try ToolTalk.name(function?["name"], function?["description"], function?["parameters"])
                )
            }
        }
        switch body["tool_choice"] {
        case nil, "auto": break
        case "none": input.tools.mayCall = false
        default: throw .invalidChat(["body", "tool_choice"], "enum", "not served here")
        }
    }

    private func outOfOrder(_ message: String) -> MistralFailure {
        .error(400, message, type: "invalid_request_message_order", code: "3230")
    }

    private func add(
        _ content: JSONValue?,
        of role: String,
        at place: [JSONValue],
        to input: inout MistralInput,
        _ workspace: String,
        _ options: MistralOptions
    ) throws(MistralFailure) {
        switch content {
        case .string(let text):
            if role == "assistant", text.isEmpty {
                throw .error(
                    400,
                    "Assistant message must have either content or tool_calls, but not none.",
                    type: "invalid_request_assistant_message",
                    code: "3240"
                )
            }
            input.add(text: text, isUser: role == "user")
        case .array(let chunks) where !chunks.isEmpty:
            for (index, chunk) in chunks.enumerated() {
                let place = place + ["content", .int(Int64(index))]
                guard let members = chunk.object, let type = members["type"]?.string else {
                    throw .invalidChat(place, "union_tag_not_found", "Unable to extract tag 'type'")
                }
                if try addText(members, type, of: role, at: place, to: &input) { continue }
                guard role == "user" else {
                    throw .invalidChat(place, "union_tag_invalid", "'\(type)' is not allowed in a \(role) message")
                }
                input.files.append(try shown(members, type, at: place, workspace, options))
            }
        default:
            throw .missing(place + ["content"])
        }
    }

    /// False when the chunk is none that holds text.
    private func addText(
        _ members: [String: JSONValue],
        _ type: String,
        of role: String,
        at place: [JSONValue],
        to input: inout MistralInput
    ) throws(MistralFailure) -> Bool {
        switch type {
        case "text":
            try check(members, at: place, type, allowed: ["type", "text"])
            input.add(text: try string(members, "text", at: place + ["text"]), isUser: role == "user")
        case "thinking" where role == "assistant" || role == "system":
            try check(members, at: place, type, allowed: ["type", "thinking", "closed", "signature"])
            guard members["thinking"]?.array != nil else { throw .missing(place + ["thinking", "thinking"]) }
        case "reference" where role == "assistant":
            try check(members, at: place, type, allowed: ["type", "reference_ids"])
            guard members["reference_ids"]?.array != nil else {
                throw .missing(place + ["reference", "reference_ids"])
            }
        default: return false
        }
        return true
    }

    private func shown(
        _ members: [String: JSONValue],
        _ type: String,
        at place: [JSONValue],
        _ workspace: String,
        _ options: MistralOptions
    ) throws(MistralFailure) -> ShownFile {
        switch type {
        case "document_url":
            try check(members, at: place, type, allowed: ["type", "document_url", "document_name"])
            let name = members["document_name"] ?? nil
            guard name.isNull || name.string != nil else {
                throw .invalidChat(place + ["document_name"], "string_type", "Input should be a valid string")
            }
            let url = try string(members, "document_url", at: place + ["document_url"])
            return try document(try fetch(url, named: name.string, at: place), url, options)
        case "image_url":
            try check(members, at: place, type, allowed: ["type", "image_url"])
            var url = members["image_url"] ?? nil
            if let inner = url.object {
                try check(inner, at: place, "image_url", allowed: ["url", "detail"])
                url = inner["url"] ?? nil
            }
            guard let url = url.string else { throw .missing(place + ["image_url"]) }
            let image = try fetch(url, named: nil, at: place)
            let media = MistralMedia(name: image.name, contentType: nil, bytes: image.bytes)
            guard media.isImage, (try? media.checkForOCR()) != nil else {
                throw .unreadable("Image, '\(url)', could not be loaded as a valid image")
            }
            guard image.bytes.count <= options.maxImageSize else {
                throw .unreadable("Image, '\(url)', is larger than \(options.maxImageSize) bytes")
            }
            return image
        case "file":
            // In the schema and in the official client, but in no guide.
            try check(members, at: place, type, allowed: ["type", "file_id"])
            let id = try string(members, "file_id", at: place + ["file_id"])
            guard UUID(uuidString: id) != nil else {
                throw .invalidChat(place + ["file_id"], "uuid_parsing", "Input should be a valid UUID")
            }
            guard let file = store.file(id, of: workspace) else {
                throw .error(404, "File \(id) not found", type: "invalid_request_file", code: "3310")
            }
            return try document(ShownFile(file), id, options)
        default:
            throw .invalidChat(
                place,
                "union_tag_invalid",
                "Input tag '\(type)' does not match any of the expected tags"
            )
        }
    }

    /// A document is read page by page by another model, within its limits.
    private func document(
        _ file: ShownFile,
        _ url: String,
        _ options: MistralOptions
    ) throws(MistralFailure) -> ShownFile {
        guard file.bytes.count <= options.maxDocumentSize else {
            throw .unreadable("Document '\(url)' is larger than \(options.maxDocumentSize) bytes")
        }
        guard
            !file.bytes.starts(with: Array("%PDF-".utf8))
                || MistralMedia.pages(ofPDF: file.bytes) <= options.maxDocumentPages
        else {
            throw .error(
                400,
                "Document has too many pages. The maximum is \(options.maxDocumentPages).",
                type: "document_parser_too_many_pages",
                code: "3730"
            )
        }
        return file
    }

    /// The bytes behind a signed URL of our own or a data URL; nothing else is fetched.
    private func fetch(_ url: String, named name: String?, at place: [JSONValue]) throws(MistralFailure) -> ShownFile {
        if url.hasPrefix("data:") {
            guard let file = ShownFile(dataURL: url, name: name) else {
                throw .unreadable("File could not be decoded from its data URL")
            }
            return file
        }
        guard url.hasPrefix("https://") else {
            throw .invalidChat(
                place,
                "value_error",
                "Value error, Document content must be a URL (starting with 'https') or base64 encoded document "
                    + "(starting with 'data:application/<format>;base64,<document-base64>')Received: \(url)"
            )
        }
        guard let signed = signed(url), signed.until > store.clock.seconds,
            let file = store.file(signed.file, of: signed.workspace)
        else { throw .unreadable("File could not be fetched from url '\(url)'") }
        var shown = ShownFile(file)
        shown.name = name ?? String(url.prefix { $0 != "?" }.split(separator: "/").last ?? "")
        return shown
    }

    // MARK: Members

    private func check(
        _ members: [String: JSONValue],
        at place: [JSONValue],
        _ type: String,
        allowed: Set<String>
    ) throws(MistralFailure) {
        guard let stranger = members.keys.sorted().first(where: { !allowed.contains($0) }) else { return }
        throw .extra(place + [.string(type), .string(stranger)])
    }

    private func string(
        _ members: [String: JSONValue],
        _ name: String,
        at place: [JSONValue]
    ) throws(MistralFailure) -> String {
        guard let value = members[name] else { throw .missing(place) }
        guard let text = value.string else {
            throw .invalidChat(place, "string_type", "Input should be a valid string")
        }
        return text
    }
}
