import FoundationEssentials
import SatchelCore

/// The stream events of Messages.
struct AnthropicDecoder: ChatDecoder {
    private var hasStarted = false
    private var usage: Usage?
    /// Known before the end: it comes with the last figures.
    private var reason: FinishReason?
    private var isOver = false
    private var cited: Set<Citation> = []
    /// The block that is being written, where it must be had as a whole.
    private var open: Block?
    /// Signed thoughts: they go back with the call that follows them.
    private var thoughts: [String] = []
    private var made: Set<RemoteFileID> = []

    private enum Block {
        case call(id: String, name: String, whole: String, pieces: String)
        case thinking(text: String, signature: String)
        case redacted(String)
    }
    /// What the request showed, in the order by which citations count.
    private let documents: [Citation]

    init(documents: [Citation] = []) {
        self.documents = documents
    }

    mutating func take(_ event: SSEEvent) throws(ChatStreamFault) -> [ChatEvent] {
        if event.isDone { return [] }
        guard let message = decodeReply(Message.self, from: event.data) else {
            throw .unreadable("an event of the stream is no JSON")
        }
        switch message.type ?? event.name ?? "" {
        case "message_start":
            note(message.start?.usage)
            guard !hasStarted, let id = message.start?.id else { return [] }
            hasStarted = true
            return [.started(id)]
        case "content_block_start":
            let ended = closed()
            open = message.block.flatMap(Self.opened)
            return ended + (message.block.map { events(of: $0) } ?? [])
        case "content_block_stop": return closed()
        case "content_block_delta": return message.delta.map { events(of: $0) } ?? []
        case "message_delta":
            note(message.usage)
            guard let delta = message.delta, let word = delta.stopReason else { return [] }
            reason = Self.reason(word)
            return delta.explanation.map { [.refusal($0)] } ?? []
        case "message_stop":
            reason = reason ?? .stop
            return end()
        case "error": throw .refused(ErrorReply(event.data))
        default:
            if message.isError { throw .refused(ErrorReply(event.data)) }
            return []
        }
    }

    /// A reason was given, so only the last event is missing: some servers leave it out.
    mutating func end() -> [ChatEvent] {
        guard let reason, !isOver else { return [] }
        isOver = true
        return closed() + (usage.map { [.usage($0.chatUsage)] } ?? []) + [.finished(reason)]
    }

    /// Figures are totals, so the later ones count; those that are left out stay as they were.
    private mutating func note(_ later: Usage?) {
        guard let later else { return }
        usage = usage.map { $0.updated(with: later) } ?? later
    }

    private mutating func events(of piece: Piece) -> [ChatEvent] {
        var events: [ChatEvent] = []
        if let text = piece.text, !text.isEmpty { events.append(.text(text)) }
        if let thinking = piece.thinking, !thinking.isEmpty { events.append(.reasoning(thinking)) }
        switch open {
        case .call(let id, let name, let whole, let pieces):
            open = .call(id: id, name: name, whole: whole, pieces: pieces + (piece.json ?? ""))
        case .thinking(let text, let signature):
            open = .thinking(
                text: text + (piece.thinking ?? ""),
                signature: piece.signature.flatMap { $0.isEmpty ? nil : $0 } ?? signature
            )
        case .redacted, nil: break
        }
        for id in piece.outputs.compactMap({ RemoteFileID($0) }) where made.insert(id).inserted {
            events.append(.made(MadeFile(place: .file(id))))
        }
        if let citation = piece.citation?.citation(documents), cited.insert(citation).inserted {
            events.append(.citation(citation))
        }
        return events
    }

    private static func opened(_ block: Piece) -> Block? {
        switch block.type {
        case "tool_use": .call(id: block.id ?? "", name: block.name ?? "", whole: block.input?.text ?? "{}", pieces: "")
        case "thinking": .thinking(text: "", signature: "")
        case "redacted_thinking": .redacted(block.data ?? "")
        default: nil
        }
    }

    /// What the end of a block completes.
    private mutating func closed() -> [ChatEvent] {
        defer { open = nil }
        switch open {
        case .call(let id, let name, let whole, let pieces):
            defer { thoughts = [] }
            return [
                .toolCall(
                    ToolCall(id: id, name: name, arguments: pieces.isEmpty ? whole : pieces, opaque: thoughts)
                )
            ]
        case .thinking(let text, let signature):
            let block: JSON = ["type": "thinking", "thinking": .string(text), "signature": .string(signature)]
            if !signature.isEmpty { thoughts.append(block.text) }
        case .redacted(let data):
            let block: JSON = ["type": "redacted_thinking", "data": .string(data)]
            thoughts.append(block.text)
        case nil: break
        }
        return []
    }

    private static func reason(_ word: String) -> FinishReason {
        switch word {
        case "end_turn", "stop_sequence": .stop
        case "max_tokens", "model_context_window_exceeded": .length
        case "refusal": .contentFilter
        case "tool_use": .toolCalls
        default: .other(word)
        }
    }
}

// MARK: The wire

extension AnthropicDecoder {
    /// Any of the events: all have a type, the rest depends on it.
    private struct Message: Decodable {
        var type: String?
        var start: Start?
        var block: Piece?
        var delta: Piece?
        var usage: Usage?
        var isError: Bool

        private enum Keys: String, CodingKey {
            case type, delta, usage, error
            case start = "message"
            case block = "content_block"
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Keys.self)
            type = container.lenient(String.self, .type)
            start = container.lenient(Start.self, .start)
            block = container.lenient(Piece.self, .block)
            delta = container.lenient(Piece.self, .delta)
            usage = container.lenient(Usage.self, .usage)
            isError = container.lenient(ErrorReply.Fields.self, .error) != nil
        }
    }

    private struct Start: Decodable {
        var id: String?
        var usage: Usage?

        private enum Keys: CodingKey {
            case id, usage
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Keys.self)
            id = container.lenient(String.self, .id)
            usage = container.lenient(Usage.self, .usage)
        }
    }

    /// A block as it begins, what is added to it, or how the message ends: told apart by what is there.
    private struct Piece: Decodable {
        var type: String?
        var text: String?
        var thinking: String?
        var citation: Place?
        var stopReason: String?
        /// In words, of a refusal.
        var explanation: String?
        /// Of a call.
        var id: String?
        var name: String?
        var input: JSON?
        /// A part of a call's arguments.
        var json: String?
        var signature: String?
        var data: String?
        /// Ids of the files that code has left: of `bash_code_execution_tool_result` and its relatives.
        var outputs: [String]

        private struct Result: Decodable {
            struct Output: Decodable {
                var file_id: String?
            }

            var content: [Output]?
        }

        private enum Keys: String, CodingKey {
            case type, text, thinking, citation, id, name, input, signature, data, content
            case json = "partial_json"
            case stopReason = "stop_reason"
            case details = "stop_details"
        }

        private enum DetailKeys: CodingKey {
            case explanation
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Keys.self)
            type = container.lenient(String.self, .type)
            id = container.lenient(String.self, .id)
            name = container.lenient(String.self, .name)
            input = container.lenient(JSON.self, .input)
            json = container.lenient(String.self, .json)
            signature = container.lenient(String.self, .signature)
            data = container.lenient(String.self, .data)
            let isResult = type?.hasSuffix("code_execution_tool_result") == true
            let result = isResult ? container.lenient(Result.self, .content) : nil
            outputs = result?.content?.compactMap(\.file_id) ?? []
            text = container.lenient(String.self, .text)
            thinking = container.lenient(String.self, .thinking)
            citation = container.lenient(Place.self, .citation)
            stopReason = container.lenient(String.self, .stopReason)
            let details = try? container.nestedContainer(keyedBy: DetailKeys.self, forKey: .details)
            explanation = details?.lenient(String.self, .explanation).flatMap { $0.isEmpty ? nil : $0 }
        }
    }

    /// What a citation points at: a document, or a page of the web.
    private struct Place: Decodable {
        var file_id: String?
        var document_title: String?
        var url: String?
        var title: String?
        var document_index: Int?
        var cited_text: String?
        var start_char_index: Int?
        var end_char_index: Int?
        var start_page_number: Int?

        /// The index counts before the title: two files may have the same title where it had to be cut.
        func citation(_ documents: [Citation]) -> Citation? {
            let shown = document_index.flatMap { documents.indices.contains($0) ? documents[$0] : nil }
            guard shown != nil || file_id != nil || document_title != nil || url != nil else { return nil }
            var citation = Citation(
                file: file_id.flatMap { RemoteFileID($0) } ?? shown?.file,
                name: shown?.name ?? document_title ?? title,
                url: url,
                quote: cited_text,
                page: start_page_number
            )
            if let start = start_char_index, let end = end_char_index, start < end {
                citation.characters = start..<end
            }
            return citation
        }
    }

    private struct Usage: Decodable {
        struct Details: Decodable {
            var thinking_tokens: Int?
        }

        var input_tokens: Int?
        var cache_creation_input_tokens: Int?
        var cache_read_input_tokens: Int?
        var output_tokens: Int?
        var output_tokens_details: Details?

        func updated(with later: Usage) -> Usage {
            Usage(
                input_tokens: later.input_tokens ?? input_tokens,
                cache_creation_input_tokens: later.cache_creation_input_tokens ?? cache_creation_input_tokens,
                cache_read_input_tokens: later.cache_read_input_tokens ?? cache_read_input_tokens,
                output_tokens: later.output_tokens ?? output_tokens,
                output_tokens_details: later.output_tokens_details ?? output_tokens_details
            )
        }

        /// What is read from the cache or written to it is counted apart from `input_tokens`.
        var chatUsage: ChatUsage {
            ChatUsage(
                input: ChatUsage.sum(input_tokens, cache_creation_input_tokens, cache_read_input_tokens),
                cached: cache_read_input_tokens ?? 0,
                cacheWrite: cache_creation_input_tokens ?? 0,
                output: output_tokens ?? 0,
                reasoning: output_tokens_details?.thinking_tokens ?? 0
            )
        }
    }
}
