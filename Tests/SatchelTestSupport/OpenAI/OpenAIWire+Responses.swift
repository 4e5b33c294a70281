/// `POST /v1/responses`.
extension OpenAIWire {
    private static let known: Set<String> = [
        "background", "context_management", "conversation", "include", "input", "instructions", "max_output_tokens",
        "max_tool_calls", "metadata", "model", "moderation", "parallel_tool_calls", "previous_response_id", "prompt",
        "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention", "reasoning", "safety_identifier",
        "service_tier", "store", "stream", "stream_options", "temperature", "text", "tool_choice", "tools",
        "top_logprobs", "top_p", "truncation", "user",
    ]

    func respond(
        _ request: LoopbackRequest,
        _ project: String,
        _ options: OpenAIOptions
    ) throws(OpenAIFailure) -> LoopbackResponse {
        let body = try document(request, known: Self.known)
        guard let model = body["model"]?.string, !model.isEmpty else { throw .missing("model") }
        for name in ["stream", "store"] where !(body[name]?.isNull ?? true) && body[name]?.bool == nil {
            throw .invalid(name, "expected a boolean")
        }
        for name in ["instructions", "prompt_cache_key"]
        where !(body[name]?.isNull ?? true) && body[name]?.string == nil {
            throw .invalid(name, "expected a string")
        }
        if let limit = body["max_output_tokens"], !limit.isNull, (limit.int ?? 0) < 16 {
            throw .invalid("max_output_tokens", "expected an integer of at least 16")
        }
        let streams = body["stream"]?.bool ?? false
        let shown: ShownInput
        do throws(OpenAIFailure) {
            shown = try withTools(body, inner: nil) { () throws(OpenAIFailure) in
                try self.shown(body["input"], Reading(project: project, options: options))
            }
        } catch {
            // OGX looks for files only when it has begun to stream.
            guard options.isOGX, streams, error.status == 404 else { throw error }
            var stream = EventStream(options)
            stream.event(nil, ResponseEvents.error(code: "404", error.message, number: 1))
            return stream.response()
        }
        let (answer, number) = takeAnswer()
        let events = ResponseEvents(
            answer,
            shown,
            id: "resp_\(String(mixed(UInt64(number)), radix: 16))",
            request: body,
            createdAt: store.clock.seconds
        )
        if streams { return events.stream(options) }
        if case .errorEvent(let code, let message) = answer.ending {
            throw OpenAIFailure(status: 500, message: message, type: "server_error", code: code)
        }
        return .json(events.final)
    }
}
