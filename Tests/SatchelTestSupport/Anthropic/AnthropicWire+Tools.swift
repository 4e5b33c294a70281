/// Tools in Messages.
extension AnthropicWire {
    func flawless(_ place: String, _ body: () throws(ToolTalk.Flaw) -> Void) throws(AnthropicFailure) {
        do {
            try body()
        } catch {
            throw AnthropicFailure(message: "\(place): \(error.message)")
        }
    }

    func offer(_ tools: JSONValue?, _ choice: JSONValue?, to prompt: inout ShownPrompt) throws(AnthropicFailure) {
        for (index, tool) in (tools?.array ?? []).enumerated() {
            let place = "tools.\(index)"
            guard let members = tool.object else { throw .invalid(place, "Input should be an object") }
            try check(
                members,
                at: place,
                allowed: ["name", "description", "input_schema", "cache_control", "type", "strict"]
            )
            var name = ""
            try flawless(place) { () throws(ToolTalk.Flaw) in
                name = try ToolTalk.name(members["name"], members["description"], members["input_schema"])
            }
            prompt.tools.offered.insert(name)
            // They stand before everything else in what is cached.
            prompt.blocks.insert(.init(key: "tool\n\(tool)", tokens: "\(tool)".utf8.count / 4), at: index)
        }
        if prompt.tools.offered.isEmpty, prompt.blocks.contains(where: { $0.key.hasPrefix("call\n") }) {
            throw AnthropicFailure(
                message: "Requests which include `tool_use` or `tool_result` blocks must define tools"
            )
        }
        switch choice?["type"] {
        case nil, "auto": break
        case "none": prompt.tools.mayCall = false
        default: throw .invalid("tool_choice", "not served here")
        }
    }

    /// Results come first and right after their calls; thoughts come first where the model thinks.
    func checkOrder(
        _ blocks: [JSONValue],
        of role: String,
        at place: String,
        _ asker: Asker
    ) throws(AnthropicFailure) {
        let types = blocks.map { $0["type"]?.string ?? "" }
        if let last = types.lastIndex(of: "tool_result"), types[...last].contains(where: { $0 != "tool_result" }) {
            throw AnthropicFailure(message: "\(place): `tool_result` blocks must come first")
        }
        if role == "assistant", asker.options.thoughts != nil, types.contains("tool_use"), types.first != "thinking" {
            throw AnthropicFailure(
                message: "\(place).content.0.type: Expected `thinking` or `redacted_thinking`, but found `\(types[0])`."
            )
        }
    }

    func addCall(
        _ members: [String: JSONValue],
        _ block: JSONValue,
        at place: String,
        to prompt: inout ShownPrompt
    ) throws(AnthropicFailure) {
        try check(members, at: place, allowed: ["type", "id", "name", "input", "cache_control"])
        guard let id = members["id"]?.string, members["name"]?.string != nil else { throw .missing("\(place).id") }
        guard members["input"]?.object != nil else {
            throw .invalid("\(place).input", "Input should be a valid dictionary")
        }
        try flawless(place) { () throws(ToolTalk.Flaw) in try prompt.tools.called(id) }
        try append("call", members, at: place, to: &prompt)
    }

    func addResult(
        _ members: [String: JSONValue],
        _ block: JSONValue,
        at place: String,
        to prompt: inout ShownPrompt
    ) throws(AnthropicFailure) {
        try check(members, at: place, allowed: ["type", "tool_use_id", "content", "is_error", "cache_control"])
        guard let id = members["tool_use_id"]?.string else { throw .missing("\(place).tool_use_id") }
        guard let text = members["content"]?.string, !text.isEmpty else { throw .missing("\(place).content") }
        try flawless(place) { () throws(ToolTalk.Flaw) in try prompt.tools.brought(text, for: id) }
        try append("result", members, at: place, to: &prompt)
    }

    private func append(
        _ kind: String,
        _ members: [String: JSONValue],
        at place: String,
        to prompt: inout ShownPrompt
    ) throws(AnthropicFailure) {
        var plain = members
        plain["cache_control"] = nil
        let key = "\(kind)\n\(JSONValue.object(plain))"
        let marked = try keptFor(members, at: "\(place).cache_control")
        prompt.blocks.append(.init(key: key, tokens: key.utf8.count / 4, keptFor: marked))
    }
}
