import SatchelCore

/// One answer on its way: the signed URLs first, then the request that has them in it.
///
/// A request that was refused is asked once more where the refusal says what to leave out or to renew: nothing has
/// been answered then, and nothing billed.
actor MistralAnswer {
    private let request: ChatRequest
    private let model: MistralModel
    private let files: [RemoteFileID]
    private var session: ChatSession?
    private var hasBegun = false
    private var asksForUsage = false
    /// Whether URLs of an earlier question went into the request.
    private var hasOldURLs = false
    private var isRenewed = false

    init(_ request: ChatRequest, of model: MistralModel) {
        self.request = request
        self.model = model
        files = request.turns.flatMap(\.parts).compactMap(\.fileID)
    }

    /// The events as a stream; nothing is sent before the first one is asked for.
    nonisolated var events: AsyncThrowingStream<ChatEvent, any Error> {
        AsyncThrowingStream { try await self.next() }
    }

    private func next() async throws(ProviderError) -> ChatEvent? {
        while true {
            do throws(ProviderError) {
                let event = try await connected().next()
                hasBegun = true
                return event
            } catch {
                guard !hasBegun, mayAskAgain(after: error) else { throw error }
                session = nil
            }
        }
    }

    private func connected() async throws(ProviderError) -> ChatSession {
        if let session { return session }
        let (urls, hasOld) = try await model.signed.urls(of: files)
        hasOldURLs = hasOld
        asksForUsage = model.wishes.asksForUsage
        let http = HTTPRequest(
            .post,
            model.endpoint.url(model.endpoint.mistralPath("/chat/completions")),
            headers: model.endpoint.mistralHeaders(accept: "text/event-stream") + [
                HTTPHeader("Content-Type", "application/json")
            ],
            body: .bytes(MistralModel.body(request, urls: urls, asksForUsage: asksForUsage).bytes),
            limits: .chat(request)
        )
        let opened = ChatSession(
            http,
            ids: files.map(\.rawValue),
            client: model.client,
            refusals: model.refusals,
            decoder: MistralDecoder()
        )
        session = opened
        return opened
    }

    private func mayAskAgain(after error: ProviderError) -> Bool {
        if error.status == 422, asksForUsage, error.message.contains("stream_options") {
            model.wishes.dropUsage()
            return true
        }
        guard error.kind == .gone, hasOldURLs, !isRenewed else { return false }
        // Their files may have gone since, which asking for a new URL tells for each.
        isRenewed = true
        model.signed.forget(files)
        return true
    }
}
