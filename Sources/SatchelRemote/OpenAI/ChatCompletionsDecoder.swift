import FoundationEssentials
import SatchelCore

/// The stream chunks of Chat Completions.
struct ChatCompletionsDecoder: ChatDecoder {
    private var hasStarted = false
    /// The usage comes in a chunk of its own after the one that has the reason, so the end waits for it.
    private var reason: FinishReason?
    private var isOver = false
    private var calls = ToolCallPieces()

    init() {}

    mutating func take(_ event: SSEEvent) throws(ChatStreamFault) -> [ChatEvent] {
        if event.isDone {
            // A server that says it is done is believed, also without a reason.
            reason = reason ?? .stop
            return end()
        }
        guard let chunk = decodeReply(Chunk.self, from: event.data) else {
            throw .unreadable("an event of the stream is no JSON")
        }
        if let error = chunk.error { throw .refused(error) }
        if event.name == "error" { throw .refused(ErrorReply(event.data)) }
        var events: [ChatEvent] = []
        if !hasStarted, let id = chunk.id {
            hasStarted = true
            events.append(.started(id))
        }
        if let choice = chunk.choices.first {
            if let reasoning = choice.reasoning, !reasoning.isEmpty { events.append(.reasoning(reasoning)) }
            if let text = choice.text, !text.isEmpty { events.append(.text(text)) }
            if let refusal = choice.refusal, !refusal.isEmpty { events.append(.refusal(refusal)) }
            events += choice.citations.map { .citation($0) }
            for piece in choice.calls { calls.take(piece) }
            if let word = choice.reason { reason = Self.reason(word) }
        }
        if let usage = chunk.usage { events.append(.usage(usage)) }
        return events
    }

    /// Servers without `[DONE]` just close; with a reason that is an end, without one it is a cut.
    mutating func end() -> [ChatEvent] {
        guard let reason, !isOver else { return [] }
        isOver = true
        // Some say that they stopped although they wait; calls that were cut off are none.
        guard !calls.isEmpty, reason == .stop || reason == .toolCalls else { return [.finished(reason)] }
        return calls.calls.map { .toolCall($0) } + [.finished(.toolCalls)]
    }

    private static func reason(_ word: String) -> FinishReason {
        switch word {
        case "stop": .stop
        case "length": .length
        case "content_filter": .contentFilter
        case "tool_calls": .toolCalls
        default: .other(word)
        }
    }
}

// MARK: The wire

extension ChatCompletionsDecoder {
    private struct Chunk: Decodable {
        var id: String?
        var choices: [Choice]
        var usage: ChatUsage?
        var error: ErrorReply?

        private enum Keys: CodingKey {
            case id, choices, usage, error
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Keys.self)
            id = container.lenient(String.self, .id)
            choices = container.lenient([Choice].self, .choices) ?? []
            usage = container.lenient(Usage.self, .usage)?.chatUsage
            error = container.lenient(ErrorReply.Fields.self, .error)?.reply
        }
    }

    private struct Choice: Decodable {
        var text: String?
        var refusal: String?
        var reasoning: String?
        var citations: [Citation] = []
        var calls: [ToolCallPieces.Piece] = []
        var reason: String?

        private enum Keys: String, CodingKey {
            case delta
            case reason = "finish_reason"
        }

        private enum DeltaKeys: String, CodingKey {
            case content, refusal, reasoning, annotations
            case calls = "tool_calls"
            case reasoningContent = "reasoning_content"
        }

        private struct Annotation: Decodable {
            struct Page: Decodable {
                var url: String?
                var title: String?
            }

            var url_citation: Page?
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Keys.self)
            reason = container.lenient(String.self, .reason)
            guard let delta = try? container.nestedContainer(keyedBy: DeltaKeys.self, forKey: .delta) else { return }
            text = delta.lenient(String.self, .content)
            refusal = delta.lenient(String.self, .refusal)
            reasoning = delta.lenient(String.self, .reasoningContent) ?? delta.lenient(String.self, .reasoning)
            calls = delta.lenient([ToolCallPieces.Piece].self, .calls) ?? []
            let pages = (delta.lenient([Annotation].self, .annotations) ?? []).compactMap(\.url_citation)
            citations = pages.map { Citation(name: $0.title, url: $0.url) }
        }
    }

    private struct Usage: Decodable {
        struct Details: Decodable {
            var cached_tokens: Int?
            var cache_write_tokens: Int?
            var reasoning_tokens: Int?
        }

        var prompt_tokens: Int?
        var completion_tokens: Int?
        var prompt_tokens_details: Details?
        var completion_tokens_details: Details?
        /// OpenRouter's price, in dollars.
        var cost: Double?

        var chatUsage: ChatUsage {
            ChatUsage(
                input: prompt_tokens ?? 0,
                cached: prompt_tokens_details?.cached_tokens ?? 0,
                cacheWrite: prompt_tokens_details?.cache_write_tokens ?? 0,
                output: completion_tokens ?? 0,
                reasoning: completion_tokens_details?.reasoning_tokens ?? 0,
                cost: cost.flatMap { Dollars(nearest: $0) }
            )
        }
    }
}
