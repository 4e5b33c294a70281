import FoundationEssentials
import SatchelCore

/// The stream chunks of Mistral's Chat Completions: text may come as a string or as a list of typed chunks.
struct MistralDecoder: ChatDecoder {
    private var hasStarted = false
    /// The usage comes with the reason or after it, so the end waits for `[DONE]`.
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
        if chunk.isError || event.name == "error" { throw .refused(ErrorReply(event.data)) }
        var events: [ChatEvent] = []
        if !hasStarted, let id = chunk.id {
            hasStarted = true
            events.append(.started(id))
        }
        if let choice = chunk.choices.first {
            events += choice.events
            for piece in choice.calls { calls.take(piece) }
            // Documented beside `stop` and `length`, and never with a word on what went wrong.
            if choice.reason == "error" {
                throw .refused(ErrorReply(message: "the model stopped with an error", type: "server_error"))
            }
            if let word = choice.reason { reason = Self.reason(word) }
        }
        if let usage = chunk.usage { events.append(.usage(usage)) }
        return events
    }

    /// A stream that just closes is over when it gave a reason, and cut when it gave none.
    mutating func end() -> [ChatEvent] {
        guard let reason, !isOver else { return [] }
        isOver = true
        guard !calls.isEmpty, reason == .stop || reason == .toolCalls else { return [.finished(reason)] }
        return calls.calls.map { .toolCall($0) } + [.finished(.toolCalls)]
    }

    private static func reason(_ word: String) -> FinishReason {
        switch word {
        case "stop": .stop
        // The second is the model's own limit instead of the request's.
        case "length", "model_length": .length
        case "tool_calls": .toolCalls
        default: .other(word)
        }
    }
}

// MARK: The wire

extension MistralDecoder {
    private struct Chunk: Decodable {
        var id: String?
        var choices: [Choice]
        var usage: ChatUsage?
        var isError: Bool

        private enum Keys: CodingKey {
            case id, object, choices, usage, error
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Keys.self)
            id = container.lenient(String.self, .id)
            choices = container.lenient([Choice].self, .choices) ?? []
            usage = container.lenient(Usage.self, .usage)?.chatUsage
            let isNested = container.lenient(ErrorReply.Fields.self, .error) != nil
            isError = isNested || container.lenient(String.self, .object)?.lowercased() == "error"
        }
    }

    private struct Choice: Decodable {
        var events: [ChatEvent] = []
        var calls: [ToolCallPieces.Piece] = []
        var reason: String?

        private enum Keys: String, CodingKey {
            case delta
            case reason = "finish_reason"
        }

        private enum DeltaKeys: String, CodingKey {
            case content
            case calls = "tool_calls"
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Keys.self)
            reason = container.lenient(String.self, .reason)
            guard let delta = try? container.nestedContainer(keyedBy: DeltaKeys.self, forKey: .delta) else { return }
            calls = delta.lenient([ToolCallPieces.Piece].self, .calls) ?? []
            if let text = delta.lenient(String.self, .content) {
                if !text.isEmpty { events = [.text(text)] }
            } else {
                events = (delta.lenient([Content].self, .content) ?? []).flatMap(\.events)
            }
        }
    }

    /// One element of a list of contents; kinds that are not known bring nothing.
    private struct Content: Decodable {
        var events: [ChatEvent] = []

        private enum Keys: String, CodingKey {
            case type, text, thinking
            case references = "reference_ids"
            case fileID = "file_id"
            case fileName = "file_name"
            case fileType = "file_type"
        }

        private struct Thought: Decodable {
            var text: String?
        }

        /// A number, or a word.
        private struct Reference: Decodable {
            var name: String?

            init(from decoder: any Decoder) throws {
                let container = try decoder.singleValueContainer()
                name = (try? container.decode(Int.self)).map { String($0) } ?? (try? container.decode(String.self))
            }
        }

        init(from decoder: any Decoder) throws {
            guard let container = try? decoder.container(keyedBy: Keys.self) else { return }
            switch container.lenient(String.self, .type) {
            case "text":
                if let text = container.lenient(String.self, .text), !text.isEmpty { events = [.text(text)] }
            case "thinking":
                let thoughts = container.lenient([Thought].self, .thinking) ?? []
                let text = thoughts.compactMap(\.text).joined()
                if !text.isEmpty { events = [.reasoning(text)] }
            case "reference":
                let names = (container.lenient([Reference].self, .references) ?? []).compactMap(\.name)
                events = names.map { .citation(Citation(name: $0)) }
            case "tool_file":
                guard let id = container.lenient(String.self, .fileID).flatMap({ RemoteFileID($0) }) else { return }
                var name = container.lenient(String.self, .fileName)
                if let stem = name, !stem.contains("."), let type = container.lenient(String.self, .fileType) {
                    name = "\(stem).\(type)"
                }
                events = [.made(MadeFile(name: name, place: .file(id)))]
            default: break
            }
        }
    }

    private struct Usage: Decodable {
        struct Details: Decodable {
            var cached_tokens: Int?
        }

        var prompt_tokens: Int?
        var completion_tokens: Int?
        var num_cached_tokens: Int?
        var prompt_tokens_details: Details?
        /// So spelt in the schema, beside the other.
        var prompt_token_details: Details?

        var chatUsage: ChatUsage {
            ChatUsage(
                input: prompt_tokens ?? 0,
                cached: prompt_tokens_details?.cached_tokens ?? prompt_token_details?.cached_tokens
                    ?? num_cached_tokens ?? 0,
                output: completion_tokens ?? 0,
                // Part of the output, and not told apart.
                reasoning: 0
            )
        }
    }
}
