/// One answer as `GenerateContentResponse`: whole, as events, or as one list.
struct GeminiChunks {
    var answer: LoopbackAnswer
    var input: GeminiInput
    var id: String
    var model: String
    var thinks: Bool

    private var text: String { answer.words(input.tools, input.echo, input.files.map(\.bytes)) ?? "" }

    /// Of calls that are made at once, only the first is signed.
    private var calls: [JSONValue] {
        answer.calls(input.tools).enumerated().map { index, call in
            var part: [String: JSONValue] = [
                "functionCall": [
                    "name": .string(call.name), "args": JSONValue(parsing: call.arguments) ?? [:],
                ]
            ]
            if index == 0 { part["thoughtSignature"] = .string(GeminiWire.signature) }
            return .object(part)
        }
    }

    /// What ends it instead of an answer, where it is not streamed.
    var failure: GeminiFailure? {
        switch answer.ending {
        case .failed(let code, let message), .errorEvent(let code, let message), .nestedError(let code, let message):
            Self.failure(code, message)
        case .completed, .incomplete, .cut, .reset, .silence: nil
        }
    }

    private static func failure(_ code: String, _ message: String) -> GeminiFailure {
        if code.contains("rate") || code.contains("exhausted") { return GeminiFailure(429, .exhausted, message) }
        if code.contains("overloaded") { return GeminiFailure(503, .unavailable, message) }
        return GeminiFailure(500, .internalError, message)
    }

    private var finishReason: JSONValue {
        if case .incomplete(let reason) = answer.ending {
            return reason == "content_filter" ? "SAFETY" : "MAX_TOKENS"
        }
        return "STOP"
    }

    /// Every chunk counts the prompt; the last one also what came of it.
    private func usage(isLast: Bool) -> JSONValue {
        let prompt = input.tokens
        var usage: [String: JSONValue] = [
            "promptTokenCount": .int(prompt), "totalTokenCount": .int(prompt),
            "promptTokensDetails": [["modality": "TEXT", "tokenCount": .int(prompt)]],
        ]
        if isLast {
            let output = Int64(text.utf8.count / 4 + 1)
            usage["candidatesTokenCount"] = .int(output)
            usage["thoughtsTokenCount"] = 3
            usage["totalTokenCount"] = .int(prompt + output + 3)
            if prompt > 1 {
                usage["cachedContentTokenCount"] = .int(prompt / 2)
                usage["cacheTokensDetails"] = [["modality": "TEXT", "tokenCount": .int(prompt / 2)]]
            }
        }
        return .object(usage)
    }

    private func response(_ candidates: [JSONValue]?, isLast: Bool = false) -> JSONValue {
        var members: [String: JSONValue] = [
            "usageMetadata": usage(isLast: isLast), "modelVersion": .string(model), "responseId": .string(id),
        ]
        if let candidates { members["candidates"] = .array(candidates) }
        if answer.addsUnknownEvents { members["addedLater"] = ["x": 1] }
        return .object(members)
    }

    private func candidate(_ parts: [JSONValue], isLast: Bool = false) -> JSONValue {
        var members: [String: JSONValue] = [
            "content": ["role": "model", "parts": .array(parts)], "index": 0,
        ]
        if isLast {
            members["finishReason"] = finishReason
            if finishReason == "SAFETY" {
                members["safetyRatings"] = [
                    ["category": "HARM_CATEGORY_DANGEROUS_CONTENT", "probability": "HIGH", "blocked": true]
                ]
            }
            let sources = citations
            if !sources.isEmpty { members["citationMetadata"] = ["citationSources": .array(sources)] }
        }
        return .object(members)
    }

    private var citations: [JSONValue] {
        guard answer.citesFiles else { return [] }
        return input.files.compactMap { file in
            file.uri.map { ["startIndex": 0, "endIndex": .int(Int64(text.utf8.count)), "uri": .string($0)] }
        }
    }

    /// A prompt that the provider does not answer has no candidates.
    private var blocked: JSONValue {
        var members = response(nil).object ?? [:]
        members["promptFeedback"] = ["blockReason": "PROHIBITED_CONTENT"]
        return .object(members)
    }

    private var thought: JSONValue { ["text": "**Looking**\n\nI read what was given.", "thought": true] }

    var whole: JSONValue {
        if answer.refusal != nil { return blocked }
        let words: [JSONValue] = text.isEmpty && !calls.isEmpty ? [] : [["text": .string(text)]]
        return response([candidate((thinks ? [thought] : []) + words + calls, isLast: true)], isLast: true)
    }

    /// Without `alt=sse` the stream is one JSON list.
    var list: LoopbackResponse { .gemini([failure?.json ?? whole]) }

    func stream(_ options: GeminiOptions) -> LoopbackResponse {
        var stream = EventStream(options)
        if answer.refusal != nil {
            stream.event(nil, blocked)
            return stream.response()
        }
        let deltas = split(text, every: answer.deltaLength)
        let end = min(answer.endsAfter ?? deltas.count, deltas.count)
        if thinks { stream.event(nil, response([candidate([thought])])) }
        for (index, delta) in deltas.prefix(end).enumerated() {
            if let pause = answer.pause, pause.deltas == index { stream.then(.gate(pause.gate)) }
            if answer.keepsAlive { stream.line(": keep-alive"); stream.line("") }
            stream.event(nil, response([candidate([["text": .string(delta)]])]))
            if answer.addsUnknownEvents { stream.event(nil, ["addedLater": ["x": 1]]) }
        }
        if let pause = answer.pause, pause.deltas >= end { stream.then(.gate(pause.gate)) }
        switch answer.ending {
        case .cut: stream.then(.cut)
        case .reset: stream.then(.reset)
        case .silence: break
        case .failed(let code, let message), .errorEvent(let code, let message), .nestedError(let code, let message):
            stream.event(nil, Self.failure(code, message).json)
        case .completed, .incomplete:
            if !calls.isEmpty { stream.event(nil, response([candidate(calls)])) }
            // The last chunk has the reason and often a piece without words.
            stream.event(nil, response([candidate([["text": ""]], isLast: true)], isLast: true))
        }
        return stream.response()
    }
}

extension EventStream {
    init(_ options: GeminiOptions) {
        var shape = OpenAIOptions()
        shape.lineEnd = options.lineEnd
        shape.pieceLengths = options.pieceLengths
        self.init(shape)
    }
}
