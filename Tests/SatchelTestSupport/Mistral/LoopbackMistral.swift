/// Mistral on 127.0.0.1: Files API with signed URLs, and Chat Completions with a model that says what it was shown.
///
/// For each document or picture the answer has a line `file:<name>:<bytes>:<sha256>`, then `you said: <last text>`.
/// The name is `document_name`, or the last part of the URL where there is none.
package final class LoopbackMistral: LoopbackProvider {
    package let server: LoopbackServer
    package let store: LoopbackStore
    private let wire: MistralWire

    package init(
        options: MistralOptions = MistralOptions(),
        store: LoopbackStore = LoopbackStore(),
        server: LoopbackServer = LoopbackServer()
    ) {
        self.server = server
        self.store = store
        wire = MistralWire(store: store, options: options)
    }

    package func start() throws { try server.start(wire) }

    package func stop() async { await server.stop() }

    /// Starts one, runs `body`, and stops it in any case.
    @discardableResult
    package static func with<Result>(
        _ options: MistralOptions = MistralOptions(),
        store: LoopbackStore = LoopbackStore(),
        server: LoopbackServer = LoopbackServer(),
        _ body: (LoopbackMistral) async throws -> Result
    ) async throws -> Result {
        let mistral = LoopbackMistral(options: options, store: store, server: server)
        return try await LoopbackServer.with(mistral.wire, server: server) { _ in try await body(mistral) }
    }

    /// `http://127.0.0.1:PORT`, what `MISTRAL_BASE_URL` holds: without a version, as the provider's own clients want it.
    package var baseURL: String { server.url }

    /// A key that is taken, of the workspace `workspace-1`.
    package var key: String { "mistral-loopback-0001" }

    /// A key of another workspace, `workspace-2`: it sees none of the first one's files.
    package var otherKey: String { "mistral-loopback-0002" }

    package var environment: [String: String] { ["MISTRAL_API_KEY": key, "MISTRAL_BASE_URL": baseURL] }

    package var options: MistralOptions {
        get { wire.options }
        set { wire.options = newValue }
    }

    /// Queues how the next chat request is answered; without any the model echoes.
    package func nextAnswer(_ answer: LoopbackAnswer) { wire.push(answer) }

    /// Every signed URL that was given out, in their order: secrets that must turn up nowhere but in a chat request.
    package var signedURLs: [String] { wire.signedURLs }

    package let uploadRoute: LoopbackMatch = "POST /v1/files"
    package let listRoute: LoopbackMatch = "GET /v1/files"

    package var maxPage: Int {
        get { options.maxPage }
        set { options.maxPage = newValue }
    }

    package func refusing(_ refusal: LoopbackRefusal) -> LoopbackFault {
        switch refusal {
        case .rateLimited(let seconds):
            .mistral(.rateLimited, headers: ["Retry-After": String(seconds)])
        case .spent: .mistral(.outOfCredit)
        case .unauthorised: .mistral(.unauthorised)
        case .forbidden: .mistral(.detail(403, "You do not have access to this resource."))
        case .tooLarge: .mistral(.detail(413, "Request body too large."))
        case .overloaded: .mistral(.overCapacity)
        }
    }
}
