/// `POST /v1/chat/completions`.
extension OpenAIWire {
    private static let known: Set<String> = [
        "audio", "frequency_penalty", "logit_bias", "logprobs", "max_completion_tokens", "max_tokens", "messages",
        "metadata", "modalities", "model", "moderation", "n", "parallel_tool_calls", "prediction", "presence_penalty",
        "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention", "reasoning_effort", "response_format",
        "safety_identifier", "seed", "service_tier", "stop", "store", "stream", "stream_options", "temperature",
        "tool_choice", "tools", "top_logprobs", "top_p", "user", "verbosity", "web_search_options",
    ]

    func complete(
        _ request: LoopbackRequest,
        _ project: String,
        _ options: OpenAIOptions
    ) throws(OpenAIFailure) -> LoopbackResponse {
        let body = try document(request, known: Self.known)
        guard let model = body["model"]?.string, !model.isEmpty else { throw .missing("model") }
        let streams = body["stream"]?.bool ?? false
        if let wishes = body["stream_options"] {
            guard streams, let members = wishes.object else { throw .invalid("stream_options", "only with stream") }
            try check(members, at: "stream_options", allowed: ["include_usage", "include_obfuscation"])
        }
        let shown = try withTools(body, inner: "function") { () throws(OpenAIFailure) in
            try self.shown(messages: body["messages"], Reading(project: project, options: options))
        }
        let (answer, number) = takeAnswer()
        if case .errorEvent(let code, let message) = answer.ending, !streams {
            throw OpenAIFailure(status: 500, message: message, type: "server_error", code: code)
        }
        let chunks = ChatChunks(
            answer: answer,
            shown: shown,
            id: "chatcmpl-\(String(mixed(UInt64(number)), radix: 16))",
            model: model,
            createdAt: store.clock.seconds,
            includesUsage: body["stream_options"]?["include_usage"]?.bool ?? false
        )
        return streams ? chunks.stream(options) : .json(chunks.whole)
    }
}

/// One answer in the shape of Chat Completions: whole, or in chunks.
private struct ChatChunks {
    var answer: LoopbackAnswer
    var shown: ShownInput
    var id: String
    var model: String
    var createdAt: Int64
    var includesUsage: Bool

    private var text: String { answer.words(shown.tools, shown.echo, shown.files.map(\.bytes)) ?? "" }

    private var calls: [LoopbackAnswer.Call] { answer.calls(shown.tools) }

    private func call(_ index: Int, _ arguments: String) -> JSONValue {
        [
            "id": .string("call_\(id.dropFirst(9))\(index)"), "type": "function",
            "function": ["name": .string(calls[index].name), "arguments": .string(arguments)],
        ]
    }

    private var finishReason: JSONValue {
        if case .incomplete(let reason) = answer.ending {
            return reason == "content_filter" ? "content_filter" : "length"
        }
        return calls.isEmpty ? "stop" : "tool_calls"
    }

    private var usage: JSONValue {
        let output = Int64(text.utf8.count / 4 + 1)
        let input = Int64(shown.tokens)
        return [
            "prompt_tokens": .int(input), "completion_tokens": .int(output + 3),
            "total_tokens": .int(input + output + 3),
            "prompt_tokens_details": ["cached_tokens": .int(input / 2)],
            "completion_tokens_details": ["reasoning_tokens": 3],
        ]
    }

    var whole: JSONValue {
        [
            "id": .string(id), "object": "chat.completion", "created": .int(createdAt), "model": .string(model),
            "choices": [
                [
                    "index": 0, "finish_reason": finishReason, "logprobs": nil,
                    "message": [
                        "role": "assistant",
                        "content": answer.refusal == nil ? .string(text) : nil,
                        "refusal": answer.refusal.map(JSONValue.string) ?? nil,
                        "annotations": [],
                        "tool_calls": .array(calls.indices.map { call($0, calls[$0].arguments) }),
                    ],
                ]
            ],
            "usage": usage,
        ]
    }

    private func chunk(_ choices: [JSONValue], usage: JSONValue = nil) -> JSONValue {
        var members: [String: JSONValue] = [
            "id": .string(id), "object": "chat.completion.chunk", "created": .int(createdAt), "model": .string(model),
            "choices": .array(choices),
        ]
        if includesUsage { members["usage"] = usage }
        if answer.addsUnknownEvents { members["added_later"] = ["x": 1] }
        return .object(members)
    }

    private func choice(_ delta: JSONValue, _ reason: JSONValue = nil) -> JSONValue {
        ["index": 0, "delta": delta, "finish_reason": reason, "logprobs": nil]
    }

    func stream(_ options: OpenAIOptions) -> LoopbackResponse {
        var stream = EventStream(options)
        let deltas = split(text, every: answer.deltaLength)
        let end = min(answer.endsAfter ?? deltas.count, deltas.count)
        stream.event(nil, chunk([choice(["role": "assistant", "content": "", "refusal": nil])]))
        for (index, delta) in deltas.prefix(end).enumerated() {
            if let pause = answer.pause, pause.deltas == index { stream.then(.gate(pause.gate)) }
            if answer.keepsAlive { stream.line(": keep-alive"); stream.line("") }
            stream.event(nil, chunk([choice([answer.refusal == nil ? "content" : "refusal": .string(delta)])]))
        }
        if let pause = answer.pause, pause.deltas >= end { stream.then(.gate(pause.gate)) }
        switch answer.ending {
        case .cut: stream.then(.cut)
        case .reset: stream.then(.reset)
        case .silence: break
        case .errorEvent(let code, let message), .nestedError(let code, let message), .failed(let code, let message):
            stream.event(nil, ["error": ["code": .string(code), "message": .string(message), "type": "server_error"]])
        case .completed, .incomplete:
            for index in calls.indices {
                // The name comes first, the arguments in pieces, each with nothing but the index.
                var members = call(index, "").object ?? [:]
                members["index"] = .int(Int64(index))
                stream.event(nil, chunk([choice(["tool_calls": [.object(members)]])]))
                for piece in split(calls[index].arguments, every: answer.deltaLength) {
                    let delta: JSONValue = ["index": .int(Int64(index)), "function": ["arguments": .string(piece)]]
                    stream.event(nil, chunk([choice(["tool_calls": [delta]])]))
                }
            }
            stream.event(nil, chunk([choice([:], finishReason)]))
            if includesUsage { stream.event(nil, chunk([], usage: usage)) }
            if !options.isOGX {
                stream.line("data: [DONE]")
                stream.line("")
            }
        }
        return stream.response()
    }
}
