/// Tools in Responses and Chat Completions.
extension OpenAIWire {
    /// A flaw in the provider's words.
    func flawless<Value>(_ body: () throws(ToolTalk.Flaw) -> Value) throws(OpenAIFailure) -> Value {
        do {
            return try body()
        } catch {
            throw OpenAIFailure(message: error.message)
        }
    }

    /// Reads a conversation with the tools that the request offers.
    func withTools(
        _ body: [String: JSONValue],
        inner: String?,
        _ read: () throws(OpenAIFailure) -> ShownInput
    ) throws(OpenAIFailure) -> ShownInput {
        var shown = try read()
        return try flawless { () throws(ToolTalk.Flaw) in
            try shown.tools.settle()
            try shown.offer(body["tools"], body["tool_choice"], inner: inner)
            return shown
        }
    }

    /// False when the item is no call and no result.
    func addTool(
        _ members: [String: JSONValue],
        at place: String,
        to shown: inout ShownInput
    ) throws(OpenAIFailure) -> Bool {
        func text(_ name: String) throws(OpenAIFailure) -> String {
            guard let text = members[name]?.string else { throw .missing("\(place).\(name)") }
            return text
        }
        switch members["type"] {
        case "function_call":
            try check(members, at: place, allowed: ["type", "id", "call_id", "name", "arguments", "status"])
            _ = (try text("name"), try text("arguments"))
            let id = try text("call_id")
            try flawless { () throws(ToolTalk.Flaw) in try shown.tools.called(id) }
        case "function_call_output":
            try check(members, at: place, allowed: ["type", "id", "call_id", "output", "status"])
            let (id, output) = (try text("call_id"), try text("output"))
            try flawless { () throws(ToolTalk.Flaw) in try shown.tools.brought(output, for: id) }
            shown.textBytes += output.utf8.count
        default: return false
        }
        return true
    }

    /// One element of `tool_calls` in what the model said earlier.
    func addCall(
        _ call: JSONValue,
        at place: String,
        of role: String,
        to shown: inout ShownInput
    ) throws(OpenAIFailure) {
        guard role == "assistant", let members = call.object, let function = members["function"]?.object else {
            throw .invalid(place, "expected a call in a message of the assistant")
        }
        try check(members, at: place, allowed: ["id", "type", "function"])
        try check(function, at: "\(place).function", allowed: ["name", "arguments"])
        guard let id = members["id"]?.string, members["type"] == "function", function["name"]?.string != nil,
            function["arguments"]?.string != nil
        else { throw .invalid(place, "expected id, type, name and arguments") }
        try flawless { () throws(ToolTalk.Flaw) in try shown.tools.called(id) }
    }
}
