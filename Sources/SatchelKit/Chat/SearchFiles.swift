package import SatchelCore
internal import SatchelManifest

extension Workspace {
    /// The passages of synced files that are about these words, the best first, each cut down to the lines that matter.
    ///
    /// Passages that have every word come before those that have only some.
    ///
    /// - Parameters:
    ///   - text: the words; letters and digits count.
    ///   - paths: only files within one of these; all when there is none.
    ///   - limit: at most so many passages.
    ///   - around: lines before and behind the best one.
    /// - Returns: at most `limit` of them.
    /// - Throws: ``ManifestError``, `CancellationError`.
    package func searchFiles(
        _ text: String,
        within paths: [WorkspacePath],
        limit: Int,
        around: Int
    ) async throws -> [FoundExcerpt] {
        try await indexContents()
        let words = searchWords(text)
        let found = try await manifest.passages(about: words, within: paths, limit: 4 * limit)
        func count(_ text: String) -> Int {
            let lower = text.lowercased()
            return words.count { lower.contains($0) || ($0.count > 4 && lower.contains($0.dropLast())) }
        }
        let ordered = found.enumerated().map {
            (place: $0.offset, hit: $0.element, count: count($0.element.passage.text))
        }
        .sorted { ($1.count, $0.place) < ($0.count, $1.place) }
        return ordered.prefix(limit).map { _, hit, _ in
            let part = TextPassage(
                firstLine: hit.passage.firstLine,
                lastLine: hit.passage.lastLine,
                text: hit.passage.text
            )
            let window = excerpt(of: part, words: words, lines: 2 * around + 1)
            return FoundExcerpt(
                path: hit.path,
                digest: hit.passage.digest,
                firstLine: window.firstLine,
                lines: window.lines
            )
        }
    }
}
