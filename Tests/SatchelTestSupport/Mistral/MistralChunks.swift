/// One answer in the shape of Mistral's Chat Completions: whole, or in chunks.
struct MistralChunks {
    var answer: LoopbackAnswer
    var input: MistralInput
    var options: MistralOptions
    var id: String
    var model: String
    var createdAt: Int64
    var cacheKey: String?
    var includesUsage: Bool

    /// There is no such thing as a refusal on this wire: it is text like any other.
    private var text: String { answer.words(input.tools, input.echo, input.files.map(\.bytes)) ?? "" }

    private var calls: [LoopbackAnswer.Call] { answer.calls(input.tools) }

    /// Calls come whole; ids have nine letters and digits.
    private var toolCalls: JSONValue {
        .array(
            calls.enumerated().map { index, call in
                [
                    "id": .string("\(id.prefix(8))\(index)"), "type": "function", "index": .int(Int64(index)),
                    "function": ["name": .string(call.name), "arguments": .string(call.arguments)],
                ]
            }
        )
    }

    /// The schema's words are `stop`, `length`, `model_length`, `error` and `tool_calls`; it knows no content filter.
    private var finishReason: JSONValue {
        guard case .incomplete(let reason) = answer.ending else { return calls.isEmpty ? "stop" : "tool_calls" }
        return reason == "max_output_tokens" ? "length" : .string(reason)
    }

    private var usage: JSONValue {
        let output = Int64(text.utf8.count / 4 + 1)
        // Only requests with a cache key meet a cache.
        let cached: JSONValue = .int(cacheKey == nil ? 0 : input.tokens / 2)
        return [
            "prompt_tokens": .int(input.tokens), "completion_tokens": .int(output),
            "total_tokens": .int(input.tokens + output), "prompt_tokens_details": ["cached_tokens": cached],
            "num_cached_tokens": cached, "prompt_audio_seconds": nil,
        ]
    }

    /// References are numbers that mean something between tools and the model; here the places of the files.
    private var references: JSONValue? {
        guard answer.citesFiles, !input.files.isEmpty else { return nil }
        return ["type": "reference", "reference_ids": .array(input.files.indices.map { .int(Int64($0)) })]
    }

    private func thinking(_ thought: String) -> JSONValue {
        ["type": "thinking", "thinking": [["type": "text", "text": .string(thought)]], "closed": true]
    }

    private func content(_ text: String) -> JSONValue {
        options.answersInChunks ? [["type": "text", "text": .string(text)]] : .string(text)
    }

    var whole: JSONValue {
        var content = content(text)
        if options.thought != nil || references != nil {
            content = .array(
                [options.thought.map(thinking), ["type": "text", "text": .string(text)], references].compactMap(\.self)
            )
        }
        return [
            "id": .string(id), "object": "chat.completion", "created": .int(createdAt), "model": .string(model),
            "choices": [
                [
                    "index": 0, "finish_reason": finishReason,
                    "message": [
                        "role": "assistant", "content": content, "tool_calls": calls.isEmpty ? nil : toolCalls,
                        "prefix": false,
                    ],
                ]
            ],
            "usage": usage,
        ]
    }

    private func chunk(_ delta: JSONValue, _ reason: JSONValue = nil, hasUsage: Bool = false) -> JSONValue {
        var members: [String: JSONValue] = [
            "id": .string(id), "object": "chat.completion.chunk", "created": .int(createdAt), "model": .string(model),
            "choices": [["index": 0, "delta": delta, "finish_reason": reason]],
        ]
        if hasUsage { members["usage"] = usage }
        if answer.addsUnknownEvents {
            members["added_later"] = ["x": 1]
            // Padding against guessing from lengths, as the real one has it.
            members["p"] = "abcdef"
        }
        return .object(members)
    }

    func stream() -> LoopbackResponse {
        var stream = EventStream(lineEnd: options.lineEnd, pieceLengths: options.pieceLengths)
        let deltas = split(text, every: answer.deltaLength)
        let end = min(answer.endsAfter ?? deltas.count, deltas.count)
        stream.event(nil, chunk(["role": "assistant", "content": ""]))
        for thought in options.thought.map({ split($0, every: answer.deltaLength) }) ?? [] {
            stream.event(nil, chunk(["content": [thinking(thought)]]))
        }
        for (index, delta) in deltas.prefix(end).enumerated() {
            if let pause = answer.pause, pause.deltas == index { stream.then(.gate(pause.gate)) }
            if answer.keepsAlive {
                stream.line(": keep-alive")
                stream.line("")
            }
            if answer.addsUnknownEvents {
                stream.event(nil, chunk(["content": [["type": "new_thing", "value": [1]]], "new_member": true]))
            }
            stream.event(nil, chunk(["content": content(delta)]))
        }
        if let pause = answer.pause, pause.deltas >= end { stream.then(.gate(pause.gate)) }
        switch answer.ending {
        case .cut: stream.then(.cut)
        case .reset: stream.then(.reset)
        case .silence: break
        case .errorEvent(let code, let message), .failed(let code, let message):
            let failure = MistralFailure.error(500, message, type: "internal_server_error", code: .string(code))
            stream.event(nil, failure.body)
        case .nestedError(let code, let message):
            stream.event(nil, ["error": ["code": .string(code), "message": .string(message)]])
        case .completed, .incomplete:
            if let references { stream.event(nil, chunk(["content": [references]])) }
            let last: JSONValue = calls.isEmpty ? ["content": ""] : ["content": "", "tool_calls": toolCalls]
            stream.event(nil, chunk(last, finishReason, hasUsage: includesUsage))
            done(&stream)
        }
        return stream.response()
    }

    private func done(_ stream: inout EventStream) {
        stream.line("data: [DONE]")
        stream.line("")
    }
}
