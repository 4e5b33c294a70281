package import SatchelCore
internal import SatchelManifest
internal import SatchelWorkspace

extension Workspace {
    /// With so many files or fewer, the whole workspace is looked at before a question; else what the last sync or a
    /// running watch knows is chosen from.
    private static var quickScan: Int { 10_000 }

    /// Files of which `question` has terms, the most relevant first.
    ///
    /// - Parameters:
    ///   - question: in plain words.
    ///   - budget: how much may be chosen.
    ///   - leavingOut: what is shown already.
    ///   - observe: told how far the index has come, where it has to be brought up to date.
    /// - Returns: what is chosen from all that is in step.
    /// - Throws: ``ManifestError``, `CancellationError`.
    package func chooseFiles(
        for question: String,
        under budget: AutoBudget,
        leavingOut: Set<WorkspacePath> = [],
        observe: @escaping @Sendable (ChatProgress) -> Void = { _ in }
    ) async throws -> Choice {
        try await indexFiles(observe: observe)
        var words = question
        for mention in mentions(in: question) { words = words.replacing(mention.text, with: " ") }
        let terms = questionTerms(words)
        let candidates = try await manifest.candidates(for: terms, limit: 300, isPadded: budget.leastShare == 0)
        var choice = choose(candidates.filter { !leavingOut.contains($0.path) }, for: terms, under: budget)
        choice.picked = try await explain(choice.picked, by: terms)
        return choice
    }

    /// Chooses files for the question, brings them in step and adds them to the turn.
    func pick(
        for question: ChatQuestion,
        under budget: AutoBudget,
        shown: [Manifest.ShownFile],
        into turn: inout FilesOfTurn,
        _ connection: Connection,
        observe: @escaping @Sendable (ChatProgress) -> Void
    ) async throws {
        if try await manifest.knownCount() <= Self.quickScan {
            try await bringInStep(.everything, named: [], isRequired: false, connection, observe: observe)
        }
        let there = Set((turn.files + shown).map(\.path) + [Self.ownFile])
        let price = price(for: budget, connection) { observe(.notice($0)) }
        var choice = try await chooseFiles(
            for: question.prompt,
            under: budget.within(question.wishes.maxCost, at: price),
            leavingOut: there,
            observe: observe
        )
        choice.price(at: price)
        let picked = choice.picked.filter { file in !question.dropped.contains(where: file.path.isWithin) }
        guard !picked.isEmpty else {
            observe(.picked(choice))
            return
        }
        let scope = Scope(picked.map(\.path))
        try await bringInStep(scope, named: [], isRequired: false, connection, observe: observe)
        let synced = try await syncedFiles(picked.map(\.path))
        let digests = Dictionary(synced.map { ($0.path, $0.digest) }, uniquingKeysWith: { $1 })
        turn.picked = picked.compactMap { file in
            var file = file
            // Deleted, or grown a secret, since the last sync.
            guard let digest = digests[file.path] else { return nil }
            file.digest = digest
            return file
        }
        turn.files = (turn.files + synced).sorted { $0.path < $1.path }
        observe(.picked(Choice(picked: turn.picked, tooLarge: choice.tooLarge)))
    }

    /// What the model's input costs; with a budget of money and without a price, that is said.
    private func price(
        for budget: AutoBudget,
        _ connection: Connection,
        notice: (String) -> Void
    ) -> TokenPrice? {
        guard let model = connection.model, let name = connection.modelName else { return nil }
        if let (price, _) = prices.price(of: name, at: model.traits.provider) { return price }
        if let cost = budget.cost {
            notice(
                "--auto: what \(name) costs is not known, so files are chosen without the bound of \(cost); "
                    + "add it to prices in your configuration"
            )
        }
        return nil
    }

    /// Tells of each file which terms it has, those of its path first, and which only its note has.
    private func explain(_ picked: [PickedFile], by terms: [String]) async throws -> [PickedFile] {
        let notes = try await manifest.notes(on: Set(picked.map(\.digest)))
        return try await onDiskQueue { [root] in
            let stems = terms.map { (text: $0, stem: stem(Array($0.utf8))) }
            let wanted = Set(stems.map(\.stem))
            func found(in bytes: [UInt8]) -> Set<[UInt8]> {
                var found: Set<[UInt8]> = []
                SearchTerms(bytes).forEachTerm { term in
                    guard found.count < wanted.count else { return }
                    let stem = stem(Array(term))
                    if wanted.contains(stem) { found.insert(stem) }
                }
                return found
            }
            return picked.map { file in
                let bytes = (try? readFile(file.path, in: root, upTo: ByteCount(Self.largestChoosable))) ?? []
                let (inPath, inBody) = (found(in: file.path.bytes), found(in: bytes))
                let inNote = found(in: Array((notes[file.digest]?.text ?? "").utf8))
                var file = file
                file.terms =
                    stems.filter { inPath.contains($0.stem) }.map(\.text)
                    + stems.filter { !inPath.contains($0.stem) && inBody.contains($0.stem) }.map(\.text)
                file.noteTerms =
                    stems.filter { inNote.contains($0.stem) && !inPath.contains($0.stem) && !inBody.contains($0.stem) }
                    .map(\.text)
                return file
            }
        }
    }
}

/// Close enough to the index's own stemming to tell why a file was found: `tides` and `tide` are one.
private func stem(_ term: [UInt8]) -> [UInt8] {
    guard term.count > 3 else { return term }
    for ending in ["ings", "ing", "ies", "ers", "ed", "es", "er", "s", "e", "y"]
    where term.count - ending.utf8.count >= 3 && term.suffix(ending.utf8.count).elementsEqual(ending.utf8) {
        return Array(term.dropLast(ending.utf8.count))
    }
    return term
}
