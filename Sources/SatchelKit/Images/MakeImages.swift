package import SatchelCore
internal import SatchelManifest
internal import SatchelRemote

/// A wish for pictures.
package struct ImageQuestion: Sendable {
    package var prompt: String
    /// Nil: the one that the provider draws with.
    package var model: String?
    /// Becomes a part of this thread; nil begins one.
    package var thread: Int64?
    package var count = 1
    package var size: String?
    package var quality: String?
    package var background: String?
    /// Members of the request's body, JSON by name.
    package var options: [String: String] = [:]
    /// What it may cost; without a known price nothing is asked then.
    package var maxCost: Dollars?

    package init(prompt: String) {
        self.prompt = prompt
    }
}

/// What came of it.
package struct ImageAnswer: Sendable {
    package var thread: Int64
    package var message: Int64
    package var model: String
    package var account: String
    /// What was shown with the prompt.
    package var files: [ShownFile]
    /// Words that came with the pictures.
    package var text: String
    package var images: [KeptFile]
    package var usage: ChatUsage?
}

/// What pictures would take.
package struct ImageEstimate: Sendable {
    package var account: String
    package var model: String
    package var count: Int
    /// Nil where nobody tells what one picture costs.
    package var cost: Dollars?
    package var priceSource: CostSource?
}

extension Workspace {
    /// What the pictures would cost, as far as that can be known before they are made.
    ///
    /// - Throws: as ``image(_:_:observe:)`` does for a wish that cannot be fulfilled.
    package func estimate(_ question: ImageQuestion, _ connection: Connection) throws -> ImageEstimate {
        let (maker, model) = try maker(for: question, connection)
        let price = prices.price(of: model, at: maker.traits.provider)
        let cost = price?.price.cost(ofImages: question.count, nil)
        return ImageEstimate(
            account: connection.account.name,
            model: model,
            count: question.count,
            cost: cost,
            priceSource: cost == nil ? nil : price?.source
        )
    }

    /// Has pictures made and keeps them, as a question and an answer of a thread.
    ///
    /// The prompt is written down before anything is sent, the pictures are in the local store before the message names
    /// them. What was made before something failed is kept.
    ///
    /// - Throws: ``ProviderError``, ``WorkspaceError``.
    package func image(
        _ question: ImageQuestion,
        _ connection: Connection,
        observe: @escaping @Sendable (ChatProgress) -> Void
    ) async throws -> ImageAnswer {
        let (maker, model) = try maker(for: question, connection)
        try await checkThread(question.thread)
        try checkCost(question, estimate(question, connection))
        if configuration.gate.mode != .off {
            try stopAtSecrets(in: question.prompt, called: "the prompt") { observe(.notice($0)) }
            try stopAtSecrets(inOptions: question.options) { observe(.notice($0)) }
        }
        let files = try await pictures(of: question, upTo: maker.traits.mostInputs, connection, observe: observe)
        var request = ImageRequest(model: model, prompt: question.prompt)
        (request.size, request.quality, request.background) = (question.size, question.quality, question.background)
        request.options = question.options
        request.idleTimeout = configuration.chat.idleTimeout.inSeconds
        for file in files {
            let bytes = try await bytes(of: file, upTo: ImageRequest.largest)
            request.inputs.append(ImageRequest.Input(media: sniffedMedia(of: bytes), bytes: bytes))
        }
        let moment = now()
        let thread = try await thread(for: ChatQuestion(prompt: question.prompt, thread: question.thread))
        let message = try await manifest.beginTurn(
            in: thread,
            question: question.prompt,
            files: files,
            model: model,
            account: connection.chatID,
            owner: processOwner(),
            draws: true,
            at: moment
        )
        try await manifest.noteDeparture(of: files, after: [], to: connection.chatID, at: moment)
        try await manifest.noteDeparture(
            ofWish: hashing.digest(of: Array(question.prompt.utf8)),
            size: Int64(question.prompt.utf8.count),
            to: connection.chatID,
            at: moment
        )
        var turn = ImageTurn(workspace: self, maker: maker, request: request, wanted: question.count)
        do {
            observe(.asking(files: [], model: model))
            try await turn.run { observe(.kept($0)) }
            try await manifest.finishTurn(message, with: turn.answer(.success, error: nil))
        } catch {
            let isAborted = error is CancellationError || (error as? ProviderError)?.kind == .cancelled
            try await keepDespiteCancellation { [self, turn] in
                let words = isAborted ? "aborted" : "\(error)"
                try await manifest.finishTurn(message, with: turn.answer(.failed, error: words))
            }
            throw error
        }
        return ImageAnswer(
            thread: thread,
            message: message,
            model: model,
            account: connection.account.name,
            files: files,
            text: turn.text,
            images: turn.images,
            usage: turn.usage
        )
    }

    /// Who makes the pictures and with which model, if what is wanted can be asked for there.
    private func maker(
        for question: ImageQuestion,
        _ connection: Connection
    ) throws -> (maker: any ImageModel, model: String) {
        let name = connection.account.name
        guard let maker = connection.images else {
            throw ProviderError(
                .unsupported,
                "image: \(name) makes no pictures; use -p with an account that does, such as openai, xai or gemini"
            )
        }
        guard let model = question.model ?? maker.traits.model else {
            throw WorkspaceError(
                .cannotStart,
                "image: which model of \(name) makes pictures is not known; name it with -m"
            )
        }
        let untaken = [
            ("--quality", question.quality != nil && !maker.traits.takesQuality),
            ("--background", question.background != nil && !maker.traits.takesBackground),
        ]
        if let (flag, _) = untaken.first(where: \.1) {
            throw ProviderError(
                .unsupported,
                "image: \(name) takes no \(flag); leave it out, or say with -o what it takes"
            )
        }
        return (maker, model)
    }

    private func checkThread(_ thread: Int64?) async throws {
        guard let thread, try await manifest.thread(thread) == nil else { return }
        throw WorkspaceError(.cannotStart, "thread \(thread): there is none; leave -t out to begin a new one")
    }

    private func checkCost(_ question: ImageQuestion, _ estimate: ImageEstimate) throws {
        guard let most = question.maxCost else { return }
        guard let cost = estimate.cost else {
            throw WorkspaceError(
                .stoppedForSafety,
                "--max-cost: what a picture of \(printable(estimate.model)) costs is not known; "
                    + "add \"\(printable(estimate.model)) image 0.04\", with its price, to prices in your configuration"
            )
        }
        guard cost > most else { return }
        let pictures = question.count == 1 ? "the picture costs" : "\(question.count) pictures cost"
        throw WorkspaceError(.stoppedForSafety, "--max-cost \(most): \(pictures) \(cost); ask for less, or raise it")
    }

    /// The pictures of the workspace that the prompt mentions; another file is a mistake that would be paid for.
    private func pictures(
        of question: ImageQuestion,
        upTo most: Int,
        _ connection: Connection,
        observe: @escaping @Sendable (ChatProgress) -> Void
    ) async throws -> [ShownFile] {
        let mentions = resolve(mentions(in: question.prompt))
        for unknown in mentions.unknown {
            observe(.notice("\(printable(unknown.text)): no such file in the workspace; taken as text"))
        }
        let named = try await namedPaths(mentions, shown: []) { observe(.notice($0)) }
        guard !named.isEmpty || !mentions.globs.isEmpty else { return [] }
        let scopes = named + (try await paths(matching: mentions.globs))
        try await bringInStep(Scope(scopes), named: named, isRequired: true, connection, observe: observe)
        let files = try await syncedFiles(named, globs: mentions.globs)
        for path in named where !files.contains(where: { $0.path.isWithin(path) }) {
            let reason = try await why(path, account: connection.account.name).reason
            throw WorkspaceError(.cannotStart, "\(path): cannot be shown: \(reason); leave the mention out")
        }
        for file in files where try await !media(of: file).isImage {
            throw WorkspaceError(
                .cannotStart,
                "\(file.path): is no picture; mention only pictures, or use satchel chat"
            )
        }
        guard files.count <= most else {
            throw WorkspaceError(
                .cannotStart,
                "image: \(connection.account.name) can be shown \(most) pictures, not \(files.count); mention fewer"
            )
        }
        for file in files { try await store(file) }
        return files
    }
}
