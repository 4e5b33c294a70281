/// Reading `input` of Responses and `messages` of Chat Completions, and refusing what the provider would.
extension OpenAIWire {
    /// Where files come from and what is allowed, for one request.
    struct Reading {
        var project: String
        var options: OpenAIOptions
    }

    // MARK: Responses

    func shown(_ input: JSONValue?, _ reading: Reading) throws(OpenAIFailure) -> ShownInput {
        var shown = ShownInput()
        switch input {
        case .string(let text):
            shown.add(text: text, isUser: true)
        case .array(let items):
            for (index, item) in items.enumerated() {
                try add(item, at: "input[\(index)]", to: &shown, reading)
            }
        case nil:
            throw .missing("input")
        default:
            throw .invalid("input", "expected a string or an array")
        }
        return shown
    }

    private func add(
        _ item: JSONValue,
        at place: String,
        to shown: inout ShownInput,
        _ reading: Reading
    ) throws(OpenAIFailure) {
        guard let members = item.object else { throw .invalid(place, "expected an object") }
        if members["type"]?.string == "reasoning" { return }
        if try addTool(members, at: place, to: &shown) { return }
        if members["role"] == "user" { try flawless { () throws(ToolTalk.Flaw) in try shown.tools.asked() } }
        guard members["type"] == nil || members["type"] == "message" else { throw .invalid("\(place).type", "unknown") }
        try check(members, at: place, allowed: ["type", "role", "content", "id", "status", "phase"])
        guard let role = members["role"]?.string, ["user", "assistant", "system", "developer"].contains(role) else {
            throw .invalid("\(place).role", "expected user, assistant, system or developer")
        }
        switch members["content"] {
        case .string(let text):
            shown.add(text: text, isUser: role == "user")
        case .array(let parts) where !parts.isEmpty:
            for (index, part) in parts.enumerated() {
                let place = "\(place).content[\(index)]"
                if role == "assistant" {
                    try addOwn(part, at: place, to: &shown)
                } else {
                    try addGiven(part, at: place, isUser: role == "user", to: &shown, reading)
                }
            }
        default:
            throw .invalid("\(place).content", "expected a string or a list of parts")
        }
    }

    /// A part of what the model said earlier.
    private func addOwn(_ part: JSONValue, at place: String, to shown: inout ShownInput) throws(OpenAIFailure) {
        guard let members = part.object else { throw .invalid(place, "expected an object") }
        switch members["type"]?.string {
        case "output_text":
            try check(members, at: place, allowed: ["type", "text", "annotations", "logprobs"])
            shown.add(text: try string(members, "text", at: place), isUser: false)
        case "refusal":
            try check(members, at: place, allowed: ["type", "refusal"])
            shown.add(text: try string(members, "refusal", at: place), isUser: false)
        default:
            throw OpenAIFailure(
                message:
                    "Invalid value: '\(members["type"]?.string ?? "")'. Supported values are: 'output_text' and 'refusal'.",
                param: place,
                code: "invalid_value"
            )
        }
    }

    private func addGiven(
        _ part: JSONValue,
        at place: String,
        isUser: Bool,
        to shown: inout ShownInput,
        _ reading: Reading
    ) throws(OpenAIFailure) {
        guard let members = part.object else { throw .invalid(place, "expected an object") }
        switch members["type"]?.string {
        case "input_text":
            try check(members, at: place, allowed: ["type", "text", "prompt_cache_breakpoint"])
            shown.add(text: try string(members, "text", at: place), isUser: isUser)
        case "input_file":
            try check(
                members,
                at: place,
                allowed: ["type", "file_id", "file_data", "file_url", "filename", "detail", "prompt_cache_breakpoint"]
            )
            try checkDetail(members, at: place, ["auto", "low", "high"])
            let file = try document(members, at: place, reading)
            if !reading.options.isOGX, !reading.options.sniffsDocuments { try file.checkAsDocument() }
            try shown.add(file, reading.options)
        case "input_image":
            try check(
                members,
                at: place,
                allowed: ["type", "file_id", "image_url", "detail", "prompt_cache_breakpoint"]
            )
            try checkDetail(members, at: place, ["low", "high", "auto", "original"])
            let image = try picture(members, at: place, reading)
            try image.checkAsImage()
            try shown.add(image, reading.options)
        default:
            throw OpenAIFailure(
                message:
                    "Invalid value: '\(members["type"]?.string ?? "")'. Supported values are: 'input_text', 'input_image', and 'input_file'.",
                param: "\(place).type",
                code: "invalid_value"
            )
        }
    }

    private func document(
        _ members: [String: JSONValue],
        at place: String,
        _ reading: Reading
    ) throws(OpenAIFailure) -> ShownFile {
        let sources = ["file_id", "file_data", "file_url"].filter { members[$0].map { !$0.isNull } ?? false }
        guard sources.count == 1 else { throw .invalid(place, "needs one of file_id, file_data and file_url") }
        switch sources[0] {
        case "file_id":
            guard members["filename"] == nil else { throw .invalid("\(place).filename", "not with file_id") }
            return try stored(members["file_id"]?.string, at: "\(place).file_id", reading)
        case "file_data":
            let name = try string(members, "filename", at: place)
            guard let file = ShownFile(dataURL: members["file_data"]?.string ?? "", name: name) else {
                throw .invalid("\(place).file_data", "expected a base64 data URL")
            }
            return file
        default:
            throw .invalid("\(place).file_url", "nothing is fetched from here")
        }
    }

    private func picture(
        _ members: [String: JSONValue],
        at place: String,
        _ reading: Reading
    ) throws(OpenAIFailure) -> ShownFile {
        let sources = ["file_id", "image_url"].filter { members[$0].map { !$0.isNull } ?? false }
        guard sources.count == 1 else { throw .invalid(place, "needs one of file_id and image_url") }
        if sources[0] == "file_id" { return try stored(members["file_id"]?.string, at: "\(place).file_id", reading) }
        guard let image = ShownFile(dataURL: members["image_url"]?.string ?? "", name: nil) else {
            throw .invalid("\(place).image_url", "expected a base64 data URL")
        }
        return image
    }

    private func stored(_ id: String?, at place: String, _ reading: Reading) throws(OpenAIFailure) -> ShownFile {
        guard let id, !id.isEmpty else { throw .invalid(place, "expected a string") }
        guard id.utf8.count <= 64 else {
            throw OpenAIFailure(
                message:
                    "Invalid '\(place)': string too long. Expected a string with maximum length 64, but got a string with length \(id.utf8.count) instead.",
                param: place,
                code: "string_above_max_length"
            )
        }
        guard let file = store.file(id, of: reading.project) else {
            throw OpenAIFailure(
                status: reading.options.missingFileStatus,
                message: reading.options.isOGX ? "File '\(id)' not found." : "No such File object: \(id)",
                param: place,
                isDetail: true
            )
        }
        return ShownFile(file)
    }

    // MARK: Chat Completions

    func shown(messages: JSONValue?, _ reading: Reading) throws(OpenAIFailure) -> ShownInput {
        guard let messages = messages?.array, !messages.isEmpty else { throw .missing("messages") }
        var shown = ShownInput()
        for (index, message) in messages.enumerated() {
            let place = "messages[\(index)]"
            guard let members = message.object else { throw .invalid(place, "expected an object") }
            try check(
                members,
                at: place,
                allowed: ["role", "content", "name", "refusal", "tool_calls", "tool_call_id"]
            )
            if members["role"] == "tool" {
                let (id, text) = (
                    try string(members, "tool_call_id", at: place), try string(members, "content", at: place)
                )
                try flawless { () throws(ToolTalk.Flaw) in try shown.tools.brought(text, for: id) }
                shown.textBytes += text.utf8.count
                continue
            }
            if members["role"] == "user" { try flawless { () throws(ToolTalk.Flaw) in try shown.tools.asked() } }
            guard let role = members["role"]?.string, ["user", "assistant", "system", "developer"].contains(role) else {
                throw .invalid("\(place).role", "expected user, assistant, system or developer")
            }
            let calls = members["tool_calls"]?.array ?? []
            for (index, call) in calls.enumerated() {
                try addCall(call, at: "\(place).tool_calls[\(index)]", of: role, to: &shown)
            }
            switch members["content"] {
            case nil where !calls.isEmpty: break
            case .string(let text):
                shown.add(text: text, isUser: role == "user")
            case .array(let parts) where !parts.isEmpty:
                for (index, part) in parts.enumerated() {
                    try addChat(part, at: "\(place).content[\(index)]", isUser: role == "user", to: &shown, reading)
                }
            default:
                throw .invalid("\(place).content", "expected a string or a list of parts")
            }
        }
        return shown
    }

    private func addChat(
        _ part: JSONValue,
        at place: String,
        isUser: Bool,
        to shown: inout ShownInput,
        _ reading: Reading
    ) throws(OpenAIFailure) {
        guard let members = part.object else { throw .invalid(place, "expected an object") }
        switch members["type"]?.string {
        case "text":
            try check(members, at: place, allowed: ["type", "text"])
            shown.add(text: try string(members, "text", at: place), isUser: isUser)
        case "image_url" where isUser:
            try check(members, at: place, allowed: ["type", "image_url"])
            guard let inner = members["image_url"]?.object else {
                throw .invalid("\(place).image_url", "expected an object")
            }
            try check(inner, at: "\(place).image_url", allowed: ["url", "detail"])
            try checkDetail(inner, at: "\(place).image_url", ["low", "high", "auto"])
            guard let image = ShownFile(dataURL: inner["url"]?.string ?? "", name: nil) else {
                throw .invalid("\(place).image_url.url", "expected a base64 data URL")
            }
            try image.checkAsImage()
            try shown.add(image, reading.options)
        case "file" where isUser && reading.options.hasFiles:
            try check(members, at: place, allowed: ["type", "file"])
            guard let inner = members["file"]?.object else { throw .invalid("\(place).file", "expected an object") }
            try check(inner, at: "\(place).file", allowed: ["file_id", "file_data", "filename"])
            let file = try document(inner, at: "\(place).file", reading)
            guard file.name.lowercased().hasSuffix(".pdf") else {
                throw OpenAIFailure(message: "Invalid file: only PDF files are taken here.", param: place)
            }
            try file.checkAsDocument()
            try shown.add(file, reading.options)
        default:
            // What llama.cpp says to parts it does not know.
            throw OpenAIFailure(message: "unsupported content[].type", param: "\(place).type")
        }
    }

    // MARK: Members

    func check(_ members: [String: JSONValue], at place: String, allowed: Set<String>) throws(OpenAIFailure) {
        guard let stranger = members.keys.sorted().first(where: { !allowed.contains($0) }) else { return }
        throw .unknownParameter("\(place).\(stranger)")
    }

    private func string(
        _ members: [String: JSONValue],
        _ name: String,
        at place: String
    ) throws(OpenAIFailure) -> String {
        guard let value = members[name] else { throw .missing("\(place).\(name)") }
        guard let text = value.string else { throw .invalid("\(place).\(name)", "expected a string") }
        return text
    }

    private func checkDetail(
        _ members: [String: JSONValue],
        at place: String,
        _ allowed: [String]
    ) throws(OpenAIFailure) {
        guard let detail = members["detail"] else { return }
        guard let word = detail.string, allowed.contains(word) else {
            throw .invalid("\(place).detail", "expected one of \(allowed)")
        }
    }
}
