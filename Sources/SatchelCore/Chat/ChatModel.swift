/// A model that answers a conversation.
package protocol ChatModel: Sendable {
    /// What the model can be shown by id.
    var traits: ProviderTraits { get }

    /// Streams one answer. The stream throws a ``ProviderError`` when it ends without its terminal event; what came
    /// before stays valid. Cancelling the consuming task closes the connection.
    func stream(_ request: ChatRequest) -> AsyncThrowingStream<ChatEvent, any Error>

    /// The input tokens that the provider counts in `request`, for which it asks no money; nil where it cannot be asked.
    func countTokens(of request: ChatRequest) async throws(ProviderError) -> Int?

    /// Fetches a file that an answer of this model has made.
    ///
    /// - Throws: `.unsupported` for a place that this provider does not have; `.tooLarge` beyond the limit.
    func fetch(_ file: MadeFile, upTo limit: ByteCount) async throws(ProviderError) -> FetchedFile
}

extension ChatModel {
    package func countTokens(of request: ChatRequest) async throws(ProviderError) -> Int? { nil }

    package func fetch(_ file: MadeFile, upTo limit: ByteCount) async throws(ProviderError) -> FetchedFile {
        guard case .here(let bytes) = file.place else {
            throw ProviderError(.unsupported, "files that this provider makes cannot be fetched")
        }
        return FetchedFile(bytes: bytes)
    }
}

/// A whole conversation up to the answer that is wanted; the provider keeps no state for us.
package struct ChatRequest: Sendable {
    /// What one side said.
    package struct Turn: Sendable {
        /// Who said it.
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

    /// A piece of what was said, in the form in which a provider can be shown it.
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
    /// Seconds that the provider may be silent.
    package var idleTimeout = 600.0
    /// Whether the provider is to tell the places that words are from, where it has to be asked for that.
    package var wantsCitations = false
    /// A JSON schema that the answer has to follow, as JSON.
    package var schema: String?
    /// Members that the request body has besides, or instead of those that are usual: JSON by name.
    package var options: [String: String] = [:]

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

extension ChatRequest {
    /// Whether the table of prices holds: other service tiers and the provider's tools have prices of their own.
    package var isAtUsualPrice: Bool {
        options.keys.allSatisfy { !["service_tier", "serviceTier", "tools", "speed", "inference_geo"].contains($0) }
    }
}

extension ChatRequest {
    /// An option that sets how long the answer may be, in the words of any provider; nil when none does.
    package var lengthOption: String? {
        let names = ["max_output_tokens", "max_completion_tokens", "max_tokens", "maxOutputTokens"]
        let multiplies = ["n", "candidateCount"]
        return options.sorted { $0.key < $1.key }.first { key, value in
            guard let last = key.split(separator: ".").last else { return false }
            return (names + multiplies).contains(String(last)) || names.contains { value.contains("\"\($0)\"") }
        }?.key
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
    /// A tool of the provider has made a file.
    case made(MadeFile)
    /// Whole, with all of its arguments.
    case toolCall(ToolCall)
    case usage(ChatUsage)
    /// The terminal event.
    case finished(FinishReason)
}

/// Why an answer ended, where nothing broke it off.
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

/// In what way an answer is not whole, by the stable word of its end; nil for one that is.
package func unusualEnding(_ code: String?) -> String? {
    switch code {
    case nil, "stop", "tool_calls", "retrieval": nil
    case "length": "cut short: it reached the most tokens that it may have"
    case "content_filter": "broken off by the provider's filter"
    case let word?: "ended with \(printable(word))"
    }
}

/// A place in a shown file that the model refers to.
package struct Citation: Hashable, Sendable {
    package var file: RemoteFileID?
    /// What the provider calls it, such as the title that the file was shown under.
    package var name: String?
    package var url: String?
    /// The words that are quoted.
    package var quote: String?
    /// Where they stand in the file, in code points.
    package var characters: Range<Int>?
    /// Where they stand in a document that has pages, from 1.
    package var page: Int?

    package init(
        file: RemoteFileID? = nil,
        name: String? = nil,
        url: String? = nil,
        quote: String? = nil,
        characters: Range<Int>? = nil,
        page: Int? = nil
    ) {
        self.file = file
        self.name = name
        self.url = url
        self.quote = quote
        self.characters = characters
        self.page = page
    }
}
