package import SatchelCore
import Synchronization

/// Mistral's Chat Completions, with documents and pictures by signed URL.
///
/// There are file ids in its schema too, which no guide of the provider uses; the signed URL is the documented way.
package struct MistralModel: ChatModel {
    package let traits: ProviderTraits
    let endpoint: Endpoint
    let client: HTTPClient
    let refusals: Refusals
    let signed: SignedURLs
    let wishes = MistralWishes()

    /// - Parameters:
    ///   - endpoint: whose models and files; the base URL with or without `/v1`.
    ///   - traits: `.mistral`, perhaps with limits changed.
    ///   - client: shared by all providers of a process.
    ///   - sleep: waits so many seconds before a URL is asked for again; throws when the task is cancelled.
    package init(
        _ endpoint: Endpoint,
        traits: ProviderTraits = .mistral,
        client: HTTPClient,
        sleep: @escaping @Sendable (Double) async throws -> Void = { try await Task.sleep(for: .seconds($0)) }
    ) {
        self.endpoint = endpoint
        self.traits = traits
        self.client = client
        refusals = Refusals(endpoint: endpoint, dialect: .mistral)
        signed = SignedURLs(endpoint, client: client, refusals: refusals, sleep: sleep)
    }

    package func stream(_ request: ChatRequest) -> AsyncThrowingStream<ChatEvent, any Error> {
        MistralAnswer(request, of: self).events
    }

    /// `GET /v1/files/{id}/content`.
    package func fetch(_ file: MadeFile, upTo limit: ByteCount) async throws(ProviderError) -> FetchedFile {
        let id: RemoteFileID
        switch file.place {
        case .here(let bytes): return FetchedFile(bytes: bytes)
        case .file(let place), .container(_, let place): id = place
        }
        guard let segment = pathSegment(id) else { throw ProviderError(.rejected, "file id \(id): is no id") }
        let bytes = try await client.fetch(
            endpoint.url(endpoint.mistralPath("/files/\(segment)/content")),
            headers: endpoint.mistralHeaders(accept: "application/octet-stream"),
            upTo: limit,
            refusals: refusals
        )
        return FetchedFile(bytes: bytes)
    }

    /// The request with the URLs of its files in it; without the wish for usage where the server refuses that.
    static func body(_ request: ChatRequest, urls: [RemoteFileID: Secret], asksForUsage: Bool = true) -> JSON {
        var messages: [JSON] = []
        if let system = request.system { messages.append(["role": "system", "content": .string(system)]) }
        messages += request.turns.flatMap { Self.messages($0, urls) }
        var body: [String: JSON] = [
            "model": .string(request.model), "messages": .array(messages), "stream": true,
        ]
        if asksForUsage { body["stream_options"] = ["include_usage": true] }
        if let key = request.cacheKey { body["prompt_cache_key"] = .string(key) }
        if let most = request.maxOutputTokens { body["max_tokens"] = .int(most) }
        if let schema = request.schema { body["response_format"] = ChatText.responseFormat(schema) }
        return JSON.object(body.merging(request.functionTools) { $1 }).adding(request.options)
    }

    /// A turn's message, and for each result of a tool one of its own.
    private static func messages(_ turn: ChatRequest.Turn, _ urls: [RemoteFileID: Secret]) -> [JSON] {
        let results: [JSON] = turn.toolResults.map { result in
            [
                "role": "tool", "tool_call_id": .string(result.id), "name": .string(result.name),
                "content": .string(result.text),
            ]
        }
        let own = message(turn, urls)
        guard !turn.toolCalls.isEmpty else { return results + [own].compactMap(\.self) }
        var members: [String: JSON] = ["role": "assistant", "content": ""]
        if case .object(let written)? = own { members = written }
        members["tool_calls"] = turn.functionCalls
        return results + [.object(members)]
    }

    /// Nil for a turn without content: an empty answer of the model is refused.
    private static func message(_ turn: ChatRequest.Turn, _ urls: [RemoteFileID: Secret]) -> JSON? {
        let (files, text) = turn.filesFirst
        var content = files.flatMap { chunks($0, urls) }
        for case .text(let text) in text where !text.isEmpty { content.append(Self.text(text)) }
        guard !content.isEmpty else { return nil }
        let words = content.compactMap { chunk -> String? in
            if case .object(let members) = chunk, case .string(let text)? = members["text"] { text } else { nil }
        }
        return [
            "role": .string(turn.role.rawValue),
            "content": words.count == content.count ? .string(words.joined(separator: "\n\n")) : .array(content),
        ]
    }

    /// A picture has no field for its name, so a line before it says it.
    private static func chunks(_ part: ChatRequest.Part, _ urls: [RemoteFileID: Secret]) -> [JSON] {
        switch part {
        case .file(let id, let path, _):
            [
                [
                    "type": "document_url", "document_url": .string(urls[id]?.value ?? ""),
                    "document_name": .string(path),
                ]
            ]
        case .image(let id, let path, _):
            [text(caption(path)), ["type": "image_url", "image_url": .string(urls[id]?.value ?? "")]]
        case .inlineText(let path, let text): [Self.text(ChatText.inlined(path: path, text: text))]
        case .inlineImage(let path, let media, let bytes):
            [text(caption(path)), ["type": "image_url", "image_url": .string(ChatText.dataURL(media, bytes))]]
        case .text(let text): [Self.text(text)]
        case .toolCall, .toolResult: []
        }
    }

    private static func text(_ text: String) -> JSON { ["type": "text", "text": .string(text)] }

    private static func caption(_ path: String) -> String { "\(path):" }
}

/// What was learned of a server while it was asked.
final class MistralWishes: Sendable {
    private let refusesUsage = Mutex(false)

    /// Whether `stream_options` is sent.
    ///
    /// The page on known limitations says that it must be for usage to come; the published schema knows no such
    /// member, and servers have refused it. So it is asked for until it is refused.
    var asksForUsage: Bool { refusesUsage.withLock { !$0 } }

    func dropUsage() { refusesUsage.withLock { $0 = true } }
}
