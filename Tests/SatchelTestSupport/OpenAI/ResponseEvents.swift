/// One answer in the shape of the Responses API: whole, or as its sequence of events.
struct ResponseEvents {
    private let answer: LoopbackAnswer
    private let shown: ShownInput
    private let id: String
    private let request: [String: JSONValue]
    private let createdAt: Int64
    private let text: String
    private let calls: [LoopbackAnswer.Call]
    /// Whether there is a message at all.
    private let speaks: Bool

    init(_ answer: LoopbackAnswer, _ shown: ShownInput, id: String, request: [String: JSONValue], createdAt: Int64) {
        self.answer = answer
        self.shown = shown
        self.id = id
        self.request = request
        self.createdAt = createdAt
        let words = answer.words(shown.tools, shown.echo, shown.files.map(\.bytes))
        (text, speaks) = (words ?? "", words != nil)
        calls = answer.calls(shown.tools)
    }

    private func call(_ index: Int, _ status: JSONValue) -> JSONValue {
        [
            "id": .string("fc_\(id.dropFirst(5))\(index)"), "type": "function_call", "status": status,
            "call_id": .string("call_\(id.dropFirst(5))\(index)"), "name": .string(calls[index].name),
            "arguments": status == "completed" ? .string(calls[index].arguments) : "",
        ]
    }

    /// Reasoning models think before they call, and want to be reminded of it.
    private var thought: JSONValue {
        [
            "id": .string("rs_\(id.dropFirst(5))"), "type": "reasoning", "summary": [],
            "encrypted_content": "c2VjcmV0IHRob3VnaHRz",
        ]
    }

    private func output(_ status: JSONValue) -> [JSONValue] {
        (calls.isEmpty ? [] : [thought]) + (speaks ? [item(status, [part(text, annotations)])] : [])
            + calls.indices.map { call($0, "completed") }
    }

    private var itemID: JSONValue { .string("msg_" + id.dropFirst("resp_".count)) }

    private var annotations: [JSONValue] {
        guard answer.citesFiles, answer.refusal == nil else { return [] }
        return shown.files.compactMap { file in
            file.id.map { id in
                [
                    "type": "file_citation", "file_id": .string(id), "filename": .string(file.name),
                    "index": .int(Int64(text.utf8.count)),
                ]
            }
        }
    }

    private func part(_ text: String, _ annotations: [JSONValue]) -> JSONValue {
        if answer.refusal != nil { return ["type": "refusal", "refusal": .string(text)] }
        return ["type": "output_text", "text": .string(text), "annotations": .array(annotations), "logprobs": []]
    }

    private func item(_ status: JSONValue, _ content: [JSONValue]) -> JSONValue {
        ["id": itemID, "type": "message", "role": "assistant", "status": status, "content": .array(content)]
    }

    private func response(_ status: JSONValue, output: [JSONValue] = [], changes: [String: JSONValue] = [:])
        -> JSONValue
    {
        func asked(_ name: String, _ fallback: JSONValue) -> JSONValue { request[name] ?? fallback }
        let whole: [String: JSONValue] = [
            "id": .string(id), "object": "response", "created_at": .int(createdAt), "status": status,
            "completed_at": nil, "background": false, "error": nil, "incomplete_details": nil,
            "instructions": asked("instructions", nil), "max_output_tokens": asked("max_output_tokens", nil),
            "model": asked("model", ""), "output": .array(output), "parallel_tool_calls": true,
            "previous_response_id": nil, "prompt_cache_key": asked("prompt_cache_key", nil),
            "reasoning": ["effort": nil, "summary": nil], "store": asked("store", true), "temperature": .number(1),
            "text": ["format": ["type": "text"]], "tool_choice": "auto", "tools": [], "top_p": .number(1),
            "truncation": "disabled", "metadata": [:], "service_tier": "default",
        ]
        return .object(whole.merging(changes) { $1 })
    }

    private var usage: JSONValue {
        let output = Int64(text.utf8.count / 4 + 1)
        let input = Int64(shown.tokens)
        return [
            "input_tokens": .int(input),
            "input_tokens_details": ["cached_tokens": .int(input / 2), "cache_write_tokens": 0],
            "output_tokens": .int(output + 3),
            "output_tokens_details": ["reasoning_tokens": 3],
            "total_tokens": .int(input + output + 3),
        ]
    }

    /// What the terminal event carries, and the whole answer without streaming.
    var final: JSONValue {
        switch answer.ending {
        case .incomplete(let reason):
            response(
                "incomplete",
                output: output("incomplete"),
                changes: ["incomplete_details": ["reason": .string(reason)], "usage": usage]
            )
        case .failed(let code, let message):
            response("failed", changes: ["error": ["code": .string(code), "message": .string(message)]])
        case .completed, .errorEvent, .nestedError, .cut, .reset, .silence:
            response(
                "completed",
                output: output("completed"),
                changes: ["usage": usage, "completed_at": .int(createdAt)]
            )
        }
    }

    static func error(code: String, _ message: String, number: Int64) -> JSONValue {
        [
            "type": "error", "code": .string(code), "message": .string(message), "param": nil,
            "sequence_number": .int(number),
        ]
    }

    // MARK: Streaming

    func stream(_ options: OpenAIOptions) -> LoopbackResponse {
        var stream = EventStream(options)
        var number: Int64 = 0
        func emit(_ type: String, _ members: [String: JSONValue]) {
            var members = members
            members["type"] = .string(type)
            members["sequence_number"] = .int(number)
            if answer.addsUnknownEvents { members["added_later"] = ["x": 1] }
            stream.event(options.isOGX ? nil : type, .object(members))
            number += 1
            if answer.addsUnknownEvents {
                stream.event(
                    options.isOGX ? nil : "response.new_thing",
                    ["type": "response.new_thing", "sequence_number": .int(number)]
                )
                number += 1
            }
            if answer.keepsAlive { stream.line(": keep-alive"); stream.line("") }
        }
        let kind = answer.refusal == nil ? "output_text" : "refusal"
        let at: JSONValue = calls.isEmpty ? 0 : 1
        let place: [String: JSONValue] = ["item_id": itemID, "output_index": at, "content_index": 0]
        let deltas = split(text, every: answer.deltaLength)
        let end = min(answer.endsAfter ?? deltas.count, deltas.count)

        emit("response.created", ["response": response("in_progress")])
        emit("response.in_progress", ["response": response("in_progress")])
        if !calls.isEmpty {
            emit("response.output_item.added", ["output_index": 0, "item": thought])
            emit("response.output_item.done", ["output_index": 0, "item": thought])
        }
        if speaks {
            emit("response.output_item.added", ["output_index": at, "item": item("in_progress", [])])
            emit("response.content_part.added", place.merging(["part": part("", [])]) { $1 })
        }
        for (index, delta) in deltas.prefix(end).enumerated() {
            if let pause = answer.pause, pause.deltas == index { stream.then(.gate(pause.gate)) }
            var members = place.merging(["delta": .string(delta)]) { $1 }
            if kind == "output_text" {
                members["logprobs"] = []
                members["obfuscation"] = .string(String(repeating: "x", count: 1 + index % 5))
            }
            emit("response.\(kind).delta", members)
        }
        if let pause = answer.pause, pause.deltas >= end { stream.then(.gate(pause.gate)) }

        switch answer.ending {
        case .cut:
            stream.then(.cut)
        case .reset:
            stream.then(.reset)
        case .silence:
            break
        case .errorEvent(let code, let message):
            let event = Self.error(code: code, message, number: number)
            stream.event(options.isOGX ? nil : "error", event)
        case .nestedError(let code, let message):
            stream.event(nil, ["error": ["code": .string(code), "message": .string(message), "type": "server_error"]])
        case .failed:
            emit("response.failed", ["response": final])
        case .completed, .incomplete:
            for (index, annotation) in annotations.enumerated() {
                emit(
                    "response.output_text.annotation.added",
                    place.merging(["annotation_index": .int(Int64(index)), "annotation": annotation]) { $1 }
                )
            }
            var status: JSONValue = "completed"
            if case .incomplete = answer.ending { status = "incomplete" }
            if speaks {
                var done = place
                done[kind == "refusal" ? "refusal" : "text"] = .string(text)
                if kind == "output_text" { done["logprobs"] = [] }
                emit("response.\(kind).done", done)
                emit("response.content_part.done", place.merging(["part": part(text, annotations)]) { $1 })
                emit(
                    "response.output_item.done",
                    ["output_index": at, "item": item(status, [part(text, annotations)])]
                )
            }
            for index in calls.indices {
                let at: JSONValue = .int(Int64(index + (speaks ? 2 : 1)))
                let (begun, whole) = (call(index, "in_progress"), call(index, "completed"))
                let place: [String: JSONValue] = ["item_id": begun["id"] ?? nil, "output_index": at]
                emit("response.output_item.added", ["output_index": at, "item": begun])
                for piece in split(calls[index].arguments, every: answer.deltaLength) {
                    emit("response.function_call_arguments.delta", place.merging(["delta": .string(piece)]) { $1 })
                }
                emit(
                    "response.function_call_arguments.done",
                    place.merging([
                        "name": .string(calls[index].name), "arguments": .string(calls[index].arguments),
                    ]) { $1 }
                )
                emit("response.output_item.done", ["output_index": at, "item": whole])
            }
            emit("response.\(status == "completed" ? "completed" : "incomplete")", ["response": final])
        }
        return stream.response()
    }
}

/// Pieces of `length` characters.
func split(_ text: String, every length: Int) -> [String] {
    var pieces: [String] = []
    var rest = text[...]
    while !rest.isEmpty {
        pieces.append(String(rest.prefix(max(1, length))))
        rest = rest.dropFirst(max(1, length))
    }
    return pieces
}
