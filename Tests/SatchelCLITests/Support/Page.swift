import FoundationEssentials

/// A page of the documentation.
struct Page {
    /// A `satchel …` that it shows.
    struct Command {
        var line: Int
        /// The arguments.
        var words: [String]
        /// Whether it is there to be run, and not only named.
        var isWhole: Bool
    }

    static let project = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    /// Below the root of the repository: `docs/chat.md`.
    let path: String
    let text: String

    init(_ path: String) throws {
        self.path = path
        text = try String(contentsOf: Self.project.appending(path: path), encoding: .utf8)
    }

    /// Those of the root, and all below `docs`.
    static func all() throws -> [Page] {
        let docs = try FileManager.default.subpathsOfDirectory(atPath: project.appending(path: "docs").path)
        let pages = docs.filter { $0.hasSuffix(".md") }.sorted().map { "docs/\($0)" }
        return try (["README.md", "CONTRIBUTING.md", "CHANGELOG.md"] + pages).map { try Page($0) }
    }

    /// Each line with its number, and what it stands in: nil for prose, else the word behind the fence.
    private var lines: [(number: Int, text: Substring, fence: Substring?)] {
        var fence: Substring?
        var all: [(Int, Substring, Substring?)] = []
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if line.hasPrefix("```") {
                fence = fence == nil ? line.dropFirst(3) : nil
            } else {
                all.append((index + 1, line, fence))
            }
        }
        return all
    }

    /// What follows each `satchel` in blocks for the shell, in the examples of help texts and in `code`.
    var commands: [Command] {
        var isExample = false
        return lines.flatMap { line in
            if line.fence == "text" {
                isExample = line.text.hasPrefix("EXAMPLES") || (isExample && line.text.hasPrefix("  "))
            } else {
                isExample = false
            }
            if line.fence == "sh" || isExample || (line.fence == nil && line.text.hasPrefix("    ")) {
                return shellCommands(line.text).map { Command(line: line.number, words: $0, isWhole: true) }
            }
            guard line.fence == nil else { return [] }
            let code = line.text.split(separator: "`", omittingEmptySubsequences: false).enumerated()
            return code.filter { $0.offset % 2 == 1 }.flatMap { shellCommands($0.element) }
                .map { Command(line: line.number, words: $0, isWhole: false) }
        }
    }

    /// Where its links lead that stay in the repository, as they are written.
    var links: [String] {
        lines.filter { $0.fence == nil }.flatMap { line in
            line.text.split(separator: "](", omittingEmptySubsequences: false).dropFirst()
                .compactMap { $0.split(separator: ")", omittingEmptySubsequences: false).first.map(String.init) }
                .filter { !$0.contains("://") && !$0.hasPrefix("mailto:") }
        }
    }

    /// What a link may have behind its `#`.
    var anchors: Set<String> {
        Set(
            lines.filter { $0.fence == nil && $0.text.hasPrefix("#") }.map { line in
                line.text.drop { $0 == "#" }.dropFirst().lowercased()
                    .filter { $0.isLetter || $0.isNumber || $0 == " " || $0 == "-" || $0 == "_" }
                    .map { $0 == " " ? "-" : String($0) }.joined()
            }
        )
    }
}

/// The arguments of each `satchel` in a line for the shell; two spaces end the line, for an explanation behind it.
private func shellCommands(_ line: some StringProtocol) -> [[String]] {
    var commands: [[String]] = [[]]
    var word: String?
    var quote: Character?
    func end() {
        if let word { commands[commands.count - 1].append(word) }
        word = nil
    }
    var rest = Substring(line.drop { $0 == " " })
    while let character = rest.popFirst() {
        switch character {
        case quote:
            quote = nil
        case _ where quote != nil:
            word?.append(character)
        case "\"", "'":
            quote = character
            word = word ?? ""
        case "|", "&", ";":
            end()
            commands.append([])
        case " " where rest.first == " ", "<", ">",
            "#" where word == nil:
            rest = ""
        case " ":
            end()
        default:
            word = (word ?? "") + String(character)
        }
    }
    end()
    return commands.compactMap { words in
        let words = words.drop { $0 == "$" || ($0.first?.isUppercase == true && $0.contains("=")) }
        return words.first == "satchel" ? Array(words.dropFirst()) : nil
    }
}
