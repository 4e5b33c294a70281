/// xAI's REST API on 127.0.0.1: Files and Responses, with a model that says what it was really shown.
///
/// For each file the answer has a line `file:<stored name>:<bytes>:<sha256>`, then `you said: <last text>`.
package typealias LoopbackXAI = Loopback<XAIWire>

extension XAIWire {
    /// The first key is of `team-1`, the other of `team-2`.
    package static let address = LoopbackAddress(
        basePath: "/v1",
        baseURLVariable: "XAI_BASE_URL",
        keyVariable: "XAI_API_KEY",
        key: "xai-loopback-0001",
        otherKey: "xai-loopback-0002"
    )

    package static func refusing(_ refusal: LoopbackRefusal) -> LoopbackFault {
        switch refusal {
        case .rateLimited(let seconds):
            .xAI(429, "Too many requests for this team.", headers: ["Retry-After": String(seconds)])
        case .spent:
            .xAI(
                429,
                "Your team 16f2151a has either used all available credits or reached its monthly spending limit."
            )
        case .unauthorised:
            // Not 401: that is for a request without a key.
            .xAI(400, "Incorrect API key provided: xa***01. You can obtain an API key from https://console.x.ai.")
        case .forbidden: .xAI(403, "The API key is not allowed to use this endpoint.")
        case .tooLarge: .xAI(413, "File exceeds the 50 MB limit.", shape: .plain)
        case .overloaded: .xAI(503, "The service is temporarily overloaded.", shape: .text)
        }
    }
}
