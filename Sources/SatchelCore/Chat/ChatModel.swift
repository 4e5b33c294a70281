/// A model that answers a conversation.
package protocol ChatModel: Sendable {
    /// What the model can be shown by id.
    var traits: ProviderTraits { get }

    /// Streams one answer. The stream throws a ``ProviderError`` when it ends without its terminal event; what came
    /// before stays valid. Cancelling the consuming task closes the connection.
    func stream(_ request: ChatRequest) -> AsyncThrowingStream<ChatEvent, any Error>
}

/// A whole conversation up to the answer that is wanted; the provider keeps no state for us.
package struct ChatRequest: Sendable {
    package struct Turn: Sendable {
        package enum Role: String, Sendable {
            case user
            case assistant
        }

        package var role: Role
        package var parts: [Part]

        package init(role: Role, parts: [Part]) {
            self.role = role
            self.parts = parts
        }
    }

    package enum Part: Hashable, Sendable {
        case text(String)
        /// A document by id; `path` is what the model is told it is called, `media` what it was uploaded as.
        case file(RemoteFileID, path: String, media: MediaType)
        /// A picture by id.
        case image(RemoteFileID, path: String, media: MediaType)
        /// Where there is no Files API: the text itself.
        case inlineText(path: String, text: String)
        /// Where pictures have no ids: the bytes themselves, as a data URL.
        case inlineImage(path: String, media: MediaType, bytes: [UInt8])
        /// In a turn of the assistant: it asked for a tool.
        case toolCall(ToolCall)
        /// In the user's turn that follows: what the tool brought.
        case toolResult(ToolResult)
    }

    package var model: String
    package var system: String?
    package var turns: [Turn]
    /// Steady per workspace and thread: providers route to their prompt caches by it.
    package var cacheKey: String?
    package var maxOutputTokens: Int?
    /// What the model may ask for.
    package var tools: [ChatTool] = []
    /// False for an answer without any more of them; they stay in the request because earlier turns have used them.
    package var mayCallTools = true

    package init(
        model: String,
        system: String? = nil,
        turns: [Turn],
        cacheKey: String? = nil,
        maxOutputTokens: Int? = nil
    ) {
        self.model = model
        self.system = system
        self.turns = turns
        self.cacheKey = cacheKey
        self.maxOutputTokens = maxOutputTokens
    }
}

/// One thing that happened in an answer.
package enum ChatEvent: Hashable, Sendable {
    /// The provider's id of the response.
    case started(String)
    case text(String)
    case refusal(String)
    case reasoning(String)
    /// A tool of the provider at work: `searching files`.
    case status(String)
    case citation(Citation)
    /// Whole, with all of its arguments.
    case toolCall(ToolCall)
    case usage(ChatUsage)
    /// The terminal event.
    case finished(FinishReason)
}

package enum FinishReason: Hashable, Sendable {
    case stop
    case length
    case contentFilter
    /// The model waits for what its calls bring.
    case toolCalls
    case other(String)

    /// The stable word in JSON and in the manifest.
    package var code: String {
        switch self {
        case .stop: "stop"
        case .length: "length"
        case .contentFilter: "content_filter"
        case .toolCalls: "tool_calls"
        case .other(let word): word
        }
    }
}

/// A place in a shown file that the model refers to.
package struct Citation: Hashable, Sendable {
    package var file: RemoteFileID?
    package var name: String?
    package var url: String?

    package init(file: RemoteFileID? = nil, name: String? = nil, url: String? = nil) {
        self.file = file
        self.name = name
        self.url = url
    }
}

/// Tokens of one answer, as the provider counted them.
package struct ChatUsage: Hashable, Sendable {
    /// All input, cached or not.
    package var input: Int
    /// Of these, read from the provider's prompt cache.
    package var cached: Int
    /// All output, reasoning included.
    package var output: Int
    package var reasoning: Int
    /// What the provider says that the answer cost; nil when it does not say.
    package var cost: Dollars?

    package init(input: Int, cached: Int, output: Int, reasoning: Int, cost: Dollars? = nil) {
        self.input = input
        self.cached = cached
        self.output = output
        self.reasoning = reasoning
        self.cost = cost
    }
}

extension ChatUsage {
    /// The figures of several requests for one answer.
    ///
    /// What is not known of one of them is not known of the whole.
    package static func + (one: ChatUsage, other: ChatUsage) -> ChatUsage {
        var sum = one
        sum.input += other.input
        sum.cached += other.cached
        sum.output += other.output
        sum.reasoning += other.reasoning
        sum.cost = one.cost.flatMap { cost in other.cost.map { cost + $0 } }
        return sum
    }
}
