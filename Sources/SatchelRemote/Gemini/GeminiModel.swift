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
        // Listings name models with their collection: `models/gemini-…`, `tunedModels/…`.
        let model = request.model.contains("/") ? request.model : "models/" + request.model
        let segments = model.split(separator: "/").map { percentEncoded(String($0)) }
        let http = HTTPRequest(
            .post,
            endpoint.geminiURL(segments.joined(separator: "/") + ":streamGenerateContent?alt=sse"),
            headers: endpoint.geminiHeaders + [
                HTTPHeader("Content-Type", "application/json"), HTTPHeader("Accept", "text/event-stream"),
            ],
            body: .bytes(body(request).bytes),
            limits: .chat
        )
        return ChatSession(
            http,
            ids: request.fileIDs,
            client: client,
            refusals: Refusals(endpoint: endpoint, dialect: .gemini),
            decoder: GeminiDecoder(at: endpoint)
        ).events
    }

    func body(_ request: ChatRequest) -> JSON {
        var body: [String: JSON] = ["contents": .array(request.turns.map(content))]
        if let system = request.system { body["systemInstruction"] = ["parts": [["text": .string(system)]]] }
        if let most = request.maxOutputTokens { body["generationConfig"] = ["maxOutputTokens": .int(most)] }
        return .object(body)
    }

    private func content(_ turn: ChatRequest.Turn) -> JSON {
        let (files, text) = turn.filesFirst
        var parts = files.flatMap(file)
        for case .text(let text) in text { parts.append(["text": .string(text)]) }
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
        }
    }

    private static func label(_ path: String) -> JSON { ["text": .string("File: \(path)")] }

    /// What is no id of this provider goes as it is, and is refused by it.
    private func uri(of id: RemoteFileID) -> String {
        guard let reference = GeminiReference(id) else { return id.rawValue }
        return reference.uri ?? endpoint.geminiURL(reference.name.rawValue)
    }
}
