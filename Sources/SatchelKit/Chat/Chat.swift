package import SatchelCore
internal import SatchelManifest
internal import SatchelRemote
internal import SatchelWorkspace

/// One question to a model about files of the workspace.
package struct ChatQuestion: Sendable {
    package var prompt: String
    /// The part of the prompt that names files by `@`; nil where that is all of it.
    ///
    /// What came from a pipe is data: who wrote it is not to choose what leaves this machine.
    package var naming: String?
    /// Continues this thread; nil begins one.
    package var thread: Int64?
    package var system: String?
    package var wishes = ChatWishes()
    /// The job that asks it.
    var job: Int64?
    /// Whether the model may look into the synced files by itself, where the configuration lets it.
    package var usesTools: Bool
    /// Files and folders to be shown besides those that the prompt mentions.
    package var added: [WorkspacePath] = []
    /// Files and folders that are not to be shown, whatever else says so.
    package var dropped: [WorkspacePath] = []
    /// Also shows what is chosen by relevance, within this.
    package var auto: AutoBudget?
    /// What goes with the prompt as a file of its own, because it is too large to stand in it, or is no text.
    package var attached: [UInt8] = []
    /// Larger texts are attached: they are kept once and referred to, instead of being sent with every question.
    package static let largestInlined = 64 << 10
    /// Nil: as the configuration has it.
    package var versions: VersionRule?

    package init(prompt: String, thread: Int64? = nil, system: String? = nil, usesTools: Bool = true) {
        self.prompt = prompt
        self.thread = thread
        self.system = system
        self.usesTools = usesTools
    }

    /// The files that it names.
    var mentions: [Mention] { SatchelCore.mentions(in: naming ?? prompt) }
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
    /// Of the files, those that were chosen by relevance.
    package var picked: [PickedFile] = []
    /// What has changed since the thread was shown it.
    package var replaced: [ReplacedFile] = []
    package var usage: ChatUsage?
    package var finishReason: String?
    /// In the order of the answer; the quotations that were looked up come last.
    package var citations: [ResolvedCitation] = []
    /// What the model looked up, in its order.
    package var tools: [ToolUse] = []
    /// What tools of the provider have made, in its order.
    package var outputs: [KeptFile] = []
    /// Without a model: the passages that are the answer.
    package var passages: [FoundExcerpt] = []
}

/// What a chat tells whoever watches it.
package enum ChatProgress: Sendable {
    case sync(SyncEvent)
    case notice(String)
    /// The question is written down, in this thread.
    case saved(thread: Int64)
    /// The index of files is being brought up to date.
    case indexing(done: Int, of: Int)
    case picked(Choice)
    /// The files are settled and the question goes out.
    case asking(files: [ChatAnswer.File], model: String)
    case event(ChatEvent)
    /// The provider told where words are from; `number` counts different places from 1.
    case cited(number: Int, ResolvedCitation)
    /// The model looked something up.
    case tool(ToolUse)
    /// A file or picture was made, and is kept or could not be.
    case kept(KeptFile)
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
        let earlier = try await earlier(question)
        // Before anything is written down or sent.
        if connection.model != nil { try stopAtTypedSecrets(in: question, after: earlier) { observe(.notice($0)) } }
        var turn = try await filesOfTurn(question, after: earlier, connection, observe: observe)
        if !question.attached.isEmpty { turn.files.append(try await attach(question.attached)) }
        try await keepBytes(of: turn.files) { observe(.notice($0)) }
        guard let model = connection.model, let modelName = connection.modelName else {
            if question.wishes.schema != nil {
                throw noModel(for: "--schema", connection)
            }
            return try await retrieve(question, turn, connection: connection)
        }
        let thread = try await thread(for: question)
        let message = try await manifest.beginTurn(
            in: thread,
            question: question.prompt,
            files: turn.files,
            model: modelName,
            account: connection.chatID,
            owner: processOwner(),
            at: now()
        )
        observe(.saved(thread: thread))
        if let job = question.job { try await manifest.note(answer: message, of: job) }
        var chat = ChatTurn(
            workspace: self,
            connection: connection,
            model: model,
            modelName: modelName,
            system: question.system ?? configuration.chat.system,
            earlier: earlier,
            question: question.prompt,
            files: turn.files,
            thread: thread,
            message: message,
            wishes: question.wishes,
            offersTools: try await offersTools(question, connection)
        )
        var answer = try await chat.run(observe: observe)
        answer.picked = turn.picked
        answer.replaced = turn.replaced
        return answer
    }

    /// What only a model can do is asked of an account without one.
    func noModel(for option: String, _ connection: Connection) -> WorkspaceError {
        let remedy =
            connection.account.kind == .local
            ? "\(connection.account.name) has no models; choose another account with -p"
            : "no model is configured; name one with -m"
        return WorkspaceError(.cannotStart, "\(option): \(remedy)")
    }

    /// What was said in the question's thread.
    ///
    /// - Throws: ``WorkspaceError`` when there is no such thread.
    func earlier(_ question: ChatQuestion) async throws -> [Manifest.Message] {
        guard let thread = question.thread else { return [] }
        guard try await manifest.thread(thread) != nil else {
            throw WorkspaceError(.cannotStart, "thread \(thread): there is none; leave -t out to begin a new one")
        }
        return try await manifest.messages(in: thread)
    }

    /// The thread of the question, which begins one where it names none.
    func thread(for question: ChatQuestion) async throws -> Int64 {
        guard let id = question.thread else {
            return try await manifest.createThread(title: title(for: question.prompt), at: now())
        }
        return id
    }

    /// The thread that was written to last and is not put away, for `-c`.
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
