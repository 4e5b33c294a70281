import FoundationEssentials
import SatchelCore

/// The stream of `streamGenerateContent?alt=sse`: every event is one `GenerateContentResponse`.
///
/// Its end is a reason, not a word of its own. Every event counts tokens anew; the last count is the one that holds.
struct GeminiDecoder: ChatDecoder {
    private var hasStarted = false
    private var reason: FinishReason?
    private var usage: ChatUsage?
    private var isOver = false
    private var cited: Set<Citation> = []
    private var calls = 0

    private let endpoint: Endpoint

    /// - Parameter endpoint: what the files that an answer cites are named by.
    init(at endpoint: Endpoint) {
        self.endpoint = endpoint
    }

    mutating func take(_ event: SSEEvent) throws(ChatStreamFault) -> [ChatEvent] {
        guard let reply = decodeReply(Reply.self, from: event.data) else {
            throw .unreadable("an event of the stream is no JSON")
        }
        if let error = reply.error { throw .refused(error) }
        var events: [ChatEvent] = []
        if !hasStarted, let id = reply.responseID {
            hasStarted = true
            events.append(.started(id))
        }
        usage = reply.usage ?? usage
        if let block = reply.blockReason {
            events.append(.refusal("The prompt was blocked by the provider: \(printable(block))."))
            reason = .contentFilter
            return events + end()
        }
        guard let candidate = reply.candidates.first else { return events }
        for part in candidate.parts {
            if let call = part.call {
                calls += 1
                let id = call.id.flatMap { $0.isEmpty ? nil : $0 } ?? "\(ToolCall.ownPrefix)\(calls)"
                events.append(
                    .toolCall(
                        ToolCall(
                            id: id,
                            name: call.name ?? "",
                            arguments: call.args?.text ?? "{}",
                            opaque: [part.signature].compactMap(\.self)
                        )
                    )
                )
                continue
            }
            if let data = part.data, !part.isThought {
                events.append(.made(MadeFile(name: part.name, place: .here(data))))
                continue
            }
            guard let text = part.text, !text.isEmpty else { continue }
            events.append(part.isThought ? .reasoning(text) : .text(text))
        }
        for citation in candidate.sources.compactMap(citation) where cited.insert(citation).inserted {
            events.append(.citation(citation))
        }
        if let word = candidate.finishReason {
            reason = Self.reason(word)
            // There is no word of its own for an answer that waits for results.
            if calls > 0, reason == .stop { reason = .toolCalls }
            // The count of what was written may come in an event of its own.
            if reply.usage?.output ?? 0 > 0 { events += end() }
        }
        return events
    }

    mutating func end() -> [ChatEvent] {
        guard let reason, !isOver else { return [] }
        isOver = true
        return (usage.map { [.usage($0)] } ?? []) + [.finished(reason)]
    }

    /// The URI of a file of ours is nothing that anybody could open, so it becomes its id.
    private func citation(_ source: Source) -> Citation? {
        var citation = place(of: source)
        citation?.quote = source.text
        citation?.page = source.pageNumber
        return citation
    }

    private func place(of source: Source) -> Citation? {
        guard let uri = source.uri else { return source.title.map { Citation(name: $0) } }
        guard let id = RemoteFileID(uri), let reference = GeminiReference(id) else {
            return Citation(name: source.title, url: uri)
        }
        return Citation(file: GeminiReference(reference.name, uri: uri, at: endpoint).id, name: source.title)
    }

    private static func reason(_ word: String) -> FinishReason {
        switch word {
        case "STOP": .stop
        case "MAX_TOKENS": .length
        case "SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY",
            "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION":
            .contentFilter
        default: .other(word.lowercased())
        }
    }
}

// MARK: The wire

extension GeminiDecoder {
    private struct Reply: Decodable {
        var responseID: String?
        var candidates: [Candidate]
        var usage: ChatUsage?
        var blockReason: String?
        var error: ErrorReply?

        private enum Keys: String, CodingKey {
            case candidates, usageMetadata, promptFeedback, error
            case responseID = "responseId"
        }

        private struct Feedback: Decodable {
            var blockReason: String?
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Keys.self)
            responseID = container.lenient(String.self, .responseID)
            candidates = container.lenient([Candidate].self, .candidates) ?? []
            usage = container.lenient(Usage.self, .usageMetadata)?.chatUsage
            blockReason = container.lenient(Feedback.self, .promptFeedback)?.blockReason
            error = container.lenient(ErrorReply.Fields.self, .error)?.reply
        }
    }

    private struct Candidate: Decodable {
        var parts: [Part]
        var finishReason: String?
        var sources: [Source]

        private enum Keys: CodingKey {
            case content, finishReason, citationMetadata, groundingMetadata
        }

        private struct Content: Decodable {
            var parts: [Part]?
        }

        private struct Citations: Decodable {
            var citationSources: [Source]?
        }

        private struct Grounding: Decodable {
            struct Chunk: Decodable {
                var web: Source?
                var retrievedContext: Source?
            }

            var groundingChunks: [Chunk]?
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Keys.self)
            parts = container.lenient(Content.self, .content)?.parts ?? []
            finishReason = container.lenient(String.self, .finishReason)
            sources = container.lenient(Citations.self, .citationMetadata)?.citationSources ?? []
            let chunks = container.lenient(Grounding.self, .groundingMetadata)?.groundingChunks ?? []
            sources += chunks.compactMap { $0.retrievedContext ?? $0.web }
        }
    }

    /// Where words of the answer come from.
    private struct Source: Decodable {
        var uri: String?
        var title: String?
        /// What a search of files has found there.
        var text: String?
        var pageNumber: Int?
    }

    private struct Part: Decodable {
        struct Call: Decodable {
            var id: String?
            var name: String?
            var args: JSON?
        }

        var text: String?
        var isThought: Bool
        var call: Call?
        var signature: String?
        /// A picture, or what code has made: it comes along itself.
        var data: [UInt8]?
        var name: String?

        private struct Blob: Decodable {
            var data: String?
            var displayName: String?
        }

        private enum Keys: String, CodingKey {
            case text, thought, inlineData
            case call = "functionCall"
            case signature = "thoughtSignature"
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Keys.self)
            text = container.lenient(String.self, .text)
            isThought = container.lenient(Bool.self, .thought) ?? false
            call = container.lenient(Call.self, .call)
            signature = container.lenient(String.self, .signature)
            let blob = container.lenient(Blob.self, .inlineData)
            data = blob?.data.flatMap { Data(base64Encoded: $0) }.map { [UInt8]($0) }
            name = blob?.displayName
        }
    }

    private struct Usage: Decodable {
        var promptTokenCount: Int?
        var toolUsePromptTokenCount: Int?
        var cachedContentTokenCount: Int?
        var candidatesTokenCount: Int?
        var thoughtsTokenCount: Int?

        /// Thoughts are counted beside the answer here, and inside it elsewhere.
        var chatUsage: ChatUsage {
            ChatUsage(
                input: ChatUsage.sum(promptTokenCount, toolUsePromptTokenCount),
                cached: cachedContentTokenCount ?? 0,
                output: ChatUsage.sum(candidatesTokenCount, thoughtsTokenCount),
                reasoning: thoughtsTokenCount ?? 0
            )
        }
    }
}
