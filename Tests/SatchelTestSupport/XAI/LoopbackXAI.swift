/// xAI's REST API on 127.0.0.1: Files and Responses, with a model that says what it was really shown.
///
/// For each file the answer has a line `file:<stored name>:<bytes>:<sha256>`, then `you said: <last text>`.
package final class LoopbackXAI: LoopbackProvider {
    package let server: LoopbackServer
    package let store: LoopbackStore
    private let wire: XAIWire

    package init(
        options: XAIOptions = XAIOptions(),
        store: LoopbackStore = LoopbackStore(),
        server: LoopbackServer = LoopbackServer()
    ) {
        self.server = server
        self.store = store
        wire = XAIWire(store: store, options: options)
    }

    package func start() throws { try server.start(wire) }

    package func stop() async { await server.stop() }

    /// Starts one, runs `body`, and stops it in any case.
    @discardableResult
    package static func with<Result>(
        _ options: XAIOptions = XAIOptions(),
        store: LoopbackStore = LoopbackStore(),
        server: LoopbackServer = LoopbackServer(),
        _ body: (LoopbackXAI) async throws -> Result
    ) async throws -> Result {
        let xAI = LoopbackXAI(options: options, store: store, server: server)
        return try await LoopbackServer.with(xAI.wire, server: server) { _ in try await body(xAI) }
    }

    /// `http://127.0.0.1:PORT/v1`, what `XAI_BASE_URL` holds.
    package var baseURL: String { server.url + "/v1" }

    /// A key that is taken, of the team `team-1`.
    package var key: String { "xai-loopback-0001" }

    /// A key of another team, `team-2`: it sees none of the first one's files.
    package var otherKey: String { "xai-loopback-0002" }

    package var environment: [String: String] { ["XAI_API_KEY": key, "XAI_BASE_URL": baseURL] }

    package var options: XAIOptions {
        get { wire.options }
        set { wire.options = newValue }
    }

    /// Queues how the next chat request is answered; without any the model echoes.
    package func nextAnswer(_ answer: LoopbackAnswer) { wire.push(answer) }

    package let uploadRoute: LoopbackMatch = "POST /v1/files"
    package let listRoute: LoopbackMatch = "GET /v1/files"

    package var maxPage: Int {
        get { options.maxPage }
        set { options.maxPage = newValue }
    }

    package func refusing(_ refusal: LoopbackRefusal) -> LoopbackFault {
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
