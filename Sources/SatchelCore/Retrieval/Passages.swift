/// Some consecutive lines of a text.
package struct TextPassage: Hashable, Sendable {
    /// From 1.
    package var firstLine: Int
    package var lastLine: Int
    package var text: String

    package init(firstLine: Int, lastLine: Int, text: String) {
        self.firstLine = firstLine
        self.lastLine = lastLine
        self.text = text
    }
}

/// Cuts a text into passages of at most `longest` lines and `mostBytes` bytes, at blank lines and headings where it can.
///
/// Every line is in exactly one passage; passages of nothing but white space are left out. A single line longer than
/// `mostBytes` is a passage of its own, cut short.
package func passages(of text: String, longest: Int = 30, mostBytes: Int = 4000) -> [TextPassage] {
    var result: [TextPassage] = []
    var lines: [Substring] = []
    var first = 1
    var bytes = 0
    func isBlank(_ line: Substring) -> Bool { line.allSatisfy(\.isWhitespace) }
    func close(before next: Int) {
        if lines.contains(where: { !isBlank($0) }) {
            result.append(TextPassage(firstLine: first, lastLine: next - 1, text: lines.joined(separator: "\n")))
        }
        lines = []
        bytes = 0
        first = next
    }
    var number = 0
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
        number += 1
        let short = line.utf8.count > mostBytes ? line.prefix(mostBytes / 4) : line
        let isFull = lines.count >= longest || bytes + short.utf8.count > mostBytes
        // Past half the length, a blank line or a heading is a good place to stop.
        let isBreak = lines.count * 2 >= longest && (line.hasPrefix("#") || lines.last.map(isBlank) == true)
        if !lines.isEmpty, isFull || isBreak { close(before: number) }
        lines.append(short)
        bytes += short.utf8.count + 1
    }
    close(before: number + 1)
    return result
}

/// The words of a question worth looking for: letters and digits, in lower case, each once, without the most common
/// English ones unless nothing else is left.
package func searchWords(_ question: String) -> [String] {
    var seen: Set<String> = []
    let all = question.split { !$0.isLetter && !$0.isNumber && $0 != "_" }
        .flatMap { $0.split(separator: "_") }
        .map { $0.lowercased() }
        .filter { seen.insert($0).inserted }
    let content = all.filter { !commonWords.contains($0) && ($0.count > 1 || $0.first?.isASCII == false) }
    return content.isEmpty ? all : content
}

let commonWords: Set<String> = [
    "a", "about", "an", "and", "any", "are", "as", "at", "be", "been", "but", "by", "can", "could", "did", "do", "does",
    "explain", "find", "for", "from", "give", "had", "has", "have", "how", "i", "if", "in", "into", "is", "it", "its",
    "me", "my", "no", "not", "of", "on", "or", "our", "please", "say", "says", "show", "so", "some", "tell", "than",
    "that", "the", "their", "them", "then", "there", "these", "they", "this", "to", "us", "was", "we", "were", "what",
    "when", "where", "which", "who", "why", "will", "with", "would", "you", "your",
]

/// The lines of a passage that best show why it was found: a window around the line with most of the words.
///
/// - Returns: the first line's number and the lines.
package func excerpt(of passage: TextPassage, words: [String], lines most: Int = 6) -> (firstLine: Int, lines: [String])
{
    let lines = passage.text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    var best = 0
    var bestScore = -1
    for (index, line) in lines.enumerated() {
        let lower = line.lowercased()
        // Stems are close enough to prefixes: `tides` finds `tide`.
        let score = words.count { word in lower.contains(word) || (word.count > 4 && lower.contains(word.dropLast())) }
        if score > bestScore { (best, bestScore) = (index, score) }
    }
    let start = max(0, min(best - 1, lines.count - most))
    var window = Array(lines[start..<min(start + most, lines.count)])
    while window.last?.allSatisfy(\.isWhitespace) == true { window.removeLast() }
    return (passage.firstLine + start, window)
}
