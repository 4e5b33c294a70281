/// A file that has some of a question's terms.
package struct FileCandidate: Hashable, Sendable {
    package var path: WorkspacePath
    package var digest: ContentDigest
    /// Bytes.
    package var size: Int64
    /// BM25 over path, names and body: higher is better.
    package var relevance: Double

    package init(path: WorkspacePath, digest: ContentDigest, size: Int64, relevance: Double) {
        self.path = path
        self.digest = digest
        self.size = size
        self.relevance = relevance
    }
}

/// A file that was chosen for a question, and why.
package struct PickedFile: Hashable, Sendable {
    package var path: WorkspacePath
    package var digest: ContentDigest
    /// As ``estimatedTokens(ofBytes:)`` has it.
    package var tokens: Int
    package var score: Double
    /// The terms of the question that it has, those of its path first.
    package var terms: [String] = []
    /// Those that only the note on it has.
    package var noteTerms: [String] = []
    /// Of its tokens as input; nil where the price is not known.
    package var cost: Dollars?

    package init(path: WorkspacePath, digest: ContentDigest, tokens: Int, score: Double) {
        self.path = path
        self.digest = digest
        self.tokens = tokens
        self.score = score
    }
}

/// How much may be chosen for one question.
package struct AutoBudget: Hashable, Sendable {
    /// All files together.
    package var tokens: Int
    package var files: Int
    /// Of the best score; what has less is left out.
    package var leastShare: Double
    /// Of all files together as input; nil for no bound.
    package var cost: Dollars?

    package init(tokens: Int, files: Int, leastShare: Double = 0.2, cost: Dollars? = nil) {
        self.tokens = tokens
        self.files = files
        self.leastShare = leastShare
        self.cost = cost
    }

    /// With no more tokens than its money pays for.
    ///
    /// - Parameters:
    ///   - whole: what question and answer may cost; half of it is left for the answer and the rest of the question.
    ///   - price: of the model; without it, tokens and files are the only bounds.
    /// - Returns: the same budget with fewer tokens, or none.
    package func within(_ whole: Dollars?, at price: TokenPrice?) -> AutoBudget {
        let bounds = [cost, whole.flatMap { Dollars(ticks: $0.ticks / 2) }].compactMap { $0 }
        guard let price, let most = bounds.min() else { return self }
        var budget = self
        // The most that is paid for: beyond a limit, a long input costs more for each token.
        var (low, high) = (0, min(tokens, Self.longestInput))
        while low < high {
            let middle = (low + high + 1) / 2
            if price.cost(ofInput: middle) <= most { low = middle } else { high = middle - 1 }
        }
        budget.tokens = low
        return budget
    }

    /// Tokens; more than any model reads.
    private static let longestInput = 100_000_000
}

/// What was chosen, and what would have been but for its size.
package struct Choice: Hashable, Sendable {
    package var picked: [PickedFile] = []
    /// Better than some that were chosen, and too large for the budget.
    package var tooLarge: [PickedFile] = []

    package init(picked: [PickedFile] = [], tooLarge: [PickedFile] = []) {
        self.picked = picked
        self.tooLarge = tooLarge
    }

    /// Tells what each file costs as input.
    package mutating func price(at price: TokenPrice?) {
        guard let price else { return }
        for index in picked.indices { picked[index].cost = price.cost(ofInput: picked[index].tokens) }
        for index in tooLarge.indices { tooLarge[index].cost = price.cost(ofInput: tooLarge[index].tokens) }
    }
}

/// Tokens of a text by its size: four bytes each, which is near enough for prose and code to plan with.
package func estimatedTokens(ofBytes bytes: Int64) -> Int { Int((bytes + 3) / 4) }

/// Chooses the best candidates that fit into the budget.
///
/// The same score weighs less in tests, in documentation, in what others wrote or a program made, and least in histories,
/// which mention everything; unless the question asks for such files. What is far behind the best is left out.
///
/// - Parameters:
///   - candidates: in any order.
///   - terms: of the question.
///   - budget: how much may be chosen.
/// - Returns: the best first; files of equal score in byte order.
package func choose(_ candidates: [FileCandidate], for terms: [String], under budget: AutoBudget) -> Choice {
    let ranked = candidates.map { candidate in
        PickedFile(
            path: candidate.path,
            digest: candidate.digest,
            tokens: estimatedTokens(ofBytes: candidate.size),
            score: candidate.relevance * pathWeight(candidate.path, for: terms)
        )
    }.sorted { ($1.score, $0.path) < ($0.score, $1.path) }
    var choice = Choice()
    var left = budget.tokens
    for file in ranked {
        guard choice.picked.count < budget.files, file.score >= (ranked.first?.score ?? 0) * budget.leastShare else {
            break
        }
        if file.tokens <= left {
            left -= file.tokens
            choice.picked.append(file)
        } else {
            choice.tooLarge.append(file)
        }
    }
    return choice
}

/// How much a file's place says that it is what a question is about, from its path alone.
func pathWeight(_ path: WorkspacePath, for terms: [String]) -> Double {
    let parts = path.lossyText.lowercased().split(separator: "/").map(String.init)
    guard let name = parts.last else { return 1 }
    let folders = parts.dropLast()
    let dot = name.lastIndex(of: ".")
    let (stem, suffix) = dot.map { (name[..<$0], name[$0...]) } ?? (name[...], "")
    func asks(_ words: String...) -> Bool { terms.contains { term in words.contains { term.hasPrefix($0) } } }
    var weight = 1.0
    let words = stem.split { !$0.isLetter }
    if folders.contains(where: testFolders.contains) || words.contains("test") || words.contains("tests")
        || words.contains("spec") || stem.hasSuffix("tests"), !asks("test", "spec", "example", "fixture")
    {
        weight *= 0.45
    }
    if folders.contains(where: foreignFolders.contains), !asks("vendor", "dep") { weight *= 0.7 }
    if histories.contains(where: stem.hasPrefix), !asks("change", "release", "news", "licen", "history") {
        weight *= 0.3
    }
    if madeSuffixes.contains(suffix.description) || name.contains(".min.") || madeNames.contains(name) { weight *= 0.4 }
    if proseSuffixes.contains(suffix.description) || folders.contains(where: proseFolders.contains)
        || suffix.count == 2 && suffix.last?.isNumber == true, !asks("doc", "manual", "readme", "guide")
    {
        weight *= 0.6
    }
    return weight
}

private let testFolders: Set<String> = [
    "test", "tests", "spec", "specs", "regress", "fuzz", "testing", "testdata", "fixtures", "example", "examples",
]
private let foreignFolders: Set<String> = [
    "vendor", "third_party", "thirdparty", "deps", "node_modules", "external", "extern",
]
private let proseFolders: Set<String> = ["doc", "docs", "man"]
private let proseSuffixes: Set<String> = [".md", ".rst", ".txt", ".html", ".htm", ".xml", ".texi", ".adoc", ".tex"]
private let madeSuffixes: Set<String> = [".lock", ".map", ".svg", ".po", ".pot", ".json", ".csv", ".m4"]
private let madeNames: Set<String> = ["configure", "config.guess", "config.sub", "ltmain.sh"]
private let histories = [
    "change", "news", "history", "release", "authors", "contributors", "thanks", "todo", "copying", "license",
]
