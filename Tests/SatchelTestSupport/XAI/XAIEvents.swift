/// One answer of xAI's Responses API: whole, or as its sequence of events.
///
/// With files it is an agent's work: a search in the attachments comes first, then some thinking, then the message.
struct XAIEvents {
    private let answer: LoopbackAnswer
    private let shown: ShownInput
    private let id: String
    private let request: [String: JSONValue]
    private let createdAt: Int64
    private let text: String
    private let calls: [LoopbackAnswer.Call]
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

    /// What one token or call costs, in the unit of `cost_in_usd_ticks`: 10,000,000,000 to the dollar.
    private enum Ticks {
        static let input: Int64 = 20_000
        static let cached: Int64 = 5_000
        static let output: Int64 = 100_000
        static let search: Int64 = 50_000_000
    }

    private var searches: Bool { shown.files.contains { $0.id != nil } }

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

    // MARK: Items

    private func search(_ status: JSONValue) -> JSONValue {
        [
            "id": .string("as_" + id), "type": "attachment_search_call", "status": status,
            "arguments": "{\"query\":\"*\"}",
        ]
    }

    private var reasoning: JSONValue {
        var members: [String: JSONValue] = [
            "id": .string("rs_" + id), "type": "reasoning", "status": "completed",
            "summary": [["type": "summary_text", "text": "Looked."]],
        ]
        if request["include"]?.array?.contains("reasoning.encrypted_content") == true {
            members["encrypted_content"] = "c2VjcmV0IHRob3VnaHRz"
        }
        return .object(members)
    }

    private func part(_ text: String, _ annotations: [JSONValue]) -> JSONValue {
        if answer.refusal != nil { return ["type": "refusal", "refusal": .string(text)] }
        return ["type": "output_text", "text": .string(text), "annotations": .array(annotations), "logprobs": []]
    }

    private func message(_ status: JSONValue, _ content: [JSONValue]) -> JSONValue {
        [
            "id": .string("msg_" + id), "type": "message", "role": "assistant", "status": status,
            "content": .array(content),
        ]
    }

    /// Functions come whole.
    private func call(_ index: Int) -> JSONValue {
        [
            "id": .string("fc_\(id)\(index)"), "type": "function_call", "status": "completed",
            "call_id": .string("call_\(id.prefix(8))\(index)"), "name": .string(calls[index].name),
            "arguments": .string(calls[index].arguments),
        ]
    }

    private func output(_ status: JSONValue) -> [JSONValue] {
        (searches ? [search("completed")] : []) + [reasoning]
            + (speaks ? [message(status, [part(text, annotations)])] : []) + calls.indices.map { call($0) }
    }

    private var usage: JSONValue {
        let output = Int64(text.utf8.count / 4 + 1) + 3
        let input = Int64(shown.tokens)
        let cached = input / 2
        let calls: Int64 = searches ? 1 : 0
        let ticks =
            (input - cached) * Ticks.input + cached * Ticks.cached + output * Ticks.output + calls * Ticks.search
        return [
            "input_tokens": .int(input), "input_tokens_details": ["cached_tokens": .int(cached)],
            "output_tokens": .int(output), "output_tokens_details": ["reasoning_tokens": 3],
            "total_tokens": .int(input + output), "num_sources_used": 0, "num_server_side_tools_used": .int(calls),
            "cost_in_usd_ticks": .int(ticks),
        ]
    }

    private func response(_ status: JSONValue, output: [JSONValue] = [], changes: [String: JSONValue] = [:])
        -> JSONValue
    {
        func asked(_ name: String, _ fallback: JSONValue) -> JSONValue { request[name] ?? fallback }
        let whole: [String: JSONValue] = [
            "id": .string(id), "object": "response", "created_at": .int(createdAt), "completed_at": nil,
            "status": status, "background": false, "error": nil, "incomplete_details": nil,
            "instructions": asked("instructions", nil), "max_output_tokens": asked("max_output_tokens", nil),
            "metadata": [:], "model": asked("model", ""), "output": .array(output), "parallel_tool_calls": true,
            "previous_response_id": nil, "prompt_cache_key": asked("prompt_cache_key", nil),
            "reasoning": ["effort": "low", "summary": "detailed"], "store": asked("store", true),
            "temperature": .number(0.7), "text": ["format": ["type": "text"]], "tool_choice": "auto", "tools": [],
            "top_p": .number(0.95), "truncation": "disabled", "usage": nil, "user": nil,
        ]
        return .object(whole.merging(changes) { $1 })
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

    // MARK: Streaming

    /// `data:` lines only: the type is inside.
    func stream(_ options: XAIOptions) -> LoopbackResponse {
        var stream = EventStream(options)
        var number: Int64 = 0
        func emit(_ type: String, _ members: [String: JSONValue]) {
            var members = members
            members["type"] = .string(type)
            members["sequence_number"] = .int(number)
            if answer.addsUnknownEvents { members["added_later"] = ["x": 1] }
            stream.event(nil, .object(members))
            number += 1
            if answer.addsUnknownEvents { stream.event(nil, ["type": "response.new_thing.added", "item": 7]) }
            if answer.keepsAlive {
                stream.line(": keep-alive")
                stream.line("")
                stream.event(nil, ["type": "ping"])
            }
        }
        emit("response.created", ["response": response("in_progress")])
        emit("response.in_progress", ["response": response("in_progress")])
        stream.event(nil, ["type": "ping"])
        var index: Int64 = 0
        func item(_ added: JSONValue, _ done: JSONValue, _ between: () -> Void) {
            emit("response.output_item.added", ["output_index": .int(index), "item": added])
            between()
            emit("response.output_item.done", ["output_index": .int(index), "item": done])
            index += 1
        }
        if searches { item(search("in_progress"), search("completed")) {} }
        item(["id": .string("rs_" + id), "type": "reasoning", "status": "in_progress", "summary": []], reasoning) {
            emit(
                "response.reasoning_summary_text.delta",
                ["item_id": .string("rs_" + id), "output_index": .int(index), "summary_index": 0, "delta": "Looked."]
            )
        }
        if speaks {
            emit("response.output_item.added", ["output_index": .int(index), "item": message("in_progress", [])])
        }
        let place: [String: JSONValue] = [
            "item_id": .string("msg_" + id), "output_index": .int(index), "content_index": 0,
        ]
        if speaks { emit("response.content_part.added", place.merging(["part": part("", [])]) { $1 }) }
        let kind = answer.refusal == nil ? "output_text" : "refusal"
        let deltas = split(text, every: answer.deltaLength)
        let end = min(answer.endsAfter ?? deltas.count, deltas.count)
        for (at, delta) in deltas.prefix(end).enumerated() {
            if let pause = answer.pause, pause.deltas == at { stream.then(.gate(pause.gate)) }
            emit("response.\(kind).delta", place.merging(["delta": .string(delta)]) { $1 })
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
            stream.event(nil, ["type": "error", "code": .string(code), "message": .string(message), "param": nil])
        case .nestedError(let code, let message):
            stream.event(nil, ["error": ["code": .string(code), "message": .string(message), "type": "server_error"]])
        case .failed:
            emit("response.failed", ["response": final])
        case .completed, .incomplete:
            for (number, annotation) in annotations.enumerated() {
                emit(
                    "response.output_text.annotation.added",
                    place.merging(["annotation_index": .int(Int64(number)), "annotation": annotation]) { $1 }
                )
            }
            var isWhole = true
            if case .incomplete = answer.ending { isWhole = false }
            if speaks {
                let said = place.merging([kind == "refusal" ? "refusal" : "text": .string(text)]) { $1 }
                emit("response.\(kind).done", said)
                emit("response.content_part.done", place.merging(["part": part(text, annotations)]) { $1 })
                let done = message(isWhole ? "completed" : "incomplete", [part(text, annotations)])
                emit("response.output_item.done", ["output_index": .int(index), "item": done])
                index += 1
            }
            for number in calls.indices { item(call(number), call(number)) {} }
            emit(isWhole ? options.completed : "response.incomplete", ["response": final])
            if options.saysDone {
                stream.line("data: [DONE]")
                stream.line("")
            }
        }
        return stream.response()
    }
}
