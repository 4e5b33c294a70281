/// `POST /v1/responses`.
extension XAIWire {
    private static let known: Set<String> = [
        "background", "context_management", "include", "input", "instructions", "logprobs", "max_output_tokens",
        "max_turns", "metadata", "model", "parallel_tool_calls", "previous_response_id", "prompt_cache_key",
        "reasoning", "search_parameters", "service_tier", "store", "stream", "temperature", "text", "tool_choice",
        "tools", "top_logprobs", "top_p", "truncation", "user",
    ]
    private static let includes: Set<String> = [
        "reasoning.encrypted_content", "web_search_call.action.sources", "code_interpreter_call.outputs",
        "file_search_call.results", "message.output_text.logprobs",
    ]

    func respond(
        _ request: LoopbackRequest,
        _ team: String,
        _ options: XAIOptions
    ) throws(XAIFailure) -> LoopbackResponse {
        let body = try document(request, known: Self.known)
        try checkMembers(body)
        var shown = try shown(body["input"], XAIReading(team: team, options: options))
        try Self.flawless { () throws(ToolTalk.Flaw) in
            try shown.tools.settle()
            try shown.offer(body["tools"], body["tool_choice"], inner: nil)
        }
        let (answer, number) = takeAnswer()
        let events = XAIEvents(
            answer,
            shown,
            id: uuid(UInt64(number) &+ 0xab),
            request: body,
            createdAt: store.clock.seconds
        )
        if body["stream"]?.bool ?? false { return events.stream(options) }
        switch answer.ending {
        case .errorEvent(_, let message), .nestedError(_, let message), .failed(_, let message):
            throw XAIFailure(status: 500, message: message)
        case .completed, .incomplete, .cut, .reset, .silence:
            return .json(events.final)
        }
    }

    private func checkMembers(_ body: [String: JSONValue]) throws(XAIFailure) {
        guard let model = body["model"]?.string, !model.isEmpty else { throw .field("model", "missing field") }
        func has(_ name: String) -> JSONValue? { body[name].flatMap { $0.isNull ? nil : $0 } }
        for name in ["stream", "store", "parallel_tool_calls", "background"] {
            guard let value = has(name), value.bool == nil else { continue }
            throw .field(name, "expected a boolean")
        }
        for name in ["instructions", "prompt_cache_key", "previous_response_id", "user"] {
            guard let value = has(name), value.string == nil else { continue }
            throw .field(name, "expected a string")
        }
        for name in ["max_output_tokens", "max_turns"] {
            guard let value = has(name), (value.int ?? 0) < 1 else { continue }
            throw .field(name, "expected a positive integer")
        }
        if let include = has("include") {
            guard let words = include.array?.map(\.string), words.allSatisfy({ Self.includes.contains($0 ?? "") })
            else {
                throw .field("include", "unknown variant")
            }
        }
        if has("previous_response_id") != nil {
            if has("instructions") != nil {
                throw XAIFailure(message: "`instructions` cannot be used with `previous_response_id`")
            }
            throw XAIFailure(status: 404, message: "Response not found: nothing is kept here")
        }
    }
}
