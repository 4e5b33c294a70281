import FoundationEssentials
package import SatchelCore

/// Google's `generateContent`: files and pictures by the URI of their copies.
///
/// Nothing is stored at the provider: each request has the whole conversation.
package struct GeminiModel: ChatModel {
    package let traits: ProviderTraits
    private let endpoint: Endpoint
    private let client: HTTPClient

    package init(_ endpoint: Endpoint, traits: ProviderTraits = .gemini, client: HTTPClient) {
        self.endpoint = endpoint
        self.traits = traits
        self.client = client
    }

    package func stream(_ request: ChatRequest) -> AsyncThrowingStream<ChatEvent, any Error> {
        let http = HTTPRequest(
            .post,
            url(of: request.model, verb: "streamGenerateContent?alt=sse"),
            headers: endpoint.geminiHeaders + [
                HTTPHeader("Content-Type", "application/json"), HTTPHeader("Accept", "text/event-stream"),
            ],
            body: .bytes(body(request).bytes),
            limits: .chat(request)
        )
        return ChatSession(
            http,
            ids: request.fileIDs,
            client: client,
            refusals: Refusals(endpoint: endpoint, dialect: .gemini),
            decoder: GeminiDecoder(at: endpoint)
        ).events
    }

    /// `countTokens` takes the whole request that would be sent, and costs nothing.
    package func countTokens(of request: ChatRequest) async throws(ProviderError) -> Int? {
        var inner = body(request)
        guard case .object(var members) = inner else { return nil }
        members["model"] = .string(name(of: request.model))
        inner = .object(members)
        let http = HTTPRequest(
            .post,
            url(of: request.model, verb: "countTokens"),
            headers: endpoint.geminiHeaders + [HTTPHeader("Content-Type", "application/json")],
            body: .bytes(JSON.object(["generateContentRequest": inner]).bytes),
            limits: FilesExchange.shortLimits()
        )
        return try await client.count(
            http,
            ids: request.fileIDs,
            refusals: Refusals(endpoint: endpoint, dialect: .gemini),
            key: "totalTokens"
        )
    }

    /// Listings name models with their collection: `models/gemini-…`, `tunedModels/…`.
    private func name(of model: String) -> String { model.contains("/") ? model : "models/" + model }

    private func url(of model: String, verb: String) -> String {
        let segments = name(of: model).split(separator: "/").map { percentEncoded(String($0)) }
        return endpoint.geminiURL(segments.joined(separator: "/") + ":" + verb)
    }

    func body(_ request: ChatRequest) -> JSON {
        var body: [String: JSON] = ["contents": .array(request.turns.map(content))]
        if let system = request.system { body["systemInstruction"] = ["parts": [["text": .string(system)]]] }
        if !request.tools.isEmpty {
            let functions: [JSON] = request.tools.map { tool in
                [
                    "name": .string(tool.name), "description": .string(tool.description),
                    "parameters": Self.upperCase(tool.schema),
                ]
            }
            body["tools"] = [["functionDeclarations": .array(functions)]]
            if !request.mayCallTools { body["toolConfig"] = ["functionCallingConfig": ["mode": "NONE"]] }
        }
        var config: [String: JSON] = [:]
        if let most = request.maxOutputTokens { config["maxOutputTokens"] = .int(most) }
        if let schema = request.schema {
            config["responseMimeType"] = "application/json"
            config["responseJsonSchema"] = .raw(schema)
        }
        if !config.isEmpty { body["generationConfig"] = .object(config) }
        return JSON.object(body).adding(request.options)
    }

    /// Types are names of a protobuf's enumeration here: `STRING`.
    private static func upperCase(_ schema: JSON) -> JSON {
        switch schema {
        case .object(let members):
            .object(
                Dictionary(
                    uniqueKeysWithValues: members.map { name, value in
                        if name == "type", case .string(let type) = value {
                            (name, .string(type.uppercased()))
                        } else {
                            (name, upperCase(value))
                        }
                    }
                )
            )
        default: schema
        }
    }

    private func content(_ turn: ChatRequest.Turn) -> JSON {
        let (files, text) = turn.filesFirst
        var parts = files.flatMap(file)
        for case .text(let text) in text { parts.append(["text": .string(text)]) }
        parts += turn.toolCalls.map(Self.part) + turn.toolResults.map(Self.part)
        return ["role": turn.role == .assistant ? "model" : "user", "parts": .array(parts)]
    }

    /// A file and before it the words that name it: the model sees no name of a file.
    private func file(_ part: ChatRequest.Part) -> [JSON] {
        switch part {
        case .file(let id, let path, let media), .image(let id, let path, let media):
            [
                Self.label(path),
                ["fileData": ["fileUri": .string(uri(of: id)), "mimeType": .string(mimeType(of: media))]],
            ]
        case .inlineText(let path, let text): [["text": .string(ChatText.inlined(path: path, text: text))]]
        case .inlineImage(let path, let media, let bytes):
            [
                Self.label(path),
                [
                    "inlineData": [
                        "data": .string(Data(bytes).base64EncodedString()), "mimeType": .string(mimeType(of: media)),
                    ]
                ],
            ]
        case .text(let text): [["text": .string(text)]]
        case .toolCall, .toolResult: []
        }
    }

    /// The call, and on the same part the signature that came with it: newer models refuse it without.
    private static func part(_ call: ToolCall) -> JSON {
        var function: [String: JSON] = ["name": .string(call.name), "args": call.sound]
        if !call.hasOwnID { function["id"] = .string(call.id) }
        var part: [String: JSON] = ["functionCall": .object(function)]
        if let signature = call.opaque.first { part["thoughtSignature"] = .string(signature) }
        return .object(part)
    }

    private static func part(_ result: ToolResult) -> JSON {
        var function: [String: JSON] = [
            "name": .string(result.name), "response": [result.isError ? "error" : "output": .string(result.text)],
        ]
        if !result.hasOwnID { function["id"] = .string(result.id) }
        return ["functionResponse": .object(function)]
    }

    private static func label(_ path: String) -> JSON { ["text": .string("File: \(path)")] }

    /// What is no id of this provider goes as it is, and is refused by it.
    private func uri(of id: RemoteFileID) -> String {
        guard let reference = GeminiReference(id) else { return id.rawValue }
        return reference.uri ?? endpoint.geminiURL(reference.name.rawValue)
    }
}
