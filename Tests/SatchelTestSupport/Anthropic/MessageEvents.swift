/// One answer in the shape of Messages: whole, or as its sequence of events.
struct MessageEvents {
    private let answer: LoopbackAnswer
    private let prompt: ShownPrompt
    private let bill: PromptCache.Bill
    private let id: String
    private let requestID: String
    private let thoughts: String?
    private let text: String
    private let calls: [LoopbackAnswer.Call]
    private let speaks: Bool

    init(
        _ answer: LoopbackAnswer,
        _ prompt: ShownPrompt,
        bill: PromptCache.Bill,
        id: String,
        requestID: String,
        thoughts: String?
    ) {
        self.answer = answer
        self.prompt = prompt
        self.bill = bill
        self.id = id
        self.requestID = requestID
        self.thoughts = thoughts
        // Who stops an answer by policy says so beside the text and not in it.
        let words = answer.words(prompt.tools, prompt.echo, prompt.files.map(\.bytes))
        speaks = answer.refusal == nil && words != nil
        text = speaks ? words ?? "" : ""
        calls = answer.refusal == nil ? answer.calls(prompt.tools) : []
    }

    /// What the whole request is refused with when it is not streamed; nil for an answer.
    var failure: AnthropicFailure? {
        switch answer.ending {
        case .failed(let code, let message), .errorEvent(let code, let message), .nestedError(let code, let message):
            let type = Self.type(code)
            return AnthropicFailure(status: type == "overloaded_error" ? 529 : 500, type: type, message: message)
        case .completed, .incomplete, .cut, .reset, .silence: return nil
        }
    }

    /// The provider's own word for a word of the script.
    private static func type(_ code: String) -> String {
        switch code {
        case "server_error": "api_error"
        case "rate_limit_exceeded": "rate_limit_error"
        default: code.hasSuffix("_error") ? code : "api_error"
        }
    }

    private var stop: (reason: JSONValue, details: JSONValue) {
        if let refusal = answer.refusal {
            return ("refusal", ["type": "refusal", "category": nil, "explanation": .string(refusal)])
        }
        guard case .incomplete(let reason) = answer.ending else {
            return (calls.isEmpty ? "end_turn" : "tool_use", nil)
        }
        switch reason {
        case "max_output_tokens": return ("max_tokens", nil)
        case "content_filter": return ("refusal", ["type": "refusal", "category": nil, "explanation": nil])
        default: return (.string(reason), nil)
        }
    }

    private var citations: [JSONValue] {
        guard answer.citesFiles, answer.refusal == nil else { return [] }
        let documents = prompt.files.filter(\.isDocument)
        return documents.enumerated().compactMap { index, file in
            guard file.isCited else { return nil }
            let isPDF = file.bytes.starts(with: "%PDF-".utf8)
            var members: [String: JSONValue] = [
                "type": isPDF ? "page_location" : "char_location", "document_index": .int(Int64(index)),
                "document_title": file.title.map(JSONValue.string) ?? nil,
                "file_id": file.id.map(JSONValue.string) ?? nil,
                "cited_text": .string(isPDF ? "a page" : String(decoding: file.bytes.prefix(8), as: UTF8.self)),
            ]
            members[isPDF ? "start_page_number" : "start_char_index"] = isPDF ? 1 : 0
            members[isPDF ? "end_page_number" : "end_char_index"] = isPDF ? 2 : .int(Int64(min(file.bytes.count, 8)))
            return .object(members)
        }
    }

    // MARK: Usage

    private var inputUsage: [String: JSONValue] {
        [
            "input_tokens": .int(Int64(bill.fresh)),
            "cache_creation_input_tokens": .int(Int64(bill.written)),
            "cache_read_input_tokens": .int(Int64(bill.read)),
        ]
    }

    private var thinkingTokens: Int64 { thoughts.map { Int64($0.utf8.count / 4 + 1) } ?? 0 }
    private var outputTokens: Int64 { Int64(text.utf8.count / 4 + 1) + thinkingTokens }

    private func usage(_ output: Int64) -> JSONValue {
        let more: [String: JSONValue] = [
            "cache_creation": [
                "ephemeral_5m_input_tokens": .int(Int64(bill.written5m)),
                "ephemeral_1h_input_tokens": .int(Int64(bill.written1h)),
            ],
            "output_tokens": .int(output),
            "output_tokens_details": output == outputTokens ? ["thinking_tokens": .int(thinkingTokens)] : nil,
            "service_tier": "standard", "inference_geo": "not_available",
        ]
        return .object(inputUsage.merging(more) { $1 })
    }

    // MARK: Whole

    private func message(_ content: [JSONValue], _ stop: (reason: JSONValue, details: JSONValue), _ usage: JSONValue)
        -> JSONValue
    {
        [
            "id": .string(id), "type": "message", "role": "assistant", "model": .string(prompt.model),
            "content": .array(content), "stop_reason": stop.reason, "stop_sequence": nil,
            "stop_details": stop.details, "container": nil, "usage": usage,
        ]
    }

    private func call(_ index: Int, isWhole: Bool) -> JSONValue {
        [
            "type": "tool_use", "id": .string("toolu_\(id.dropFirst(4))\(index)"), "name": .string(calls[index].name),
            "input": isWhole ? JSONValue(parsing: calls[index].arguments) ?? [:] : [:],
        ]
    }

    var whole: JSONValue {
        var content: [JSONValue] = []
        if let thoughts {
            content.append(["type": "thinking", "thinking": .string(thoughts), "signature": "c2lnbmF0dXJl"])
        }
        if speaks {
            let citations = citations
            content.append([
                "type": "text", "text": .string(text), "citations": citations.isEmpty ? nil : .array(citations),
            ])
        }
        for index in calls.indices { content.append(call(index, isWhole: true)) }
        return message(content, stop, usage(outputTokens))
    }

    // MARK: Streaming

    func stream(_ options: AnthropicOptions) -> LoopbackResponse {
        var stream = EventStream(lineEnd: options.lineEnd, pieceLengths: options.pieceLengths)
        func emit(_ type: String, _ members: [String: JSONValue]) {
            var members = members
            members["type"] = .string(type)
            if answer.addsUnknownEvents { members["added_later"] = ["x": 1] }
            stream.event(type, .object(members))
            if answer.addsUnknownEvents { stream.event("new_thing", ["type": "new_thing", "index": 0]) }
            if answer.keepsAlive { ping() }
        }
        func ping() { stream.event("ping", ["type": "ping"]) }
        func delta(_ index: Int64, _ delta: JSONValue) {
            emit("content_block_delta", ["index": .int(index), "delta": delta])
        }

        emit("message_start", ["message": message([], (nil, nil), usage(1))])
        ping()
        var index: Int64 = 0
        if let thoughts {
            emit(
                "content_block_start",
                ["index": 0, "content_block": ["type": "thinking", "thinking": "", "signature": ""]]
            )
            for piece in split(thoughts, every: answer.deltaLength) {
                delta(0, ["type": "thinking_delta", "thinking": .string(piece)])
            }
            delta(0, ["type": "signature_delta", "signature": "c2lnbmF0dXJl"])
            emit("content_block_stop", ["index": 0])
            index = 1
        }
        let deltas = split(text, every: answer.deltaLength)
        let end = min(answer.endsAfter ?? deltas.count, deltas.count)
        if speaks {
            emit("content_block_start", ["index": .int(index), "content_block": ["type": "text", "text": ""]])
            for (number, piece) in deltas.prefix(end).enumerated() {
                if let pause = answer.pause, pause.deltas == number { stream.then(.gate(pause.gate)) }
                delta(index, ["type": "text_delta", "text": .string(piece)])
            }
        }
        if let pause = answer.pause, pause.deltas >= end { stream.then(.gate(pause.gate)) }

        switch answer.ending {
        case .cut: stream.then(.cut)
        case .reset: stream.then(.reset)
        case .silence: break
        case .failed, .errorEvent:
            if let failure { stream.event("error", failure.json(requestID: requestID)) }
        case .nestedError(let code, let message):
            // What gateways in front of it send, who know only the word `error`.
            stream.event("error", ["error": ["type": .string(Self.type(code)), "message": .string(message)]])
        case .completed, .incomplete:
            if speaks {
                if answer.addsUnknownEvents { delta(index, ["type": "new_delta", "new": "x"]) }
                for citation in citations { delta(index, ["type": "citations_delta", "citation": citation]) }
                emit("content_block_stop", ["index": .int(index)])
                index += 1
            }
            for number in calls.indices {
                emit("content_block_start", ["index": .int(index), "content_block": call(number, isWhole: false)])
                // The first piece is always empty.
                for piece in [""] + split(calls[number].arguments, every: answer.deltaLength) {
                    delta(index, ["type": "input_json_delta", "partial_json": .string(piece)])
                }
                emit("content_block_stop", ["index": .int(index)])
                index += 1
            }
            var usage = inputUsage
            usage["output_tokens"] = .int(outputTokens)
            usage["output_tokens_details"] = ["thinking_tokens": .int(thinkingTokens)]
            let stop = stop
            emit(
                "message_delta",
                [
                    "delta": [
                        "stop_reason": stop.reason, "stop_sequence": nil, "stop_details": stop.details,
                        "container": nil,
                    ],
                    "usage": .object(usage),
                ]
            )
            emit("message_stop", [:])
        }
        return stream.response()
    }
}
