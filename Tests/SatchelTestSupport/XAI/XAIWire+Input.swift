/// Where files come from and what is allowed, for one request.
struct XAIReading {
    var team: String
    var options: XAIOptions
}

/// Reading `input` of Responses, and refusing what the provider would.
extension XAIWire {
    func shown(_ input: JSONValue?, _ reading: XAIReading) throws(XAIFailure) -> ShownInput {
        var shown = ShownInput()
        switch input {
        case .string(let text):
            shown.add(text: text, isUser: true)
        case .array(let items) where !items.isEmpty:
            for (index, item) in items.enumerated() {
                try add(item, at: "input[\(index)]", to: &shown, reading)
            }
        case nil:
            throw .field("input", "missing field")
        default:
            throw .field("input", "expected a string or an array")
        }
        return shown
    }

    private func add(
        _ item: JSONValue,
        at place: String,
        to shown: inout ShownInput,
        _ reading: XAIReading
    ) throws(XAIFailure) {
        guard let members = item.object else { throw .field(place, "expected an object") }
        let type = members["type"]?.string ?? "message"
        switch type {
        case "function_call":
            let (id, _) = (try string(members, "call_id", at: place), try string(members, "arguments", at: place))
            return try Self.flawless { () throws(ToolTalk.Flaw) in try shown.tools.called(id) }
        case "function_call_output":
            let (id, text) = (try string(members, "call_id", at: place), try string(members, "output", at: place))
            shown.textBytes += text.utf8.count
            return try Self.flawless { () throws(ToolTalk.Flaw) in try shown.tools.brought(text, for: id) }
        default: break
        }
        // What an earlier answer had beside its text may come back as it was.
        if type == "reasoning" || type.hasSuffix("_call") { return }
        guard type == "message" else { throw .field("\(place).type", "unknown variant") }
        try check(members, at: place, allowed: ["type", "role", "content", "id", "status", "name"])
        guard let role = members["role"]?.string, ["user", "assistant", "system", "developer"].contains(role) else {
            throw .field("\(place).role", "unknown variant")
        }
        if role == "user" { try Self.flawless { () throws(ToolTalk.Flaw) in try shown.tools.asked() } }
        switch members["content"] {
        case .string(let text):
            shown.add(text: text, isUser: role == "user")
        case .array(let parts) where !parts.isEmpty:
            for (index, part) in parts.enumerated() {
                try add(part, of: role, at: "\(place).content[\(index)]", to: &shown, reading)
            }
        default:
            throw .field("\(place).content", "expected a string or a list of parts")
        }
    }

    static func flawless(_ body: () throws(ToolTalk.Flaw) -> Void) throws(XAIFailure) {
        do {
            try body()
        } catch {
            throw XAIFailure(message: error.message)
        }
    }

    private func add(
        _ part: JSONValue,
        of role: String,
        at place: String,
        to shown: inout ShownInput,
        _ reading: XAIReading
    ) throws(XAIFailure) {
        guard let members = part.object else { throw .field(place, "expected an object") }
        switch members["type"]?.string {
        case "output_text" where role == "assistant":
            try check(members, at: place, allowed: ["type", "text", "annotations", "logprobs"])
            shown.add(text: try string(members, "text", at: place), isUser: false)
        case "refusal" where role == "assistant":
            try check(members, at: place, allowed: ["type", "refusal"])
            shown.add(text: try string(members, "refusal", at: place), isUser: false)
        case "input_text" where role != "assistant":
            try check(members, at: place, allowed: ["type", "text"])
            shown.add(text: try string(members, "text", at: place), isUser: role == "user")
        // Files belong in user messages: elsewhere they are not found by the search.
        case "input_file" where role == "user":
            try check(
                members,
                at: place,
                allowed: ["type", "file_id", "file_data", "file_url", "filename", "mime_type"]
            )
            let file = try document(members, at: place, reading)
            try checkAsDocument(file)
            shown.files.append(file)
        case "input_image" where role == "user":
            try check(members, at: place, allowed: ["type", "image_url", "detail", "file_id"])
            shown.files.append(try picture(members, at: place))
        default:
            throw .field("\(place).type", "unknown variant `\(members["type"]?.string ?? "")` for \(role)")
        }
    }

    private func document(
        _ members: [String: JSONValue],
        at place: String,
        _ reading: XAIReading
    ) throws(XAIFailure) -> ShownFile {
        let sources = ["file_id", "file_data", "file_url"].filter { members[$0].map { !$0.isNull } ?? false }
        guard sources.count == 1 else {
            throw .field(place, "expected exactly one of `file_id`, `file_data` and `file_url`")
        }
        switch sources[0] {
        case "file_id":
            let id = try string(members, "file_id", at: place)
            guard let file = store.file(id, of: reading.team) else {
                throw XAIFailure(
                    status: reading.options.missingFileStatus,
                    message: "File not found: \(id)",
                    param: "\(place).file_id"
                )
            }
            return ShownFile(file)
        case "file_data":
            let name = try string(members, "filename", at: place)
            let data = try string(members, "file_data", at: place)
            let url = data.hasPrefix("data:") ? data : "data:application/octet-stream;base64,\(data)"
            guard let file = ShownFile(dataURL: url, name: name) else {
                throw .field("\(place).file_data", "invalid base64")
            }
            return file
        default:
            throw XAIFailure(message: "\(place).file_url: nothing is fetched from here")
        }
    }

    /// Text of any name, PDF and office documents; a picture is not searched.
    private func checkAsDocument(_ file: ShownFile) throws(XAIFailure) {
        let isText = String(validating: file.bytes, as: UTF8.self) != nil
        let isDocument = [Array("%PDF-".utf8), [0x50, 0x4b, 0x03, 0x04]].contains { file.bytes.starts(with: $0) }
        guard isText || isDocument else { throw XAIFailure(message: "Unsupported file type: \(file.name)") }
    }

    private func picture(_ members: [String: JSONValue], at place: String) throws(XAIFailure) -> ShownFile {
        // `file_id` is in the schema for compatibility only.
        guard let url = members["image_url"]?.string else { throw .field("\(place).image_url", "missing field") }
        if let detail = members["detail"], !["low", "high", "auto"].contains(detail.string ?? "") {
            throw .field("\(place).detail", "unknown variant")
        }
        guard url.hasPrefix("data:image/png;") || url.hasPrefix("data:image/jpeg;") || url.hasPrefix("data:image/jpg;")
        else { throw XAIFailure(message: "Unsupported image: expected a data URL of image/jpeg or image/png") }
        guard let image = ShownFile(dataURL: url, name: nil), image.bytes.count <= 20 << 20,
            [[0x89, 0x50, 0x4e, 0x47], [0xff, 0xd8]].contains(where: { image.bytes.starts(with: $0) })
        else { throw XAIFailure(message: "Invalid or corrupted image in \(place)") }
        return image
    }

    private func string(
        _ members: [String: JSONValue],
        _ name: String,
        at place: String
    ) throws(XAIFailure) -> String {
        guard let value = members[name] else { throw .field("\(place).\(name)", "missing field") }
        guard let text = value.string else { throw .field("\(place).\(name)", "expected a string") }
        return text
    }
}
