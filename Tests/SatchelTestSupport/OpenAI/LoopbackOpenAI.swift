/// An OpenAI-compatible provider on 127.0.0.1: Files API, Responses and Chat Completions, with a model that says what
/// it was really shown.
///
/// For each file the answer has a line `file:<stored name>:<bytes>:<sha256>`, then `you said: <last text>`.
package final class LoopbackOpenAI: LoopbackProvider {
    package let server: LoopbackServer
    package let store: LoopbackStore
    private let wire: OpenAIWire

    package init(
        options: OpenAIOptions = OpenAIOptions(),
        store: LoopbackStore = LoopbackStore(),
        server: LoopbackServer = LoopbackServer()
    ) {
        self.server = server
        self.store = store
        wire = OpenAIWire(store: store, options: options)
    }

    package func start() throws { try server.start(wire) }

    package func stop() async { await server.stop() }

    /// Starts one, runs `body`, and stops it in any case.
    @discardableResult
    package static func with<Result>(
        _ options: OpenAIOptions = OpenAIOptions(),
        store: LoopbackStore = LoopbackStore(),
        server: LoopbackServer = LoopbackServer(),
        _ body: (LoopbackOpenAI) async throws -> Result
    ) async throws -> Result {
        let openAI = LoopbackOpenAI(options: options, store: store, server: server)
        return try await LoopbackServer.with(openAI.wire, server: server) { _ in try await body(openAI) }
    }

    /// `http://127.0.0.1:PORT/v1`, what `OPENAI_BASE_URL` holds.
    package var baseURL: String { server.url + "/v1" }

    /// A key that is taken, of the project `project-1`.
    package var key: String { "sk-loopback-0001" }

    /// A key of another project, `project-2`: it sees none of the first one's files.
    package var otherKey: String { "sk-loopback-0002" }

    package var options: OpenAIOptions {
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

/// How the provider behaves; may be changed while it runs.
package struct OpenAIOptions: Sendable {
    /// Keys that are taken, each with its project; empty for a server that wants none.
    package var keys = ["sk-loopback-0001": "project-1", "sk-loopback-0002": "project-2"]
    /// False for a server that has no such thing, and answers 404 at `/v1/files`.
    package var hasFiles = true
    /// False for a server that only has Chat Completions.
    package var hasResponses = true
    /// Behave like OGX where it differs from OpenAI: see ``ogx``.
    package var isOGX = false
    /// Bytes of one file.
    package var maxFileSize = 512_000_000
    /// Bytes of all files in one chat request, and of each.
    package var maxRequestFiles = 50_000_000
    /// Entries that a page of a listing has at most, whatever was asked for.
    package var maxPage = 10_000
    /// Ignore the cursor and answer the same page for ever, as a gateway once did.
    package var repeatsPages = false
    /// Whether uploads can be fetched back whatever their purpose.
    package var allowsDownload = false
    /// The status for a file id in a chat request that means nothing; what OpenAI says is not documented.
    package var missingFileStatus = 400
    /// The status and words for a project that is full.
    package var whenFull = (status: 400, message: "You have exceeded your file storage quota.")
    /// How ids begin.
    package var idPrefix = "file-"
    package var refusesEmptyFiles = false
    /// Whether a wish for an expiry has an effect.
    package var heedsExpiry = true
    /// Whether the bytes of a document decide what it is, and its extension nothing.
    package var sniffsDocuments = false
    /// Between the lines of an event stream: `"\n"`, or `"\r\n"`, which is as proper.
    package var lineEnd = "\n"
    /// Lengths of the pieces that an event stream is cut into, over and over: they end inside lines and characters.
    package var pieceLengths = [1, 2, 3, 7, 31, 1, 64, 5, 200]

    package init() {}

    /// OGX 1.5: stored names are rewritten, every file expires, two shapes of error bodies without type and code,
    /// 404 and error events for missing files, streams with `data:` lines only and no `[DONE]`, no keys.
    package static var ogx: OpenAIOptions {
        var options = OpenAIOptions()
        options.isOGX = true
        options.keys = [:]
        options.maxFileSize = 104_857_600
        options.missingFileStatus = 404
        options.allowsDownload = true
        return options
    }

    /// OpenRouter's files, as it published them in 2026: nothing expires, nothing can be fetched back, an empty file is
    /// refused, and a full workspace is 403.
    package static var openRouter: OpenAIOptions {
        var options = OpenAIOptions()
        options.maxFileSize = 104_857_600
        options.maxPage = 100
        options.whenFull = (403, "Workspace storage limit reached.")
        options.idPrefix = "or_file_"
        options.refusesEmptyFiles = true
        options.heedsExpiry = false
        options.sniffsDocuments = true
        return options
    }

    /// A plain chat server: no Files API, no Responses, no keys.
    package static var plainChat: OpenAIOptions {
        var options = OpenAIOptions()
        options.hasFiles = false
        options.hasResponses = false
        options.keys = [:]
        return options
    }
}
