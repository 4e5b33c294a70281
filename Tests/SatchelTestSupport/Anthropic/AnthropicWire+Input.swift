import FoundationEssentials

/// Reading `system` and `messages`, and refusing what the provider would.
extension AnthropicWire {
    func addSystem(_ system: JSONValue?, to prompt: inout ShownPrompt) throws(AnthropicFailure) {
        switch system {
        case nil: break
        case .string(let text): add(text: text, role: "system", to: &prompt)
        case .array(let blocks):
            for (index, block) in blocks.enumerated() {
                try addText(block, at: "system.\(index)", role: "system", to: &prompt)
            }
        default: throw .invalid("system", "Input should be a valid string or list")
        }
    }

    func addMessages(
        _ messages: JSONValue?,
        to prompt: inout ShownPrompt,
        _ asker: Asker
    ) throws(AnthropicFailure) {
        guard let messages else { throw .missing("messages") }
        guard let messages = messages.array, !messages.isEmpty else {
            throw .invalid("messages", "at least one message is required")
        }
        var role = ""
        for (index, message) in messages.enumerated() {
            let place = "messages.\(index)"
            guard let members = message.object else { throw .invalid(place, "Input should be an object") }
            try check(members, at: place, allowed: ["role", "content"])
            role = try string(members, "role", at: place)
            guard ["user", "assistant", "system"].contains(role) else {
                throw .invalid("\(place).role", "Input should be 'user', 'assistant' or 'system'")
            }
            guard index > 0 || role == "user" else {
                throw .invalid("messages", "first message must use the \"user\" role")
            }
            let hasResults = members["content"]?.array?.contains { $0["type"] == "tool_result" } ?? false
            if role == "user", !hasResults {
                try flawless(place) { () throws(ToolTalk.Flaw) in try prompt.tools.asked() }
            }
            try checkOrder(members["content"]?.array ?? [], of: role, at: place, asker)
            switch members["content"] {
            case nil: throw .missing("\(place).content")
            case .string(let text):
                guard !text.isEmpty else { throw .invalid(place, "user messages must have non-empty content") }
                add(text: text, role: role, to: &prompt)
            case .array(let blocks):
                guard !blocks.isEmpty else { throw .invalid(place, "user messages must have non-empty content") }
                for (index, block) in blocks.enumerated() {
                    try add(block, at: "\(place).content.\(index)", role: role, to: &prompt, asker)
                }
            default: throw .invalid("\(place).content", "Input should be a valid string or list")
            }
        }
        try flawless("messages") { () throws(ToolTalk.Flaw) in try prompt.tools.settle() }
        guard role != "assistant" else {
            throw AnthropicFailure(message: "This model does not support assistant message prefill.")
        }
    }

    private func add(
        _ block: JSONValue,
        at place: String,
        role: String,
        to prompt: inout ShownPrompt,
        _ asker: Asker
    ) throws(AnthropicFailure) {
        guard let members = block.object else { throw .invalid(place, "Input should be an object") }
        switch try string(members, "type", at: place) {
        case "text":
            if asker.isCurrent, role == "user", members["citations"]?.array?.isEmpty == false {
                throw .invalid("\(place).citations", "not on text blocks of user messages")
            }
            try addText(block, at: place, role: role, to: &prompt)
        case "image" where role == "user": try addImage(members, at: place, to: &prompt, asker)
        case "document" where role == "user" || role == "assistant" && !asker.isCurrent:
            try addDocument(members, at: place, to: &prompt, asker)
        case "tool_use" where role == "assistant":
            try addCall(members, block, at: place, to: &prompt)
        case "tool_result" where role == "user":
            try addResult(members, block, at: place, to: &prompt)
        case "thinking" where role == "assistant":
            try check(members, at: place, allowed: ["type", "thinking", "signature"])
            _ = try string(members, "signature", at: place)
            prompt.blocks.append(.init(key: "\(block)", tokens: 0))
        case let type:
            throw .invalid(place, "Input tag '\(type)' does not match any of the tags expected for role \(role)")
        }
    }

    private func addText(
        _ block: JSONValue,
        at place: String,
        role: String,
        to prompt: inout ShownPrompt
    ) throws(AnthropicFailure) {
        guard let members = block.object, members["type"] == "text" else {
            throw .invalid(place, "Input should be a text block")
        }
        try check(members, at: place, allowed: ["type", "text", "cache_control", "citations"])
        let text = try string(members, "text", at: place)
        guard !text.allSatisfy(\.isWhitespace) else {
            throw AnthropicFailure(message: "messages: text content blocks must contain non-whitespace text")
        }
        add(text: text, role: role, to: &prompt)
        prompt.blocks[prompt.blocks.count - 1].keptFor = try keptFor(members, at: "\(place).cache_control")
    }

    private func add(text: String, role: String, to prompt: inout ShownPrompt) {
        if role == "user" { prompt.lastText = text }
        prompt.blocks.append(.init(key: "\(role)\n\(text)", tokens: text.utf8.count / 4 + 1))
    }

    private func addImage(
        _ members: [String: JSONValue],
        at place: String,
        to prompt: inout ShownPrompt,
        _ asker: Asker
    ) throws(AnthropicFailure) {
        try check(members, at: place, allowed: ["type", "source", "cache_control", "transformations"])
        let source = try object(members, "source", at: place)
        let found = try content(
            source,
            at: "\(place).source",
            ["image/png", "image/jpeg", "image/gif", "image/webp"],
            asker
        )
        guard found.bytes.count * 4 / 3 <= 10 << 20 else {
            throw .invalid("\(place).source", "image exceeds 10 MB maximum: \(found.bytes.count * 4 / 3) bytes")
        }
        guard let signature = Self.signatures[found.media], found.bytes.starts(with: signature) else {
            throw AnthropicFailure(message: "Could not process image")
        }
        try append(found, members, at: place, isDocument: false, to: &prompt)
    }

    private func addDocument(
        _ members: [String: JSONValue],
        at place: String,
        to prompt: inout ShownPrompt,
        _ asker: Asker
    ) throws(AnthropicFailure) {
        try check(
            members,
            at: place,
            allowed: ["type", "source", "title", "context", "citations", "cache_control"]
        )
        if let title = members["title"], !title.isNull {
            guard let text = title.string else { throw .invalid("\(place).title", "Input should be a valid string") }
            guard (1...500).contains(text.unicodeScalars.count) else {
                throw .invalid("\(place).title", "String should have from 1 to 500 characters")
            }
        }
        let source = try object(members, "source", at: place)
        let found = try content(source, at: "\(place).source", ["application/pdf", "text/plain"], asker)
        if found.media == "application/pdf" {
            guard found.bytes.starts(with: "%PDF-".utf8) else {
                throw AnthropicFailure(message: "The PDF specified was not valid.")
            }
        } else if found.bytes.isEmpty {
            throw AnthropicFailure(message: "The document is empty.")
        } else if String(validating: found.bytes, as: UTF8.self) == nil {
            throw AnthropicFailure(message: "Unable to decode text document: the content is not valid UTF-8.")
        }
        try append(found, members, at: place, isDocument: true, to: &prompt)
    }

    /// The bytes that a `source` stands for.
    private struct Content {
        var id: String?
        var name: String
        var media: String
        var bytes: ArraySlice<UInt8>
    }

    private func content(
        _ source: [String: JSONValue],
        at place: String,
        _ allowed: [String],
        _ asker: Asker
    ) throws(AnthropicFailure) -> Content {
        switch try string(source, "type", at: place) {
        case "file":
            try check(source, at: place, allowed: ["type", "file_id"])
            let file = try live(try string(source, "file_id", at: place), asker)
            // Parameters count: a type with a charset is another type.
            let media = file.contentType ?? ""
            guard allowed.contains(media) else {
                let kinds = allowed.contains("text/plain") ? "document" : "image"
                throw AnthropicFailure(
                    message: "Unsupported \(kinds) file format: \(media). Only \(allowed.joined(separator: ", ")) "
                        + "are supported."
                )
            }
            return Content(id: file.id, name: file.name, media: media, bytes: file.bytes)
        case "base64":
            try check(source, at: place, allowed: ["type", "media_type", "data"])
            let media = try string(source, "media_type", at: place)
            guard allowed.contains(media), media != "text/plain" else {
                throw .invalid("\(place).media_type", "Input should be one of \(allowed)")
            }
            guard let data = Data(base64Encoded: try string(source, "data", at: place)), !data.isEmpty else {
                throw .invalid("\(place).data", "Input should be valid base64")
            }
            return Content(name: "inline", media: media, bytes: Array(data)[...])
        case "text" where allowed.contains("text/plain"):
            try check(source, at: place, allowed: ["type", "media_type", "data"])
            guard try string(source, "media_type", at: place) == "text/plain" else {
                throw .invalid("\(place).media_type", "Input should be 'text/plain'")
            }
            let bytes = Array(try string(source, "data", at: place).utf8)
            guard !bytes.isEmpty else { throw .invalid("\(place).data", "String should have at least 1 character") }
            return Content(name: "inline", media: "text/plain", bytes: bytes[...])
        case let type:
            throw .invalid("\(place).type", "'\(type)' is not served here")
        }
    }

    private func append(
        _ content: Content,
        _ members: [String: JSONValue],
        at place: String,
        isDocument: Bool,
        to prompt: inout ShownPrompt
    ) throws(AnthropicFailure) {
        var isCited = false
        if let citations = members["citations"], !citations.isNull {
            guard let inner = citations.object else {
                throw .invalid("\(place).citations", "Input should be an object")
            }
            try check(inner, at: "\(place).citations", allowed: ["enabled"])
            isCited = inner["enabled"]?.bool ?? false
        }
        let title = members["title"]?.string
        prompt.files.append(
            .init(
                id: content.id,
                name: title ?? content.name,
                title: title,
                bytes: content.bytes,
                isDocument: isDocument,
                isCited: isCited
            )
        )
        var plain = members
        plain["cache_control"] = nil
        prompt.blocks.append(
            .init(
                key: "user\n\(JSONValue.object(plain))",
                tokens: content.bytes.count / 4 + 1,
                keptFor: try keptFor(members, at: "\(place).cache_control")
            )
        )
    }

    private static let signatures: [String: [UInt8]] = [
        "image/png": [0x89, 0x50, 0x4e, 0x47], "image/jpeg": [0xff, 0xd8], "image/gif": Array("GIF8".utf8),
        "image/webp": Array("RIFF".utf8),
    ]
}
