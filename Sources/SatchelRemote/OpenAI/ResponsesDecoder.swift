import FoundationEssentials
import SatchelCore

/// The stream events of the Responses API.
struct ResponsesDecoder: ChatDecoder {
    private var hasStarted = false
    /// Whether the answer's words have come piece by piece; some servers only send the whole at the end.
    private var hasText = false
    private var cited: Set<Citation> = []
    private var statuses: Set<String> = []
    /// Ids of the functions that the model has called.
    private var called: Set<String> = []
    /// Encrypted thoughts: they go back with the call that follows them.
    private var thoughts: [String] = []
    private var made: Set<MadeFile> = []

    init() {}

    mutating func take(_ event: SSEEvent) throws(ChatStreamFault) -> [ChatEvent] {
        if event.isDone { return [] }
        guard let message = decodeReply(Message.self, from: event.data) else {
            throw .unreadable("an event of the stream is no JSON")
        }
        let type = message.type ?? event.name ?? ""
        switch type {
        case "response.output_text.delta":
            hasText = true
            return message.delta.map { [.text($0)] } ?? []
        case "response.refusal.delta":
            hasText = true
            return message.delta.map { [.refusal($0)] } ?? []
        case "response.reasoning_summary_text.delta", "response.reasoning_text.delta":
            return message.delta.map { [.reasoning($0)] } ?? []
        case "response.output_text.annotation.added":
            let annotations = [message.annotation].compactMap(\.self)
            return citations(annotations) + files(annotations)
        case "response.output_item.added":
            // A tool that has no events of its own shows as an item all the same.
            guard let item = message.item, let kind = item.type, kind.hasSuffix("_call") else { return [] }
            return status(kind.dropLast("_call".count), id: item.id)
        case "response.output_item.done":
            // OGX sends no events for annotations; they are in the finished item.
            guard let item = message.item else { return [] }
            return citations(item.annotations) + outputs(of: item) + calls(of: item)
        case "response.completed", "response.done", "response.incomplete":
            return started(message) + ending(message, Self.reason(type, message.response))
        case "response.failed": throw .refused(message.response?.error ?? message.error ?? ErrorReply())
        case "error": throw .refused(message.error ?? message.ownError)
        case _ where type.hasPrefix("response."):
            let kind = type.dropFirst("response.".count).prefix { $0 != "." }
            let working = kind.hasSuffix("_call") ? status(kind.dropLast("_call".count), id: message.itemID) : []
            return started(message) + working
        default:
            if let error = message.error { throw .refused(error) }
            return []
        }
    }

    /// Without its terminal event an answer is not complete, whatever came.
    func end() -> [ChatEvent] { [] }

    private mutating func started(_ message: Message) -> [ChatEvent] {
        guard !hasStarted, let id = message.response?.id else { return [] }
        hasStarted = true
        return [.started(id)]
    }

    private mutating func ending(_ message: Message, _ reason: FinishReason) -> [ChatEvent] {
        var events: [ChatEvent] = []
        for item in message.response?.output ?? [] {
            // Thoughts have a text too, which is not the answer.
            for content in hasText || !item.isMessage ? [] : item.content {
                if let text = content.text, !text.isEmpty { events.append(.text(text)) }
                if let refusal = content.refusal, !refusal.isEmpty { events.append(.refusal(refusal)) }
            }
            events += citations(item.annotations) + outputs(of: item) + calls(of: item)
        }
        if let usage = message.response?.usage { events.append(.usage(usage)) }
        return events + [.finished(reason == .stop && !called.isEmpty ? .toolCalls : reason)]
    }

    /// The call of a finished item, once; thoughts are kept until a call follows.
    private mutating func calls(of item: Item) -> [ChatEvent] {
        if item.type == "reasoning", let thought = item.thought, !thoughts.contains(thought) {
            thoughts.append(thought)
        }
        guard item.type == "function_call", let id = item.callID ?? item.id, called.insert(id).inserted else {
            return []
        }
        defer { thoughts = [] }
        return [
            .toolCall(
                ToolCall(id: id, name: item.name ?? "", arguments: item.arguments ?? "{}", opaque: thoughts)
            )
        ]
    }

    private mutating func citations(_ annotations: [Annotation]) -> [ChatEvent] {
        annotations.compactMap(\.citation).filter { cited.insert($0).inserted }.map { .citation($0) }
    }

    /// The files that a finished item has made or speaks of, each once.
    private mutating func outputs(of item: Item) -> [ChatEvent] {
        var events = files(item.annotations)
        if item.type == "image_generation_call", let text = item.result, let data = Data(base64Encoded: text) {
            let file = MadeFile(place: .here([UInt8](data)))
            if made.insert(file).inserted { events.append(.made(file)) }
        }
        return events
    }

    private mutating func files(_ annotations: [Annotation]) -> [ChatEvent] {
        annotations.compactMap(\.made).filter { made.insert($0).inserted }.map { .made($0) }
    }

    /// What a tool does, once for each time it is called; a tool that is not known is called by its name.
    private mutating func status(_ tool: Substring, id: String?) -> [ChatEvent] {
        // Functions are the caller's own: it knows of them.
        guard !tool.isEmpty, !["function", "custom_tool"].contains(tool),
            statuses.insert(id ?? String(tool)).inserted
        else { return [] }
        let words: String =
            switch tool {
            case "file_search", "attachment_search", "document_search": "searching files"
            case "web_search": "searching the web"
            case "code_interpreter": "running code"
            case "image_generation": "making a picture"
            default: "using \(tool.prefix(40).split(separator: "_").joined(separator: " "))"
            }
        return [.status(words)]
    }

    private static func reason(_ type: String, _ response: Response?) -> FinishReason {
        guard type == "response.incomplete" || response?.status == "incomplete" else { return .stop }
        return switch response?.incomplete {
        case "max_output_tokens", "max_tokens": .length
        case "content_filter": .contentFilter
        case let word: .other(word ?? "incomplete")
        }
    }
}

// MARK: The wire

extension ResponsesDecoder {
    /// Any of the events: all have a type, the rest depends on it.
    private struct Message: Decodable {
        var type: String?
        var delta: String?
        var itemID: String?
        var response: Response?
        var item: Item?
        var annotation: Annotation?
        var error: ErrorReply?
        /// For an event of type `error`, which has the fields itself.
        var ownError: ErrorReply

        private enum Keys: String, CodingKey {
            case type, delta, response, item, annotation, error, message, code, param
            case itemID = "item_id"
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Keys.self)
            type = container.lenient(String.self, .type)
            delta = container.lenient(String.self, .delta)
            itemID = container.lenient(String.self, .itemID)
            response = container.lenient(Response.self, .response)
            item = container.lenient(Item.self, .item)
            annotation = container.lenient(Annotation.self, .annotation)
            error = container.lenient(ErrorReply.Fields.self, .error)?.reply
            ownError = ErrorReply(
                message: container.lenient(String.self, .message),
                param: container.lenient(String.self, .param),
                code: container.lenient(String.self, .code) ?? container.lenientNumber(.code).map { String($0) }
            )
        }
    }

    private struct Response: Decodable {
        var id: String?
        var status: String?
        var output: [Item]
        var usage: ChatUsage?
        var error: ErrorReply?
        var incomplete: String?

        private enum Keys: String, CodingKey {
            case id, status, output, usage, error
            case incomplete = "incomplete_details"
        }

        private enum IncompleteKeys: String, CodingKey {
            case reason
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Keys.self)
            id = container.lenient(String.self, .id)
            status = container.lenient(String.self, .status)
            output = container.lenient([Item].self, .output) ?? []
            usage = container.lenient(Usage.self, .usage)?.chatUsage
            error = container.lenient(ErrorReply.Fields.self, .error)?.reply
            let details = try? container.nestedContainer(keyedBy: IncompleteKeys.self, forKey: .incomplete)
            incomplete = details?.lenient(String.self, .reason)
        }
    }

    private struct Item: Decodable {
        var id: String?
        var type: String?
        var content: [Content]
        var callID: String?
        var name: String?
        var arguments: String?
        /// Of a picture that was made: its bytes as base64.
        var result: String?
        /// A thought that the provider can read again, as an item to be sent back.
        var thought: String?

        var isMessage: Bool { type == nil || type == "message" }

        var annotations: [Annotation] { content.flatMap { $0.annotations ?? [] } }

        private enum Keys: String, CodingKey {
            case id, type, content, name, arguments, summary, result
            case callID = "call_id"
            case encrypted = "encrypted_content"
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Keys.self)
            id = container.lenient(String.self, .id)
            type = container.lenient(String.self, .type)
            content = container.lenient([Content].self, .content) ?? []
            callID = container.lenient(String.self, .callID)
            name = container.lenient(String.self, .name)
            arguments = container.lenient(String.self, .arguments)
            result = container.lenient(String.self, .result)
            guard type == "reasoning", let encrypted = container.lenient(String.self, .encrypted) else { return }
            var members: [String: JSON] = [
                "type": "reasoning", "encrypted_content": .string(encrypted),
                "summary": container.lenient(JSON.self, .summary) ?? [],
            ]
            if let id { members["id"] = .string(id) }
            thought = JSON.object(members).text
        }
    }

    private struct Content: Decodable {
        var text: String?
        var refusal: String?
        var annotations: [Annotation]?
    }

    private struct Annotation: Decodable {
        var file_id: String?
        var container_id: String?
        var filename: String?
        var url: String?
        var title: String?

        var citation: Citation? {
            guard file_id != nil || url != nil, container_id == nil else { return nil }
            return Citation(file: file_id.flatMap { RemoteFileID($0) }, name: filename ?? title, url: url)
        }

        /// A file in the container that code ran in: no place in what was shown, but something new.
        var made: MadeFile? {
            guard let container_id, let id = file_id.flatMap({ RemoteFileID($0) }) else { return nil }
            return MadeFile(name: filename, place: .container(container_id, id))
        }
    }

    private struct Usage: Decodable {
        var chatUsage: ChatUsage

        private enum Keys: String, CodingKey {
            case input = "input_tokens"
            case output = "output_tokens"
            case inputDetails = "input_tokens_details"
            case outputDetails = "output_tokens_details"
            /// xAI's exact price, in 10,000,000,000ths of a dollar.
            case ticks = "cost_in_usd_ticks"
            /// OpenRouter's price, in dollars.
            case cost
            case tools = "num_server_side_tools_used"
        }

        private struct Details: Decodable {
            var cached_tokens: Int?
            var cache_write_tokens: Int?
            var reasoning_tokens: Int?
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Keys.self)
            let inputDetails = container.lenient(Details.self, .inputDetails)
            chatUsage = ChatUsage(
                input: container.lenient(Int.self, .input) ?? 0,
                cached: inputDetails?.cached_tokens ?? 0,
                cacheWrite: inputDetails?.cache_write_tokens ?? 0,
                output: container.lenient(Int.self, .output) ?? 0,
                reasoning: container.lenient(Details.self, .outputDetails)?.reasoning_tokens ?? 0,
                toolCalls: container.lenient(Int.self, .tools) ?? 0,
                cost: container.lenient(Int64.self, .ticks).flatMap { Dollars(ticks: $0) }
                    ?? container.lenient(Double.self, .cost).flatMap { Dollars(nearest: $0) }
            )
        }
    }
}
