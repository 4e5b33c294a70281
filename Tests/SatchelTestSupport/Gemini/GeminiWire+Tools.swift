/// Function calling in `contents` and `tools`.
extension GeminiWire {
    /// What signs a call; it must come back on the part that it came with.
    static let signature = "c2lnbmVkIHRob3VnaHRz"

    func offer(_ body: ProtoFields, to input: inout GeminiInput) throws(GeminiFailure) {
        for (index, tool) in try body.list("tools").enumerated() {
            let fields = try ProtoFields(tool, at: "tools[\(index)]", known: ["functionDeclarations"])
            for function in try fields.list("functionDeclarations") {
                let fields = try ProtoFields(
                    function,
                    at: "tools[\(index)].function_declarations",
                    known: ["name", "description", "parameters", "parametersJsonSchema", "response", "behavior"]
                )
                do {
                    let name = try ToolTalk.name(fields["name"], fields["description"], fields["parameters"])
                    input.tools.offered.insert(name)
                } catch {
                    throw .invalid("* GenerateContentRequest.tools: \(error.message)")
                }
            }
        }
        let config = try ProtoFields(body["toolConfig"], at: "tool_config", known: ["functionCallingConfig"])
        let calling = try ProtoFields(
            config["functionCallingConfig"],
            at: "tool_config.function_calling_config",
            known: ["mode", "allowedFunctionNames"]
        )
        switch try calling.string("mode") {
        case nil, "AUTO": break
        case "NONE": input.tools.mayCall = false
        default: throw .invalid("Invalid value at 'tool_config.function_calling_config.mode'")
        }
    }

    /// Calls and responses of one content: as many of one as there were of the other, in the content that follows.
    func addTools(
        _ parts: [JSONValue],
        of role: String,
        at place: String,
        isLast: Bool,
        to input: inout GeminiInput
    ) throws(GeminiFailure) {
        let calls = parts.filter { $0["functionCall"] != nil }
        let responses = parts.compactMap { $0["functionResponse"] }
        guard responses.map({ $0["name"]?.string ?? "" }) == input.waiting else {
            throw .invalid(
                "Please ensure that the number of function response parts is equal to the number of function call parts "
                    + "of the function call turn."
            )
        }
        if role == "user", responses.isEmpty { try? input.tools.asked() }
        for (index, response) in responses.enumerated() {
            guard let members = response["response"]?.object, members.count == 1,
                let text = (members["output"] ?? members["error"])?.string
            else { throw .invalid("* \(place): function_response.response must be an object with output or error") }
            input.textBytes += text.utf8.count
            try? input.tools.brought(text, for: "\(index)")
        }
        input.waiting = calls.map { $0["functionCall"]?["name"]?.string ?? "" }
        guard calls.isEmpty || role == "model", !isLast || calls.isEmpty else {
            throw .invalid("Please ensure that function call turn comes immediately after a user turn.")
        }
        if let first = calls.first, first["thoughtSignature"]?.string != Self.signature {
            throw .invalid(
                "Function call is missing a thought_signature in functionCall parts. This is required for tools to work "
                    + "correctly. Additional data, function call `\(input.waiting[0])`, position 1."
            )
        }
        for index in calls.indices { try? input.tools.called("\(index)") }
    }
}
