/// Anthropic's Files and Messages on 127.0.0.1, with a model that says what it was really shown.
///
/// For each file the answer has a line `file:<title, or else stored name>:<bytes>:<sha256>`, then
/// `you said: <last text>`.
package final class LoopbackAnthropic: LoopbackProvider {
    package let server: LoopbackServer
    package let store: LoopbackStore
    private let wire: AnthropicWire

    package init(
        options: AnthropicOptions = AnthropicOptions(),
        store: LoopbackStore = LoopbackStore(),
        server: LoopbackServer = LoopbackServer()
    ) {
        self.server = server
        self.store = store
        wire = AnthropicWire(store: store, options: options)
    }

    package func start() throws { try server.start(wire) }

    package func stop() async { await server.stop() }

    /// Starts one, runs `body`, and stops it in any case.
    @discardableResult
    package static func with<Result>(
        _ options: AnthropicOptions = AnthropicOptions(),
        store: LoopbackStore = LoopbackStore(),
        server: LoopbackServer = LoopbackServer(),
        _ body: (LoopbackAnthropic) async throws -> Result
    ) async throws -> Result {
        let anthropic = LoopbackAnthropic(options: options, store: store, server: server)
        return try await LoopbackServer.with(anthropic.wire, server: server) { _ in try await body(anthropic) }
    }

    /// `http://127.0.0.1:PORT`, what `ANTHROPIC_BASE_URL` holds: without `/v1`.
    package var baseURL: String { server.url }

    /// A key that is taken, of the first workspace.
    package var key: String { "sk-ant-loopback-0001" }

    /// A key of another workspace: it sees none of the first one's files.
    package var otherKey: String { "sk-ant-loopback-0002" }

    package var environment: [String: String] { ["ANTHROPIC_API_KEY": key, "ANTHROPIC_BASE_URL": baseURL] }

    package var options: AnthropicOptions {
        get { wire.options }
        set { wire.options = newValue }
    }

    /// Queues how the next message is answered; without any the model echoes.
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
            .anthropic(
                429,
                "rate_limit_error",
                "This request would exceed your organization's rate limit.",
                headers: ["retry-after": String(seconds)]
            )
        case .spent:
            .anthropic(
                429,
                "rate_limit_error",
                "Your organization has reached its monthly API usage threshold.",
                code: "enforced_spend_limit_reached"
            )
        case .unauthorised: .anthropic(401, "authentication_error", "invalid x-api-key")
        case .forbidden:
            .anthropic(403, "permission_error", "Your API key does not have permission to use the specified resource.")
        case .tooLarge: .anthropic(413, "request_too_large", "Request exceeds the maximum size")
        case .overloaded: .anthropic(529, "overloaded_error", "Overloaded")
        }
    }
}
