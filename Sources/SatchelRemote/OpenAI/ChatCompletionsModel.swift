package import SatchelCore

/// Chat Completions: the format that every compatible server has, with files as part of the text.
package struct ChatCompletionsModel: ChatModel {
    package let traits: ProviderTraits
    private let endpoint: Endpoint
    private let client: HTTPClient

    package init(_ endpoint: Endpoint, traits: ProviderTraits = .chatCompletions, client: HTTPClient) {
        self.endpoint = endpoint
        self.traits = traits
        self.client = client
    }

    package func stream(_ request: ChatRequest) -> AsyncThrowingStream<ChatEvent, any Error> {
        if let refusal = refusal(of: request) { return AsyncThrowingStream { throw refusal } }
        let http = HTTPRequest(
            .post,
            endpoint.url("/chat/completions"),
            headers: endpoint.openAIHeaders + [
                HTTPHeader("Content-Type", "application/json"), HTTPHeader("Accept", "text/event-stream"),
            ],
            body: .bytes(Self.body(request).bytes),
            limits: .chat(request)
        )
        return ChatSession(
            http,
            ids: request.fileIDs,
            client: client,
            refusals: Refusals(endpoint: endpoint),
            decoder: ChatCompletionsDecoder()
        ).events
    }

    /// Some servers pass ids on unread and answer as if nothing had been attached: better not to ask.
    private func refusal(of request: ChatRequest) -> ProviderError? {
        for part in request.turns.flatMap(\.parts) {
            switch part {
            case .file(_, let path, _) where !traits.canReferFiles,
                .image(_, let path, _) where !traits.canReferImages:
                let shown = printable(path)
                return ProviderError(
                    .unsupported,
                    "\(shown): \(endpoint.host) takes no files by id in chat completions"
                )
            case .file, .image, .text, .inlineText, .inlineImage, .toolCall, .toolResult: continue
            }
        }
        return nil
    }

    static func body(_ request: ChatRequest) -> JSON {
        var messages: [JSON] = []
        if let system = request.system { messages.append(["role": "system", "content": .string(system)]) }
        messages += request.turns.flatMap(Self.messages)
        var body: [String: JSON] = [
            "model": .string(request.model),
            "stream": true,
            "stream_options": ["include_usage": true],
            "messages": .array(messages),
        ]
        if let most = request.maxOutputTokens { body["max_tokens"] = .int(most) }
        if let schema = request.schema { body["response_format"] = ChatText.responseFormat(schema) }
        return JSON.object(body.merging(request.functionTools) { $1 }).adding(request.options)
    }

    /// A turn's message, and for each result of a tool one of its own.
    private static func messages(_ turn: ChatRequest.Turn) -> [JSON] {
        let (calls, results) = (turn.toolCalls, turn.toolResults)
        var messages: [JSON] = results.map { result in
            ["role": "tool", "tool_call_id": .string(result.id), "content": .string(result.text)]
        }
        guard turn.parts.count > results.count else { return messages }
        guard !calls.isEmpty, case .object(var members) = message(turn) else { return messages + [message(turn)] }
        members["tool_calls"] = turn.functionCalls
        if turn.parts.count == calls.count { members["content"] = nil }
        messages.append(.object(members))
        return messages
    }

    private static func message(_ turn: ChatRequest.Turn) -> JSON {
        let (files, text) = turn.filesFirst
        var content = files.map(file)
        for case .text(let text) in text { content.append(["type": "text", "text": .string(text)]) }
        let words = content.compactMap { part -> String? in
            if case .object(let members) = part, case .string(let text)? = members["text"] { text } else { nil }
        }
        // Only words: a plain string, which the simplest servers understand too.
        let isPlain = words.count == content.count
        return [
            "role": .string(turn.role.rawValue),
            "content": isPlain ? .string(words.joined(separator: "\n\n")) : .array(content),
        ]
    }

    private static func file(_ part: ChatRequest.Part) -> JSON {
        switch part {
        case .file(let id, _, _), .image(let id, _, _): ["type": "file", "file": ["file_id": .string(id.rawValue)]]
        case .inlineText(let path, let text):
            ["type": "text", "text": .string(ChatText.inlined(path: path, text: text))]
        case .inlineImage(_, let media, let bytes):
            ["type": "image_url", "image_url": ["url": .string(ChatText.dataURL(media, bytes))]]
        case .text(let text): ["type": "text", "text": .string(text)]
        // No files: they stand beside the content.
        case .toolCall, .toolResult: [:]
        }
    }
}

extension ProviderTraits {
    /// Servers of which nothing is expected but Chat Completions.
    package static let chatCompletions = {
        var traits = ProviderTraits.openAICompatible
        traits.canReferFiles = false
        traits.canReferImages = false
        return traits
    }()
}
