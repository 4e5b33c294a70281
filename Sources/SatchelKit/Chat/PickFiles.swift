package import SatchelCore
internal import SatchelManifest
internal import SatchelWorkspace

extension Workspace {
    /// Larger texts are data: they are not chosen.
    static var largestChoosable: Int64 { 1 << 20 }

    /// With so many files or fewer, the whole workspace is looked at before a question; else what the last sync or a
    /// running watch knows is chosen from.
    private static var quickScan: Int { 10_000 }

    /// Files of which `question` has terms, the most relevant first.
    ///
    /// - Parameters:
    ///   - question: in plain words.
    ///   - budget: how much may be chosen.
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
        let candidates = try await manifest.candidates(for: terms, limit: 300)
        var choice = choose(candidates.filter { !leavingOut.contains($0.path) }, for: terms, under: budget)
        for index in choice.picked.indices {
            choice.picked[index].terms = try await matching(terms, choice.picked[index])
        }
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
        let there = Set((turn.files + shown).map(\.path))
        let choice = try await chooseFiles(for: question.prompt, under: budget, leavingOut: there, observe: observe)
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

    /// The terms that the file has, those of its path first.
    private func matching(_ terms: [String], _ file: PickedFile) async throws -> [String] {
        try await onDiskQueue { [root] in
            let bytes = (try? readFile(file.path, in: root, upTo: ByteCount(Self.largestChoosable))) ?? []
            let inPath = Set(SearchTerms(file.path.bytes).map(stem))
            let inBody = Set(SearchTerms(bytes).map(stem))
            let stems = terms.map { ($0, stem(Array($0.utf8))) }
            return stems.filter { inPath.contains($0.1) }.map(\.0)
                + stems.filter { !inPath.contains($0.1) && inBody.contains($0.1) }.map(\.0)
        }
    }

    /// Brings the index of files up to date: only what has changed since is read.
    private func indexFiles(observe: @Sendable (ChatProgress) -> Void) async throws {
        let files = try await manifest.unindexedFiles(upTo: Self.largestChoosable)
        guard !files.isEmpty else { return }
        if files.count > 1000 { try await manifest.prepareForManyWrites() }
        let batch = 250
        for start in stride(from: 0, to: files.count, by: batch) {
            try Task.checkCancellation()
            if files.count > 2 * batch { observe(.indexing(done: start, of: files.count)) }
            let some = Array(files[start..<min(start + batch, files.count)])
            let texts = try await onDiskQueue { [root, hashing] in
                some.compactMap { file -> (file: Manifest.Unindexed, text: IndexedText)? in
                    // A file that is being changed right now is indexed next time.
                    guard let bytes = try? readFile(file.path, in: root, upTo: ByteCount(Self.largestChoosable)),
                        hashing.digest(of: bytes) == file.digest
                    else { return nil }
                    return (file, IndexedText(path: file.path, content: bytes))
                }
            }
            try await manifest.index(texts)
        }
    }
}

/// Close enough to the index's own stemming to tell why a file was found: `tides` and `tide` are one.
private func stem(_ term: [UInt8]) -> [UInt8] {
    guard term.count > 4 else { return term }
    for ending in ["ings", "ing", "ies", "ers", "ed", "es", "er", "s", "e", "y"]
    where term.count - ending.utf8.count >= 3 && term.suffix(ending.utf8.count).elementsEqual(ending.utf8) {
        return Array(term.dropLast(ending.utf8.count))
    }
    return term
}
