internal import FoundationEssentials
internal import SatchelCore
internal import SatchelManifest
internal import SatchelRemote

/// One turn on its way: the references are made, the request is sent, the answer is gathered and kept.
struct ChatTurn {
    let workspace: Workspace
    let connection: Connection
    let model: any ChatModel
    let modelName: String
    let system: String?
    let earlier: [Manifest.Message]
    let question: String
    let files: [Manifest.ShownFile]
    let thread: Int64
    let message: Int64
    let wishes: ChatWishes

    private var shown: [ChatAnswer.File] = []
    private var citations: [ResolvedCitation] = []
    /// Of these, one for each place.
    private var places: [ResolvedCitation] = []
    private var texts: ShownTexts
    /// What the ids of the request stand for.
    private var digests: [RemoteFileID: ContentDigest] = [:]
    let saver: AnswerSaver
    private(set) var text = ""
    /// Code points of it: counting them anew for each citation would take longer and longer.
    private var length = 0
    /// Of all requests of this turn.
    var usage: ChatUsage?
    var finish: FinishReason?
    var tools: TurnTools
    /// What tools of the provider have made, as it was told.
    var made: [MadeFile] = []
    /// Of these, what was kept, or why it was not; in the same order.
    var outputs: [KeptFile] = []

    init(
        workspace: Workspace,
        connection: Connection,
        model: any ChatModel,
        modelName: String,
        system: String?,
        earlier: [Manifest.Message],
        question: String,
        files: [Manifest.ShownFile],
        thread: Int64,
        message: Int64,
        wishes: ChatWishes = ChatWishes(),
        offersTools: Bool = false
    ) {
        self.workspace = workspace
        self.connection = connection
        self.model = model
        self.modelName = modelName
        self.system = system
        self.earlier = earlier
        self.question = question
        self.files = files
        self.thread = thread
        self.message = message
        self.wishes = wishes
        texts = ShownTexts(workspace, files: files + earlier.flatMap(\.files).reversed())
        saver = AnswerSaver(workspace.manifest, message: message)
        tools = TurnTools(workspace, connection, isOffered: offersTools)
    }

    /// Asks, and asks once more when a file turned out to be gone at the provider before anything was answered.
    mutating func run(observe: @escaping @Sendable (ChatProgress) -> Void) async throws -> ChatAnswer {
        do {
            var references = try await references(observe: observe)
            try await stopAtInlinedSecrets(references, observe: observe)
            do {
                try await stream(references, observe: observe)
            } catch let error as ProviderError where error.kind == .gone && text.isEmpty && made.isEmpty {
                guard try await workspace.dropVanished(references.ids, in: connection) else { throw error }
                observe(.renewed)
                references = try await self.references(observe: observe)
                try await stream(references, observe: observe)
            }
            try await workspace.manifest.markUsed(references.ids, in: connection.id, at: workspace.now())
            try checkSchema()
            if wishes.verifiesQuotes { await verifyQuotes() }
            await keepMade(isOver: true, observe: observe)
            await saver.end()
            try await keep(status: .success, error: nil)
            return answer()
        } catch {
            // Also after Ctrl-C: the task is cancelled, but what was answered so far is to be kept.
            let isAborted = error is CancellationError || (error as? ProviderError)?.kind == .cancelled
            try await workspace.keepDespiteCancellation { [self] in
                await saver.end()
                var turn = self
                await turn.keepMade(isOver: false, observe: observe)
                try await turn.keep(status: .failed, error: isAborted ? "aborted" : "\(error)")
            }
            throw error
        }
    }

    private mutating func stream(
        _ references: References,
        observe: @escaping @Sendable (ChatProgress) -> Void
    ) async throws {
        shown = []
        var inlined: [WorkspacePath: SkipReason] = [:]
        for file in files {
            let id = references.byDigest[file.digest]
            if id == nil, try await !canInline(file) {
                observe(.notice("\(file.path): not shown: it is not text, and this model cannot refer to it"))
                continue
            }
            if id == nil, connection.traits.canReferFiles { inlined[file.path] = try await refusal(of: file) }
            shown.append(ChatAnswer.File(path: file.path, digest: file.digest, remoteID: id))
        }
        if let (path, reason) = inlined.min(by: { $0.key < $1.key }) {
            let others = inlined.count > 1 ? " and \(inlined.count - 1) more" : ""
            observe(.notice("\(path)\(others): shown as part of the question: \(reason)"))
        }
        var request = try await request(references)
        request.tools = tools.offered
        request.maxOutputTokens = try await outputBound(for: request)
        observe(.asking(files: shown, model: modelName))
        try await workspace.manifest.noteDeparture(
            of: files.filter { !references.lost.contains($0.digest) },
            after: earlier.flatMap(\.files).filter { !references.lost.contains($0.digest) },
            to: connection.chatID,
            at: workspace.now()
        )
        digests = Dictionary(references.byDigest.map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        try await converse(request, observe: observe)
    }

    /// The whole conversation, as it is sent.
    func request(_ references: References) async throws -> ChatRequest {
        var request = ChatRequest(
            model: modelName,
            system: system,
            turns: try await turns(references),
            cacheKey: "satchel-\(thread)"
        )
        request.idleTimeout = workspace.configuration.chat.idleTimeout.inSeconds
        request.wantsCitations = workspace.configuration.chat.citations
        request.schema = wishes.schema
        request.options = wishes.options
        return request
    }

    /// The answer goes on.
    mutating func say(_ piece: String) async {
        text += piece
        length += piece.unicodeScalars.count
        await saver.add(piece)
    }

    mutating func note(
        _ citation: Citation,
        observe: (ChatProgress) -> Void
    ) async {
        let found = await texts.resolve(citation, at: length, digests)
        let number = places.firstIndex { $0.isSamePlace(as: found) } ?? places.count
        if number == places.count { places.append(found) }
        citations.append(found)
        observe(.cited(number: number + 1, found))
    }

    private mutating func verifyQuotes() async {
        for quotation in quotations(in: text) {
            if let found = await texts.verify(quotation) { citations.append(found) }
        }
    }

    private func checkSchema() throws {
        guard wishes.schema != nil, !isJSON(text) else { return }
        let why = finish == .length ? "it was cut short" : "\(modelName) refused, or does not support --schema"
        // It was paid for.
        let beginning = printable(text.count > 300 ? "\(text.prefix(299))…" : text)
        throw ProviderError(.badReply, "the answer is no JSON: \(why); it begins “\(beginning)”")
    }

    // MARK: - Secrets

    /// Files without an id leave as text.
    func stopAtInlinedSecrets(
        _ references: References,
        observe: (ChatProgress) -> Void
    ) async throws {
        guard workspace.configuration.gate.mode != .off else { return }
        let inlined = (earlier.flatMap(\.files) + files).filter { file in
            references.byDigest[file.digest] == nil && !references.lost.contains(file.digest)
        }
        try await workspace.stopAtSecrets(in: inlined) { [workspace] file in
            workspace.objects.source(file.digest)
        } notice: {
            observe(.notice($0))
        }
    }

    // MARK: - References

    struct References {
        var byDigest: [ContentDigest: RemoteFileID] = [:]
        /// Shown earlier; neither the provider nor this machine has their bytes any more.
        var lost: Set<ContentDigest> = []
        var ids: [RemoteFileID] { byDigest.values.sorted { $0.rawValue < $1.rawValue } }
    }

    /// Every file of the thread, by id, renewed where its copy has ended or will soon.
    private func references(observe: @escaping @Sendable (ChatProgress) -> Void) async throws -> References {
        let all = earlier.flatMap(\.files) + files
        guard connection.traits.canReferFiles else {
            return References(lost: try await workspace.unstored(among: all))
        }
        let copies = try await workspace.ensureCopies(
            of: all,
            in: connection,
            notice: { observe(.notice($0)) },
            observe: { observe(.sync($0)) }
        )
        if copies.gone > 0 { observe(.renewed) }
        for file in copies.lost {
            observe(.notice("\(file.path): not shown: the bytes that this thread was shown are kept nowhere any more"))
        }
        return References(byDigest: copies.ids, lost: Set(copies.lost.map(\.digest)))
    }

    private func turns(_ references: References) async throws -> [ChatRequest.Turn] {
        var turns: [ChatRequest.Turn] = []
        var shown = ShownContents()
        for message in earlier where message.role == .user || !message.words.isEmpty {
            let parts = try await parts(of: message.files, references, shown: &shown) + [.text(message.words)]
            turns.append(ChatRequest.Turn(role: message.role, parts: parts))
        }
        let now = try await parts(of: files, references, shown: &shown) + [.text(question)]
        turns.append(ChatRequest.Turn(role: .user, parts: now))
        return turns
    }

    /// Why the account has no copy to refer to.
    private func refusal(of file: Manifest.ShownFile) async throws -> SkipReason? {
        connection.traits.refusal(
            of: try await workspace.media(of: file),
            size: try await workspace.size(of: file),
            at: file.path
        )
    }

    /// Whether the model can be given the file itself where it has no id.
    private func canInline(_ file: Manifest.ShownFile) async throws -> Bool {
        let media = try await workspace.media(of: file)
        return media == .text || media == .empty || canInline(media)
    }

    /// Whether a picture of this kind may stand in the question; one that may not would have all of it refused.
    private func canInline(_ media: MediaType) -> Bool {
        media.isImage && (!connection.traits.canReferFiles || connection.traits.inlinedMedia.contains(media))
    }

    private func parts(
        of files: [Manifest.ShownFile],
        _ references: References,
        shown: inout ShownContents
    ) async throws -> [ChatRequest.Part] {
        var parts: [ChatRequest.Part] = []
        for file in files {
            let name = file.path.description
            let first = shown.note(file.digest, as: name)
            guard !references.lost.contains(file.digest) else {
                parts.append(.text("[\(name), as it was shown here, is not available any more]"))
                continue
            }
            if let first {
                parts.append(
                    .text(first == name ? "[\(name) is as shown above]" : "[\(name) has the same content as \(first)]")
                )
                continue
            }
            let media = try await workspace.media(of: file)
            if let id = references.byDigest[file.digest] {
                parts.append(
                    media.isImage ? .image(id, path: name, media: media) : .file(id, path: name, media: media)
                )
            } else if media == .text || media == .empty {
                let bytes = try await workspace.bytes(of: file, upTo: .mebibytes(4))
                parts.append(.inlineText(path: name, text: String(decoding: bytes, as: UTF8.self)))
            } else if canInline(media) {
                let bytes = try await workspace.bytes(of: file, upTo: .mebibytes(20))
                parts.append(.inlineImage(path: name, media: media, bytes: bytes))
            } else {
                parts.append(.text("[\(name) is not text and cannot be shown to this model]"))
            }
        }
        return parts
    }

    // MARK: - Keeping

    private func keep(status: Manifest.MessageStatus, error: String?) async throws {
        var answer = Manifest.Answer(
            text: text,
            status: status,
            finishReason: finish?.code,
            error: error,
            usage: usage,
            citations: citations
        )
        answer.outputs = outputs
        try await workspace.manifest.finishTurn(message, with: answer)
    }

    private func answer() -> ChatAnswer {
        ChatAnswer(
            thread: thread,
            message: message,
            text: text,
            model: modelName,
            account: connection.account.name,
            files: shown,
            usage: usage,
            finishReason: finish?.code,
            citations: citations,
            tools: tools.uses,
            outputs: outputs
        )
    }
}
