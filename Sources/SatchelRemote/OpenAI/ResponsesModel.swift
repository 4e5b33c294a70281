package import SatchelCore

/// OpenAI's Responses API, and every server that speaks like it: files and pictures by id.
///
/// Nothing is stored at the provider: each request has the whole conversation, so that it goes on after ids change.
package struct ResponsesModel: ChatModel {
    package let traits: ProviderTraits
    private let endpoint: Endpoint
    private let client: HTTPClient
    private let dialect: ErrorDialect
    /// Members that the request has besides the usual ones.
    private let extras: @Sendable (ChatRequest) -> [String: JSON]

    package init(_ endpoint: Endpoint, traits: ProviderTraits = .openAI, client: HTTPClient) {
        self.init(endpoint, traits: traits, client: client, dialect: .common) { _ in [:] }
    }

    /// For a relative: with its own dialect, and with what its requests say besides.
    init(
        _ endpoint: Endpoint,
        traits: ProviderTraits,
        client: HTTPClient,
        dialect: ErrorDialect,
        extras: @escaping @Sendable (ChatRequest) -> [String: JSON]
    ) {
        self.endpoint = endpoint
        self.traits = traits
        self.client = client
        self.dialect = dialect
        self.extras = extras
    }

    package func stream(_ request: ChatRequest) -> AsyncThrowingStream<ChatEvent, any Error> {
        let http = HTTPRequest(
            .post,
            endpoint.url("/responses"),
            headers: endpoint.openAIHeaders + [
                HTTPHeader("Content-Type", "application/json"), HTTPHeader("Accept", "text/event-stream"),
            ],
            body: .bytes(Self.body(request, extras: extras(request)).bytes),
            limits: .chat(request)
        )
        return ChatSession(
            http,
            ids: request.fileIDs,
            client: client,
            refusals: Refusals(endpoint: endpoint, dialect: dialect),
            decoder: ResponsesDecoder()
        ).events
    }

    /// `GET /containers/{id}/files/{id}/content`; what is no file of a container is one of the Files API.
    package func fetch(_ file: MadeFile, upTo limit: ByteCount) async throws(ProviderError) -> FetchedFile {
        let path: String
        switch file.place {
        case .here(let bytes): return FetchedFile(bytes: bytes)
        case .container(let container, let id):
            guard let id = pathSegment(id), let container = RemoteFileID(container).flatMap(pathSegment) else {
                throw ProviderError(.rejected, "file id \(id): is no id")
            }
            path = "/containers/\(container)/files/\(id)/content"
        case .file(let id):
            guard let id = pathSegment(id) else { throw ProviderError(.rejected, "file id \(id): is no id") }
            path = "/files/\(id)/content"
        }
        let bytes = try await client.fetch(
            endpoint.url(path),
            headers: endpoint.openAIHeaders + [HTTPHeader("Accept", "application/binary")],
            upTo: limit,
            refusals: Refusals(endpoint: endpoint, dialect: dialect)
        )
        return FetchedFile(bytes: bytes)
    }

    static func body(_ request: ChatRequest, extras: [String: JSON] = [:]) -> JSON {
        var body: [String: JSON] = [
            "model": .string(request.model),
            "stream": true,
            "store": false,
            "input": .array(request.turns.flatMap(items)),
        ]
        if let system = request.system { body["instructions"] = .string(system) }
        if let key = request.cacheKey { body["prompt_cache_key"] = .string(key) }
        if let most = request.maxOutputTokens { body["max_output_tokens"] = .int(most) }
        if !request.tools.isEmpty {
            body["tools"] = .array(
                request.tools.map { tool in
                    [
                        "type": "function", "name": .string(tool.name), "description": .string(tool.description),
                        "parameters": tool.schema, "strict": false,
                    ]
                }
            )
            if !request.mayCallTools { body["tool_choice"] = "none" }
        }
        if let schema = request.schema {
            body["text"] = [
                "format": ["type": "json_schema", "name": "answer", "schema": .raw(schema), "strict": true]
            ]
        }
        return JSON.object(body.merging(extras) { $1 }).adding(request.options)
    }

    /// A message, and beside it the calls that were made with it or the results that were brought.
    private static func items(_ turn: ChatRequest.Turn) -> [JSON] {
        let (calls, results) = (turn.toolCalls, turn.toolResults)
        var items: [JSON] = results.map { result in
            ["type": "function_call_output", "call_id": .string(result.id), "output": .string(result.text)]
        }
        items += (calls.first?.opaque ?? []).compactMap(JSON.init(parsing:))
        if turn.parts.count > calls.count + results.count { items.append(message(turn)) }
        for (index, call) in calls.enumerated() {
            if index > 0 { items += call.opaque.compactMap(JSON.init(parsing:)) }
            items.append([
                "type": "function_call", "call_id": .string(call.id), "name": .string(call.name),
                "arguments": .string(call.sound.text),
            ])
        }
        return items
    }

    private static func message(_ turn: ChatRequest.Turn) -> JSON {
        let (files, text) = turn.filesFirst
        if turn.role == .assistant {
            // As a plain text: the schema has parts only in messages with the ids that the provider gave them.
            let words = text.compactMap { if case .text(let text) = $0 { text } else { nil } }
            return ["role": "assistant", "content": .string(words.joined(separator: "\n\n"))]
        }
        var content = files.map(file)
        if !files.isEmpty {
            content.append(["type": "input_text", "text": .string(ChatText.listing(of: files.compactMap(\.path)))])
        }
        for case .text(let text) in text { content.append(["type": "input_text", "text": .string(text)]) }
        return ["role": .string(turn.role.rawValue), "content": .array(content)]
    }

    private static func file(_ part: ChatRequest.Part) -> JSON {
        switch part {
        case .file(let id, _, _): ["type": "input_file", "file_id": .string(id.rawValue)]
        case .image(let id, _, _): ["type": "input_image", "detail": "auto", "file_id": .string(id.rawValue)]
        case .inlineText(let path, let text):
            ["type": "input_text", "text": .string(ChatText.inlined(path: path, text: text))]
        case .inlineImage(_, let media, let bytes):
            ["type": "input_image", "detail": "auto", "image_url": .string(ChatText.dataURL(media, bytes))]
        case .text(let text): ["type": "input_text", "text": .string(text)]
        // No files: they have items of their own.
        case .toolCall, .toolResult: [:]
        }
    }
}
