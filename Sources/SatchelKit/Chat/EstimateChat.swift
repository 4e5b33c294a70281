package import SatchelCore
internal import SatchelManifest

/// What a question would take, without asking it.
package struct ChatEstimate: Hashable, Sendable {
    package struct File: Hashable, Sendable {
        package var path: WorkspacePath
        package var digest: ContentDigest
        package var size: Int64
        /// Whether the account has it, so that nothing has to be uploaded first.
        package var isThere: Bool
    }

    package var account: String
    package var model: String
    package var files: [File]
    /// Messages of the thread that go along.
    package var earlier: Int
    package var tokens: Int
    /// Whether the provider has counted them; else they are a quarter of the bytes of text.
    package var isCounted: Bool
    /// Files that are no text, which an estimate leaves out.
    package var untold: Int
    /// Of the input, nothing of it read from a cache; nil where the price is not known.
    package var inputCost: Dollars?
    /// For a million tokens of the answer.
    package var outputPrice: Dollars?
    package var priceSource: CostSource?
}

extension Workspace {
    /// Counts what a question would show to the model; uploads nothing and asks nothing.
    ///
    /// The provider counts where it can and already has every file; it takes no money for that.
    package func estimate(
        _ question: ChatQuestion,
        _ connection: Connection,
        observe: @escaping @Sendable (ChatProgress) -> Void
    ) async throws -> ChatEstimate {
        guard let model = connection.model, let modelName = connection.modelName else {
            throw noModel(for: "--estimate", connection)
        }
        let earlier = try await earlier(question)
        try stopAtTypedSecrets(in: question, after: earlier) { observe(.notice($0)) }
        let (files, planned) = try await filesWithoutSync(of: question, after: earlier, connection, observe: observe)
        let turn = ChatTurn(
            workspace: self,
            connection: connection,
            model: model,
            modelName: modelName,
            system: question.system ?? configuration.chat.system,
            earlier: earlier,
            question: question.prompt,
            files: files,
            thread: question.thread ?? 0,
            message: 0,
            wishes: question.wishes,
            offersTools: try await offersTools(question, connection)
        )
        let ids = try await manifest.remoteIDs(
            of: Set((earlier.flatMap(\.files) + files).map(\.digest)),
            in: connection.id
        )
        let tokens = try await tokens(of: turn, ids, planned, connection)
        let (price, source) = prices.price(of: modelName, at: model.traits.provider).map { ($0, $1) } ?? (nil, nil)
        var shown: [ChatEstimate.File] = []
        for file in files {
            shown.append(
                ChatEstimate.File(
                    path: file.path,
                    digest: file.digest,
                    size: try await content(of: file, planned).size,
                    isThere: ids[file.digest] != nil
                )
            )
        }
        return ChatEstimate(
            account: connection.account.name,
            model: modelName,
            files: shown,
            earlier: earlier.count,
            tokens: tokens.count,
            isCounted: tokens.isCounted,
            untold: tokens.untold,
            inputCost: price?.cost(ofInput: tokens.count),
            outputPrice: price?.rates(forInput: tokens.count).output,
            priceSource: source
        )
    }

    private func tokens(
        of turn: ChatTurn,
        _ ids: [ContentDigest: RemoteFileID],
        _ planned: [ContentDigest: UploadedContent],
        _ connection: Connection
    ) async throws -> InputTokens {
        var bytes = Int64(turn.question.utf8.count + (turn.system?.utf8.count ?? 0))
        for tool in turn.tools.offered { bytes += Int64(tool.description.utf8.count + tool.parameters.utf8.count) }
        for message in turn.earlier { bytes += Int64(message.text.utf8.count) }
        var untold = 0
        var isComplete = true
        var seen = ShownContents()
        for file in turn.earlier.flatMap(\.files) + turn.files where seen.note(file.digest, as: "\(file.path)") == nil {
            let content = try await content(of: file, planned)
            if content.media == .text { bytes += content.size } else { untold += 1 }
            let refusal = connection.traits.refusal(of: content.media, size: content.size, at: file.path)
            if connection.traits.canReferFiles, refusal == nil, ids[file.digest] == nil { isComplete = false }
        }
        if isComplete, let count = try await turn.countedTokens(ids) {
            return InputTokens(count: count, isCounted: true)
        }
        return InputTokens(count: Int(clamping: bytes / 4 + 1), isCounted: false, untold: untold)
    }

    private func content(
        of file: Manifest.ShownFile,
        _ planned: [ContentDigest: UploadedContent]
    ) async throws -> UploadedContent {
        if let content = planned[file.digest] { return content }
        return UploadedContent(
            digest: file.digest,
            size: try await size(of: file),
            media: try await media(of: file)
        )
    }

    /// What the mentions stand for at this moment, also where it is not in step yet.
    private func filesWithoutSync(
        of question: ChatQuestion,
        after earlier: [Manifest.Message],
        _ connection: Connection,
        observe: @escaping @Sendable (ChatProgress) -> Void
    ) async throws -> (files: [Manifest.ShownFile], planned: [ContentDigest: UploadedContent]) {
        let mentions = resolve(question.mentions)
        for unknown in mentions.unknown {
            observe(.notice("\(printable(unknown.text)): no such file in the workspace; taken as text"))
        }
        if question.auto != nil { observe(.notice("--auto: what it would choose is not part of the estimate")) }
        let pins = earlier.isEmpty ? pinnedFiles() : (paths: [], globs: [])
        let shown = earlier.flatMap(\.files)
        let named = try await namedPaths(mentions, shown: shown) { observe(.notice($0)) }
        let (paths, globs) = (named + pins.paths, mentions.globs + pins.globs)
        let followed = (question.versions ?? configuration.chat.versions) == .follow ? shown.map(\.path) : []
        let scopes = paths + followed + (try await self.paths(matching: globs))
        guard !scopes.isEmpty else { return ([], [:]) }
        var options = SyncOptions()
        options.isDryRun = true
        let (_, plan) = try await makePlan(Scope(scopes), for: connection, options: options, at: now()) {
            observe(.sync($0))
        }
        let report = SyncReport(planned: plan, account: connection.account.name, provider: connection.traits.provider)
        try tellSecrets(of: report, named: named, observe: observe)
        let synced = try await syncedFiles(paths, globs: globs)
        var files = Dictionary(synced.map { ($0.path, $0.digest) }, uniquingKeysWith: { $1 })
        let rules = IgnoreFile(globs: globs)
        var planned: [ContentDigest: UploadedContent] = [:]
        for action in plan.actions {
            if case .upload(_, let content, _) = action { planned[content.digest] = content }
            guard let (path, digest) = action.linked else { continue }
            let isNamed = paths.contains { path.isWithin($0) }
            if isNamed || rules.matches(path) { files[path] = digest }
        }
        let current = Dictionary(
            try await manifest.known(in: Scope(followed)).compactMap { file in file.linked.map { (file.path, $0) } }
                + plan.actions.compactMap(\.linked),
            uniquingKeysWith: { $1 }
        )
        for (path, _, new) in replacements(of: shown, by: current) where followed.contains(path) { files[path] = new }
        return (files.sorted { $0.key < $1.key }.map { Manifest.ShownFile(path: $0.key, digest: $0.value) }, planned)
    }
}

extension Action {
    /// What a path will stand for after this action.
    var linked: (WorkspacePath, ContentDigest)? {
        switch self {
        case .upload(let path, let content, _): (path, content.digest)
        case .link(let path, let digest, _): (path, digest)
        default: nil
        }
    }
}

extension ChatTurn {
    /// The question's tokens as the provider counts them; nil where it cannot be asked.
    func countedTokens(_ ids: [ContentDigest: RemoteFileID]) async throws -> Int? {
        let references = References(byDigest: ids)
        try await stopAtInlinedSecrets(references) { _ in }
        var request = try await request(references)
        request.tools = tools.offered
        return try await model.countTokens(of: request)
    }
}
