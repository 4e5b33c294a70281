/// `POST /v1/chat/completions`.
extension MistralWire {
    /// The members of the published schema, and those that only the official client has.
    private static let known: Set<String> = [
        "frequency_penalty", "guardrails", "logprobs", "max_tokens", "messages", "metadata", "min_tokens", "model", "n",
        "parallel_tool_calls", "prediction", "presence_penalty", "prompt_cache_key", "prompt_logprobs", "prompt_mode",
        "random_seed", "reasoning_effort", "repetition_penalty", "response_format", "safe_prompt", "service_tier",
        "stop", "stream", "stream_options", "temperature", "tool_choice", "tools", "top_k", "top_logprobs", "top_p",
        "top_prompt_logprobs",
    ]

    func complete(
        _ request: LoopbackRequest,
        _ workspace: String,
        _ options: MistralOptions
    ) throws(MistralFailure) -> LoopbackResponse {
        guard request.contentType == "application/json", let body = request.json?.object else {
            throw .invalidChat(["body"], "json_invalid", "JSON decode error")
        }
        if let stranger = body.keys.sorted().first(where: { !Self.known.contains($0) }) {
            throw .extra(["body", .string(stranger)])
        }
        guard let model = body["model"] else { throw .missing(["body", "model"]) }
        guard let model = model.string, !model.isEmpty else {
            throw .invalidChat(["body", "model"], "string_type", "Input should be a valid string")
        }
        guard options.models.isEmpty || options.models.contains(model) else {
            throw .error(400, "Invalid model: \(model)", type: "invalid_model", code: "1500")
        }
        let wish = try checkPlainMembers(body, options)
        var input = try input(body["messages"], workspace, options)
        try offer(body, to: &input)
        let (answer, number) = takeAnswer()
        if !wish.streams {
            switch answer.ending {
            case .errorEvent(let code, let message), .nestedError(let code, let message),
                .failed(let code, let message):
                throw .error(500, message, type: "internal_server_error", code: .string(code))
            case .completed, .incomplete, .cut, .reset, .silence: break
            }
        }
        let chunks = MistralChunks(
            answer: answer,
            input: input,
            options: options,
            id: hex32(number),
            model: model,
            createdAt: store.clock.seconds,
            cacheKey: body["prompt_cache_key"]?.string,
            includesUsage: options.streamOptions == .refused || wish.wantsUsage
        )
        return wish.streams ? chunks.stream() : .json(chunks.whole)
    }

    private func checkPlainMembers(
        _ body: [String: JSONValue],
        _ options: MistralOptions
    ) throws(MistralFailure) -> (streams: Bool, wantsUsage: Bool) {
        if let stream = body["stream"], stream.bool == nil {
            throw .invalidChat(["body", "stream"], "bool_type", "Input should be a valid boolean")
        }
        if let limit = body["max_tokens"], !limit.isNull, (limit.int ?? -1) < 0 {
            throw .invalidChat(["body", "max_tokens"], "greater_than_equal", "Input should be an integer from 0")
        }
        if let key = body["prompt_cache_key"], !key.isNull, key.string == nil {
            throw .invalidChat(["body", "prompt_cache_key"], "string_type", "Input should be a valid string")
        }
        switch body["temperature"] {
        case nil, .null?, .int(0)?, .int(1)?: break
        case .number(let number)? where (0...1.5).contains(number): break
        default: throw .invalidChat(["body", "temperature"], "less_than_equal", "Input should be from 0 to 1.5")
        }
        let streams = body["stream"]?.bool ?? false
        guard let wishes = body["stream_options"], !wishes.isNull else { return (streams, false) }
        let place: [JSONValue] = ["body", "stream_options"]
        guard let members = wishes.object else {
            throw .invalidChat(place, "model_type", "Input should be an object")
        }
        for name in members.keys.sorted() where options.streamOptions == .refused || name != "include_usage" {
            throw .extra(place + [.string(name)])
        }
        guard streams, let wantsUsage = members["include_usage"]?.bool else {
            throw .invalidChat(place, "value_error", "Only with stream, and with a boolean include_usage")
        }
        return (streams, wantsUsage)
    }

    private func hex32(_ number: Int) -> String {
        let digits = String(mixed(UInt64(number)), radix: 16) + String(mixed(UInt64(number) + 1), radix: 16)
        return String((digits + String(repeating: "0", count: 32)).prefix(32))
    }
}
