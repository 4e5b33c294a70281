/// An OpenAI-compatible provider on 127.0.0.1: Files API, Responses and Chat Completions, with a model that says what
/// it was really shown.
///
/// For each file the answer has a line `file:<stored name>:<bytes>:<sha256>`, then `you said: <last text>`.
package typealias LoopbackOpenAI = Loopback<OpenAIWire>

extension OpenAIWire {
    /// Of `project-1`; the other key is of `project-2`.
    package static let address = LoopbackAddress(
        basePath: "/v1",
        baseURLVariable: "OPENAI_BASE_URL",
        keyVariable: "OPENAI_API_KEY",
        key: "sk-loopback-0001",
        otherKey: "sk-loopback-0002"
    )

    package static func refusing(_ refusal: LoopbackRefusal) -> LoopbackFault {
        switch refusal {
        case .rateLimited(let seconds): .rateLimited(retryAfter: String(seconds))
        case .spent: .outOfCredit
        case .unauthorised:
            .openAI(401, "Incorrect API key provided.", type: "invalid_request_error", code: "invalid_api_key")
        case .forbidden: .openAI(403, "You have insufficient permissions.", type: "invalid_request_error")
        case .tooLarge: .openAI(413, "Maximum content size limit exceeded.", type: "invalid_request_error")
        case .overloaded: .openAI(503, "The server is overloaded. Slow Down.", type: "server_error")
        }
    }
}
