import FoundationEssentials
package import SatchelCore

/// Anthropic's Messages: documents and pictures by id, each document under its path as the title.
///
/// Nothing is stored at the provider: each request has the whole conversation. What does not change from one request
/// to the next comes first, always in the same order, and is marked, so that it is billed at the cached price.
package struct AnthropicModel: ChatModel {
    package let traits: ProviderTraits
    private let endpoint: Endpoint
    private let client: HTTPClient

    package init(_ endpoint: Endpoint, traits: ProviderTraits = .anthropic, client: HTTPClient) {
        self.endpoint = endpoint
        self.traits = traits
        self.client = client
    }

    package func stream(_ request: ChatRequest) -> AsyncThrowingStream<ChatEvent, any Error> {
        let http = HTTPRequest(
            .post,
            endpoint.anthropicURL("/messages"),
            headers: endpoint.anthropicHeaders + [
                HTTPHeader("Content-Type", "application/json"), HTTPHeader("Accept", "text/event-stream"),
            ],
            body: .bytes(Self.body(request).bytes),
            limits: .chat(request)
        )
        return ChatSession(
            http,
            ids: request.fileIDs,
            client: client,
            refusals: Refusals(endpoint: endpoint, dialect: .anthropic),
            decoder: AnthropicDecoder(documents: Self.documents(request.turns))
        ).events
    }

    /// `count_tokens` takes the same request without what is about the answer, and costs nothing.
    package func countTokens(of request: ChatRequest) async throws(ProviderError) -> Int? {
        guard case .object(var body) = Self.body(request) else { return nil }
        for name in ["max_tokens", "stream"] { body[name] = nil }
        let http = HTTPRequest(
            .post,
            endpoint.anthropicURL("/messages/count_tokens"),
            headers: endpoint.anthropicHeaders + [HTTPHeader("Content-Type", "application/json")],
            body: .bytes(JSON.object(body).bytes),
            limits: FilesExchange.shortLimits()
        )
        return try await client.count(
            http,
            ids: request.fileIDs,
            refusals: Refusals(endpoint: endpoint, dialect: .anthropic),
            key: "input_tokens"
        )
    }

    /// `GET /v1/files/{id}` for its name, then `/content`: only what code has made can be had (`downloadable`).
    package func fetch(_ file: MadeFile, upTo limit: ByteCount) async throws(ProviderError) -> FetchedFile {
        let id: RemoteFileID
        switch file.place {
        case .here(let bytes): return FetchedFile(bytes: bytes)
        case .file(let place), .container(_, let place): id = place
        }
        guard let segment = pathSegment(id) else { throw ProviderError(.rejected, "file id \(id): is no id") }
        let refusals = Refusals(endpoint: endpoint, dialect: .anthropic)
        let url = endpoint.anthropicURL("/files/\(segment)")
        let described = try await client.fetch(
            url,
            headers: endpoint.anthropicHeaders,
            upTo: .mebibytes(1),
            refusals: refusals
        )
        guard let object = decodeReply(AnthropicFileObject.self, from: described) else {
            throw ProviderError(.badReply, "\(endpoint.host): the answer describes no file")
        }
        if let size = object.size, size > limit.bytes {
            throw ProviderError(.tooLarge, "\(ByteCount(size)) are more than \(limit)")
        }
        let bytes = try await client.fetch(
            url + "/content",
            headers: endpoint.anthropicHeaders + [HTTPHeader("Accept", "application/binary")],
            upTo: limit,
            refusals: refusals
        )
        return FetchedFile(name: object.name.isEmpty ? nil : object.name, bytes: bytes)
    }

    /// What is asked for where nobody says how long an answer may be, since the field is required.
    ///
    /// Every model from Claude 4 on takes as much. Thoughts count towards it, and what is not used is not billed.
    static let usualMaxTokens = 32_000

    /// Characters of a title; measured in Unicode scalars.
    private static let longestTitle = 500

    /// Without `temperature` and the like, which API version 2026-10-21 refuses.
    static func body(_ request: ChatRequest) -> JSON {
        var body: [String: JSON] = [
            "model": .string(request.model),
            "max_tokens": .int(request.maxOutputTokens ?? usualMaxTokens),
            "stream": true,
            // A schema and citations exclude each other.
            "messages": .array(messages(request.turns, isCited: request.wantsCitations && request.schema == nil)),
        ]
        if let system = request.system, !system.isEmpty { body["system"] = .string(system) }
        if !request.tools.isEmpty {
            body["tools"] = .array(
                request.tools.map { tool in
                    [
                        "name": .string(tool.name), "description": .string(tool.description),
                        "input_schema": tool.schema,
                    ]
                }
            )
            // They stay: a conversation that has used them must define them.
            if !request.mayCallTools { body["tool_choice"] = ["type": "none"] }
        }
        if let schema = request.schema {
            body["output_config"] = ["format": ["type": "json_schema", "schema": .raw(schema)]]
        }
        return JSON.object(body).adding(request.options)
    }

    // MARK: Messages

    /// The blocks of one turn.
    private struct Message {
        var role: ChatRequest.Turn.Role
        var blocks: [JSON]
        /// The place of its last file.
        var lastFile: Int?

        /// Marks the block: everything up to it is kept for five minutes, and for five more whenever it is used.
        mutating func mark(_ place: Int) {
            guard case .object(var members) = blocks[place] else { return }
            members["cache_control"] = ["type": "ephemeral"]
            blocks[place] = .object(members)
        }
    }

    /// What citations call a document: its place among all documents of the request.
    private static func documents(_ turns: [ChatRequest.Turn]) -> [Citation] {
        turns.filter { $0.role == .user }.flatMap(\.filesFirst.files).compactMap { part in
            switch part {
            case .file(let id, let path, _): Citation(file: id, name: path)
            case .inlineText(let path, let text) where !isBlank(text): Citation(name: path)
            case .image, .inlineImage, .inlineText, .text, .toolCall, .toolResult: nil
            }
        }
    }

    private static func messages(_ turns: [ChatRequest.Turn], isCited: Bool) -> [JSON] {
        // A message must have a block; consecutive ones of the same role count as one.
        var messages = turns.map { message($0, isCited: isCited) }.filter { !$0.blocks.isEmpty }
        // Three of the four marks that a request may have. The first files are what other questions about the same
        // files begin with; the end of the last turn is what this conversation begins with; and the latest files are
        // what the next question begins with.
        let withFiles = messages.indices.filter { messages[$0].lastFile != nil }
        for index in Set([withFiles.first, withFiles.last].compactMap(\.self)) {
            if let place = messages[index].lastFile { messages[index].mark(place) }
        }
        if messages.count > 1 {
            let index = messages.count - 2
            messages[index].mark(messages[index].blocks.count - 1)
        }
        return messages.map { ["role": .string($0.role.rawValue), "content": .array($0.blocks)] }
    }

    private static func message(_ turn: ChatRequest.Turn, isCited: Bool) -> Message {
        var message = Message(role: turn.role, blocks: [])
        let (files, text) = turn.filesFirst
        // Results come first in their message, and signed thoughts in theirs.
        message.blocks += turn.toolResults.map(block)
        message.blocks += turn.toolCalls.flatMap(\.opaque).compactMap(JSON.init(parsing:))
        // Only a person shows files: they are refused in the model's own messages.
        if turn.role == .user, !files.isEmpty {
            message.blocks += files.flatMap(blocks).map { isCited ? cited($0) : $0 }
            message.lastFile = message.blocks.count - 1
        }
        for case .text(let text) in text where !isBlank(text) { message.blocks.append(block(text)) }
        message.blocks += turn.toolCalls.map { call in
            ["type": "tool_use", "id": .string(call.id), "name": .string(call.name), "input": call.sound]
        }
        return message
    }

    private static func blocks(_ part: ChatRequest.Part) -> [JSON] {
        switch part {
        case .file(let id, let path, _):
            [["type": "document", "source": source(id), "title": .string(title(path))]]
        // Pictures have no titles.
        case .image(let id, let path, _): [block("\(path):"), ["type": "image", "source": source(id)]]
        // Neither a document nor a block may be blank.
        case .inlineText(let path, let text) where isBlank(text): [block(ChatText.inlined(path: path, text: text))]
        case .inlineText(let path, let text):
            [
                [
                    "type": "document", "title": .string(title(path)),
                    "source": ["type": "text", "media_type": "text/plain", "data": .string(text)],
                ]
            ]
        case .inlineImage(let path, let media, let bytes):
            [
                block("\(path):"),
                [
                    "type": "image",
                    "source": [
                        "type": "base64", "media_type": .string(mimeType(of: media)),
                        "data": .string(Data(bytes).base64EncodedString()),
                    ],
                ],
            ]
        case .text(let text): [block(text)]
        case .toolCall, .toolResult: []
        }
    }

    private static func block(_ result: ToolResult) -> JSON {
        var members: [String: JSON] = [
            "type": "tool_result", "tool_use_id": .string(result.id), "content": .string(result.text),
        ]
        if result.isError { members["is_error"] = true }
        return .object(members)
    }

    /// All documents agree on it, or the request is refused.
    private static func cited(_ block: JSON) -> JSON {
        guard case .object(var members) = block, members["type"] == "document" else { return block }
        members["citations"] = ["enabled": true]
        return .object(members)
    }

    private static func isBlank(_ text: String) -> Bool { text.allSatisfy(\.isWhitespace) }

    private static func block(_ text: String) -> JSON { ["type": "text", "text": .string(text)] }

    private static func source(_ id: RemoteFileID) -> JSON { ["type": "file", "file_id": .string(id.rawValue)] }

    /// The path, or its end where it is too long: what is nearest to the file tells most.
    private static func title(_ path: String) -> String {
        guard path.unicodeScalars.count > longestTitle else { return path }
        return "…" + String(String.UnicodeScalarView(path.unicodeScalars.suffix(longestTitle - 1)))
    }
}
