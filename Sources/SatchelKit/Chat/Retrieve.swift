internal import FoundationEssentials
package import SatchelCore
internal import SatchelManifest
internal import SatchelWorkspace

/// A passage of a synced file, cut down to the lines that matter.
package struct FoundExcerpt: Hashable, Sendable {
    package var path: WorkspacePath
    package var digest: ContentDigest
    /// From 1.
    package var firstLine: Int
    package var lines: [String]
}

extension Workspace {
    /// Larger texts are not indexed: they are data, not prose.
    private static var largestIndexed: Int64 { 1 << 20 }

    /// So many passages make an answer without a model.
    private static var mostExcerpts: Int { 5 }

    /// Its comments are about everything that people ask, and never the answer; who means it mentions it.
    static var ownFile: WorkspacePath { WorkspacePath(unchecked: Array(Configuration.workspaceFileName.utf8)) }

    /// Answers without a model: the best passages of the synced files, by full-text rank.
    func retrieve(
        _ question: ChatQuestion,
        _ turn: FilesOfTurn,
        connection: Connection
    ) async throws -> ChatAnswer {
        try await indexContents()
        var words = question.prompt
        for mention in question.mentions { words = words.replacing(mention.text, with: " ") }
        let wanted = searchWords(words)
        let found = try await manifest.passages(
            about: wanted,
            within: turn.mentions.isEmpty ? [] : turn.files.map(\.path),
            limit: Self.mostExcerpts + Self.mostExcerpts
        )
        let meant = found.filter { !turn.mentions.isEmpty || $0.path != Self.ownFile }.prefix(Self.mostExcerpts)
        let excerpts = meant.map { hit in
            let part = TextPassage(
                firstLine: hit.passage.firstLine,
                lastLine: hit.passage.lastLine,
                text: hit.passage.text
            )
            let window = excerpt(of: part, words: wanted)
            return FoundExcerpt(
                path: hit.path,
                digest: hit.passage.digest,
                firstLine: window.firstLine,
                lines: window.lines
            )
        }
        let text = excerpts.map { excerpt in
            "\(excerpt.path):\(excerpt.firstLine) (\(excerpt.digest.prefix(12)))\n"
                + excerpt.lines.map { "    " + $0 }.joined(separator: "\n")
        }.joined(separator: "\n\n")
        var shown = turn.files
        for excerpt in excerpts where !shown.contains(where: { $0.digest == excerpt.digest }) {
            shown.append(Manifest.ShownFile(path: excerpt.path, digest: excerpt.digest))
        }
        for file in shown { try await store(file) }
        let thread = try await thread(for: question)
        let message = try await manifest.beginTurn(
            in: thread,
            question: question.prompt,
            files: shown,
            model: nil,
            account: connection.id,
            at: now()
        )
        if let job = question.job { try await manifest.note(answer: message, of: job) }
        try await manifest.finishTurn(
            message,
            with: Manifest.Answer(text: text, status: .success, finishReason: "retrieval")
        )
        return ChatAnswer(
            thread: thread,
            message: message,
            text: text,
            model: nil,
            account: connection.account.name,
            files: shown.map { ChatAnswer.File(path: $0.path, digest: $0.digest, remoteID: nil) },
            finishReason: "retrieval",
            passages: excerpts
        )
    }

    /// Puts what was synced since into the full-text index.
    ///
    /// - Parameter most: more contents than this are left to another time.
    /// - Throws: ``ManifestError``, `CancellationError`.
    func indexContents(atMost most: Int = .max) async throws {
        let contents = try await manifest.unindexedContents(upTo: Self.largestIndexed).prefix(most)
        for start in stride(from: 0, to: contents.count, by: 200) {
            try Task.checkCancellation()
            let some = contents[start..<min(start + 200, contents.count)]
            let indexed = try await onDiskQueue { [root, hashing, some = Array(some)] in
                some.compactMap { file -> (digest: ContentDigest, passages: [Manifest.Passage])? in
                    // A file that is being changed right now is indexed next time.
                    guard let bytes = try? readFile(file.path, in: root, upTo: ByteCount(Self.largestIndexed)),
                        hashing.digest(of: bytes) == file.digest
                    else { return nil }
                    let parts = SatchelCore.passages(of: String(decoding: bytes, as: UTF8.self)).map { part in
                        Manifest.Passage(
                            digest: file.digest,
                            firstLine: part.firstLine,
                            lastLine: part.lastLine,
                            text: part.text
                        )
                    }
                    return (file.digest, parts)
                }
            }
            try await manifest.index(indexed)
        }
    }
}
