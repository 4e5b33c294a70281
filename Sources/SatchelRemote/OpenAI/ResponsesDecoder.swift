import FoundationEssentials
import SatchelCore

/// The stream events of the Responses API.
struct ResponsesDecoder: ChatDecoder {
    private var hasStarted = false
    /// Whether the answer's words have come piece by piece; some servers only send the whole at the end.
    private var hasText = false
    private var cited: Set<Citation> = []
    private var statuses: Set<String> = []

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
            return citations([message.annotation].compactMap(\.self))
        case "response.output_item.done":
            // OGX sends no events for annotations; they are in the finished item.
            return citations(message.item?.annotations ?? [])
        case "response.completed": return started(message) + ending(message, .stop)
        case "response.incomplete": return started(message) + ending(message, Self.reason(message.response?.incomplete))
        case "response.failed": throw .refused(message.response?.error ?? message.error ?? ErrorReply())
        case "error": throw .refused(message.error ?? message.ownError)
        case _ where type.hasPrefix("response."): return started(message) + status(type, message)
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
            for content in hasText ? [] : item.content {
                if let text = content.text, !text.isEmpty { events.append(.text(text)) }
                if let refusal = content.refusal, !refusal.isEmpty { events.append(.refusal(refusal)) }
            }
            events += citations(item.annotations)
        }
        if let usage = message.response?.usage { events.append(.usage(usage)) }
        return events + [.finished(reason)]
    }

    private mutating func citations(_ annotations: [Annotation]) -> [ChatEvent] {
        annotations.compactMap(\.citation).filter { cited.insert($0).inserted }.map { .citation($0) }
    }

    /// What a tool does, once for each time it is called.
    private mutating func status(_ type: String, _ message: Message) -> [ChatEvent] {
        let tools = [
            "response.file_search_call.": "searching files", "response.web_search_call.": "searching the web",
            "response.code_interpreter_call.": "running code", "response.image_generation_call.": "making a picture",
        ]
        guard let tool = tools.first(where: { type.hasPrefix($0.key) }),
            statuses.insert("\(tool.key)\(message.itemID ?? "")").inserted
        else { return [] }
        return [.status(tool.value)]
    }

    private static func reason(_ word: String?) -> FinishReason {
        switch word {
        case "max_output_tokens", "max_tokens": .length
        case "content_filter": .contentFilter
        default: .other(word ?? "incomplete")
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
        var output: [Item]
        var usage: ChatUsage?
        var error: ErrorReply?
        var incomplete: String?

        private enum Keys: String, CodingKey {
            case id, output, usage, error
            case incomplete = "incomplete_details"
        }

        private enum IncompleteKeys: String, CodingKey {
            case reason
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Keys.self)
            id = container.lenient(String.self, .id)
            output = container.lenient([Item].self, .output) ?? []
            usage = container.lenient(Usage.self, .usage)?.chatUsage
            error = container.lenient(ErrorReply.Fields.self, .error)?.reply
            let details = try? container.nestedContainer(keyedBy: IncompleteKeys.self, forKey: .incomplete)
            incomplete = details?.lenient(String.self, .reason)
        }
    }

    private struct Item: Decodable {
        var content: [Content]

        var annotations: [Annotation] { content.flatMap { $0.annotations ?? [] } }

        private enum Keys: CodingKey {
            case content
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Keys.self)
            content = container.lenient([Content].self, .content) ?? []
        }
    }

    private struct Content: Decodable {
        var text: String?
        var refusal: String?
        var annotations: [Annotation]?
    }

    private struct Annotation: Decodable {
        var file_id: String?
        var filename: String?
        var url: String?
        var title: String?

        var citation: Citation? {
            guard file_id != nil || url != nil else { return nil }
            return Citation(file: file_id.flatMap { RemoteFileID($0) }, name: filename ?? title, url: url)
        }
    }

    private struct Usage: Decodable {
        struct Details: Decodable {
            var cached_tokens: Int?
            var reasoning_tokens: Int?
        }

        var input_tokens: Int?
        var output_tokens: Int?
        var input_tokens_details: Details?
        var output_tokens_details: Details?

        var chatUsage: ChatUsage {
            ChatUsage(
                input: input_tokens ?? 0,
                cached: input_tokens_details?.cached_tokens ?? 0,
                output: output_tokens ?? 0,
                reasoning: output_tokens_details?.reasoning_tokens ?? 0
            )
        }
    }
}
