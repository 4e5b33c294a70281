import SatchelCore

extension ResponsesModel {
    /// The most rounds of searching and thinking that one answer may take.
    ///
    /// A model that is shown files becomes an agent that searches them, each search is billed, and nothing else limits
    /// how many there are.
    static let xAIMaxTurns = 8

    /// xAI's Responses API: OpenAI's, with files that are searched instead of read as a whole.
    static func xAI(_ endpoint: Endpoint, client: HTTPClient) -> ResponsesModel {
        ResponsesModel(endpoint, traits: .xAI, client: client, dialect: .xAI, extras: xAIExtras)
    }

    static func xAIExtras(_ request: ChatRequest) -> [String: JSON] {
        // Nothing is stored there, so what a reasoning model needs of its own thoughts has to be in its answer.
        var extras: [String: JSON] = ["include": ["reasoning.encrypted_content"]]
        // It counts only where there is something to search.
        if !request.fileIDs.isEmpty { extras["max_turns"] = .int(xAIMaxTurns) }
        return extras
    }
}
