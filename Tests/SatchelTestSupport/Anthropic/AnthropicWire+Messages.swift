/// `POST /v1/messages` and `POST /v1/messages/count_tokens`.
extension AnthropicWire {
    private static let counted: Set<String> = [
        "cache_control", "container", "context_management", "mcp_servers", "messages", "model", "output_config",
        "speed",
        "system", "thinking", "tool_choice", "tools",
    ]
    private static let known = counted.union([
        "diagnostics", "inference_geo", "max_tokens", "metadata", "service_tier", "stop_sequences", "stream",
        "temperature", "top_k", "top_p",
    ])

    func message(
        _ request: LoopbackRequest,
        _ asker: Asker,
        requestID: String
    ) throws(AnthropicFailure) -> LoopbackResponse {
        let options = asker.options
        let body = try document(request, options, known: Self.known)
        guard let limit = body["max_tokens"] else { throw .missing("max_tokens") }
        guard let limit = limit.int, limit >= 0 else { throw .invalid("max_tokens", "Input should be a valid integer") }
        if asker.isCurrent, let name = ["temperature", "top_k", "top_p"].first(where: { body[$0] != nil }) {
            throw .extra(name)
        }
        if let stream = body["stream"], stream.bool == nil {
            throw .invalid("stream", "Input should be a valid boolean")
        }
        let prompt = try prompt(body, asker)
        guard limit <= options.maxOutputTokens else {
            let most = options.maxOutputTokens
            throw .invalid(
                "max_tokens",
                "\(limit) > \(most), which is the maximum allowed number of output tokens for \(prompt.model)"
            )
        }
        guard prompt.tokens <= options.contextTokens else {
            throw AnthropicFailure(
                message: "prompt is too long: \(prompt.tokens) tokens > \(options.contextTokens) maximum"
            )
        }
        let (answer, number) = takeAnswer()
        let events = MessageEvents(
            answer,
            prompt,
            bill: bill(prompt, workspace: asker.workspace, minimum: options.minCachedTokens),
            id: "msg_01" + String(mixed(UInt64(number)), radix: 36),
            requestID: requestID,
            thoughts: options.thoughts
        )
        if body["stream"]?.bool == true { return events.stream(options) }
        if let failure = events.failure { throw failure }
        return .json(events.whole)
    }

    func count(_ request: LoopbackRequest, _ asker: Asker) throws(AnthropicFailure) -> LoopbackResponse {
        let body = try document(request, asker.options, known: Self.counted)
        return .json(["input_tokens": .int(Int64(try prompt(body, asker).tokens))])
    }

    private func prompt(_ body: [String: JSONValue], _ asker: Asker) throws(AnthropicFailure) -> ShownPrompt {
        guard let model = body["model"] else { throw .missing("model") }
        guard let model = model.string, !model.isEmpty else {
            throw .invalid("model", "String should have at least 1 character")
        }
        guard !asker.options.unknownModels.contains(model) else {
            throw AnthropicFailure(status: 404, type: "not_found_error", message: "model: \(model)")
        }
        var prompt = ShownPrompt()
        prompt.model = model
        try addSystem(body["system"], to: &prompt)
        try addMessages(body["messages"], to: &prompt, asker)
        try offer(body["tools"], body["tool_choice"], to: &prompt)
        if let mark = try keptFor(body, at: "cache_control"), let last = prompt.blocks.indices.last {
            prompt.blocks[last].keptFor = mark
        }
        guard prompt.marks <= 4 else {
            throw AnthropicFailure(
                message: "A maximum of 4 blocks with cache_control may be provided. Found \(prompt.marks)."
            )
        }
        let marks = prompt.blocks.compactMap(\.keptFor)
        guard marks == marks.sorted(by: >) else {
            throw AnthropicFailure(message: "a ttl='1h' cache_control block must not come after a ttl='5m' one")
        }
        let documents = prompt.files.filter(\.isDocument)
        guard Set(documents.map(\.isCited)).count <= 1 else {
            throw AnthropicFailure(message: "citations: must be enabled on all or none of the documents")
        }
        return prompt
    }
}
