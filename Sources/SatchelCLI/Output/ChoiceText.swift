import FoundationEssentials
import SatchelCore
import SatchelKit

/// `src/a.c  2,310 tokens  0.0029 USD  score 12.3  has hostip, lock; its note has dns`.
func choiceText(_ file: PickedFile) -> String {
    var reasons = file.terms.isEmpty ? [] : ["has \(printable(file.terms.joined(separator: ", ")))"]
    if !file.noteTerms.isEmpty { reasons.append("its note has \(printable(file.noteTerms.joined(separator: ", ")))") }
    let columns = [
        "\(file.path)", "\(grouped(file.tokens)) tokens", file.cost.map { "\($0)" } ?? "",
        "score \(oneDecimal(file.score))", reasons.joined(separator: "; "),
    ]
    return columns.filter { !$0.isEmpty }.joined(separator: "  ")
}

/// `12,345 tokens in (83% cached), 210 out`.
func tokensText(_ usage: ChatUsage) -> String {
    var text = "\(grouped(usage.input)) tokens in"
    if usage.cached > 0, usage.input > 0 { text += " (\(usage.cached * 100 / usage.input)% cached)" }
    return text + ", \(grouped(usage.output)) out"
}

/// With commas between thousands, in every language's environment the same.
func grouped(_ number: Int) -> String {
    var digits = Array(String(number))
    var place = digits.count - 3
    while place > (number < 0 ? 1 : 0) {
        digits.insert(",", at: place)
        place -= 3
    }
    return String(digits)
}

private func oneDecimal(_ number: Double) -> String {
    let tenths = Int((number * 10).rounded())
    return "\(tenths / 10).\(abs(tenths % 10))"
}

/// A file that `--auto` chose.
struct JSONPicked: Encodable {
    var path, sha256: String
    var tokens: Int
    var score: Double
    var terms: [String]
    var noteTerms: [String]?
    var cost: String?

    init(_ file: PickedFile) {
        path = file.path.description
        sha256 = file.digest.hex
        tokens = file.tokens
        score = (file.score * 1000).rounded() / 1000
        terms = file.terms
        if !file.noteTerms.isEmpty { noteTerms = file.noteTerms }
        cost = file.cost?.description
    }
}

/// A file that has changed since a thread was shown it.
struct JSONReplaced: Encodable {
    var path, old, new, shown: String
    var linesAdded, linesRemoved: Int?

    init(_ file: ReplacedFile) {
        path = file.path.description
        old = file.old.hex
        new = file.new.hex
        shown = file.isFollowed ? "new" : "old"
        linesAdded = file.lines?.added
        linesRemoved = file.lines?.removed
    }
}
