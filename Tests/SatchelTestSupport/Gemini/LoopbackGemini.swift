/// The Gemini API for developers on 127.0.0.1: files that live for 48 hours, resumable uploads, and a model that says
/// what it was really shown.
///
/// For each file the answer has a line `file:<name>:<bytes>:<sha256>`, then `you said: <last text>`. The model of this
/// API sees no file names: the name is what the text part before the file says, or `unnamed`.
package final class LoopbackGemini: LoopbackProvider {
    package let server: LoopbackServer
    package let store: LoopbackStore
    private let wire: GeminiWire

    package init(
        options: GeminiOptions = GeminiOptions(),
        store: LoopbackStore = LoopbackStore(),
        server: LoopbackServer = LoopbackServer()
    ) {
        self.server = server
        self.store = store
        wire = GeminiWire(store: store, options: options)
    }

    package func start() throws { try server.start(wire) }

    package func stop() async { await server.stop() }

    /// Starts one, runs `body`, and stops it in any case.
    @discardableResult
    package static func with<Result>(
        _ options: GeminiOptions = GeminiOptions(),
        store: LoopbackStore = LoopbackStore(),
        server: LoopbackServer = LoopbackServer(),
        _ body: (LoopbackGemini) async throws -> Result
    ) async throws -> Result {
        let gemini = LoopbackGemini(options: options, store: store, server: server)
        return try await LoopbackServer.with(gemini.wire, server: server) { _ in try await body(gemini) }
    }

    /// `http://127.0.0.1:PORT`, what `GOOGLE_GEMINI_BASE_URL` holds: without a version.
    package var baseURL: String { server.url }

    /// A key that is taken, of the project `project-1`.
    package var key: String { "AIza-loopback-0001" }

    /// A key of another project, `project-2`.
    package var otherKey: String { "AIza-loopback-0002" }

    package var environment: [String: String] { ["GEMINI_API_KEY": key, "GOOGLE_GEMINI_BASE_URL": baseURL] }

    package var options: GeminiOptions {
        get { wire.options }
        set { wire.options = newValue }
    }

    /// Queues how the next chat request is answered; without any the model echoes.
    package func nextAnswer(_ answer: LoopbackAnswer) { wire.push(answer) }

    /// The request that begins an upload.
    package let startRoute: LoopbackMatch = "POST /upload/v1beta/files"
    package let uploadRoute: LoopbackMatch = "POST /resumable/upload/v1beta/files"
    package let listRoute: LoopbackMatch = "GET /v1beta/files"

    package var maxPage: Int {
        get { options.maxPage }
        set { options.maxPage = newValue }
    }

    package func refusing(_ refusal: LoopbackRefusal) -> LoopbackFault {
        switch refusal {
        case .rateLimited(let seconds): .gemini(.rateLimited(seconds: seconds))
        case .spent: .gemini(.spentForToday)
        case .unauthorised: .gemini(.invalidKey)
        case .forbidden: .gemini(GeminiFailure(403, .permissionDenied, "The caller does not have permission"))
        case .tooLarge: .gemini(GeminiFailure(413, .invalidArgument, "Request payload size exceeds the limit."))
        case .overloaded:
            .gemini(GeminiFailure(503, .unavailable, "The model is overloaded. Please try again later."))
        }
    }
}
