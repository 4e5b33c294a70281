package import SatchelCore
internal import SatchelManifest
internal import SatchelRemote
internal import SatchelWorkspace

/// One question to a model about files of the workspace.
package struct ChatQuestion: Sendable {
    package var prompt: String
    /// Continues this thread; nil begins one.
    package var thread: Int64?
    package var system: String?
    /// Whether the model may look into the synced files by itself, where the configuration lets it.
    package var usesTools: Bool

    package init(prompt: String, thread: Int64? = nil, system: String? = nil, usesTools: Bool = true) {
        self.prompt = prompt
        self.thread = thread
        self.system = system
        self.usesTools = usesTools
    }
}

/// What an answer was made of.
package struct ChatAnswer: Sendable {
    package struct File: Hashable, Sendable {
        package var path: WorkspacePath
        package var digest: ContentDigest
        /// Nil where the text itself was sent.
        package var remoteID: RemoteFileID?
    }

    package var thread: Int64
    package var message: Int64
    package var text: String
    /// Nil for retrieval without a model.
    package var model: String?
    package var account: String
    package var files: [File]
    package var usage: ChatUsage?
    package var finishReason: String?
    /// What the model looked up, in its order.
    package var tools: [ToolUse] = []
    /// Without a model: the passages that are the answer.
    package var passages: [FoundExcerpt] = []
}

/// What a chat tells whoever watches it.
package enum ChatProgress: Sendable {
    case sync(SyncEvent)
    case notice(String)
    /// The files are settled and the question goes out.
    case asking(files: [ChatAnswer.File], model: String)
    case event(ChatEvent)
    /// The model looked something up.
    case tool(ToolUse)
    /// A file was gone at the provider; it was uploaded again and the question is asked again.
    case renewed
}

extension Workspace {
    /// Brings the mentioned files in step, asks the model about them by id, and keeps the conversation.
    ///
    /// Without a model, the best passages of the synced files are the answer. The question is saved before anything is
    /// sent; what comes of an answer is kept even when the stream breaks.
    package func ask(
        _ question: ChatQuestion,
        _ connection: Connection,
        observe: @escaping @Sendable (ChatProgress) -> Void
    ) async throws -> ChatAnswer {
        let mentions = resolve(mentions(in: question.prompt))
        for unknown in mentions.unknown {
            observe(.notice("\(printable(unknown.text)): no such file in the workspace; taken as text"))
        }
        if let notice = connection.notice { observe(.notice(notice)) }
        let scopes = mentions.globs.isEmpty && connection.model != nil ? mentions.paths : [.root]
        if !mentions.isEmpty || connection.model == nil {
            try await bringInStep(Scope(scopes), connection, observe: observe)
        }
        let files = try await shownFiles(mentions)
        for path in mentions.paths where !files.contains(where: { $0.path.isWithin(path) }) {
            let reason = try await why(path, account: connection.account.name).reason
            observe(.notice("\(path): not shown: \(reason)"))
        }
        if mentions.paths.isEmpty, !mentions.globs.isEmpty, files.isEmpty {
            observe(
                .notice("nothing to show: no synced file matches \(printable(mentions.globs.joined(separator: ", ")))")
            )
        }
        try await keepBytes(of: files) { observe(.notice($0)) }
        guard let model = connection.model, let modelName = connection.modelName else {
            return try await retrieve(question, mentions: mentions, files: files, connection: connection)
        }
        let thread = try await thread(for: question)
        let earlier = try await manifest.messages(in: thread)
        let message = try await manifest.beginTurn(
            in: thread,
            question: question.prompt,
            files: files,
            model: modelName,
            account: connection.id,
            owner: processOwner(),
            at: now()
        )
        var turn = ChatTurn(
            workspace: self,
            connection: connection,
            model: model,
            modelName: modelName,
            system: question.system ?? configuration.chat.system,
            earlier: earlier,
            question: question.prompt,
            files: files,
            thread: thread,
            message: message,
            offersTools: try await offersTools(question, connection)
        )
        return try await turn.run(observe: observe)
    }

    /// The thread of the question, which begins one where it names none.
    func thread(for question: ChatQuestion) async throws -> Int64 {
        guard let id = question.thread else {
            return try await manifest.createThread(title: title(for: question.prompt), at: now())
        }
        guard try await manifest.thread(id) != nil else {
            throw WorkspaceError(.cannotStart, "thread \(id): there is none; leave -t out to begin a new one")
        }
        return id
    }

    /// The thread that was written to last, for `-c`.
    package func latestThread() async throws -> Int64? { try await manifest.latestThread() }

    /// Keeps what a message shows in the local store, so that this version can be shown again after any change.
    private func keepBytes(of files: [Manifest.ShownFile], notice: (String) -> Void) async throws {
        let limits = configuration.keep
        var kept = try await manifest.keptBytes()
        for file in files {
            let size = try await manifest.size(of: file.digest)
            guard size <= limits.maxFileSize.bytes else {
                notice("\(file.path): shown, but not kept: larger than keep.max_file_size, \(limits.maxFileSize)")
                continue
            }
            guard kept + size <= limits.maxTotal.bytes else {
                notice("\(file.path): shown, but not kept: chats keep keep.max_total, \(limits.maxTotal), already")
                continue
            }
            kept += size
            try await store(file)
        }
    }

    private func title(for prompt: String) -> String {
        let line = printable(prompt).trimmingPrefix(while: \.isWhitespace)
        return line.count <= 60 ? String(line) : line.prefix(59) + "…"
    }
}
