import FoundationEssentials
import SatchelTestSupport
import Testing

/// A command of the program with those below it, as its argument parser describes them.
struct CommandTree: Decodable {
    struct Argument: Decodable {
        struct Name: Decodable {
            /// `long`, `short`, or `longWithSingleDash`.
            var kind: String
            /// Without dashes.
            var name: String
        }

        /// `positional`, `option` or `flag`.
        var kind: String
        var names: [Name]?
        var isOptional: Bool
        var isRepeating: Bool
    }

    var commandName: String
    var arguments: [Argument]?
    var subcommands: [CommandTree]?

    static func of(_ satchel: RunningSatchel) async throws -> CommandTree {
        struct Dump: Decodable { var command: CommandTree }
        let dump = try await satchel.run(["--experimental-dump-help"]).check().stdout
        return try JSONDecoder().decode(Dump.self, from: Data(dump.utf8)).command
    }

    /// The words that lead to every command, this one first; without `help`, which explains the others.
    var paths: [[String]] {
        [[]]
            + (subcommands ?? []).filter { $0.commandName != "help" }.flatMap { command in
                command.paths.map { [command.commandName] + $0 }
            }
    }

    /// Whether the command at the end of these words does something, and does not only hold others.
    func isLeaf(_ path: [String]) -> Bool {
        guard let first = path.first else { return subcommands?.isEmpty ?? true }
        return subcommands?.first { $0.commandName == first }?.isLeaf(Array(path.dropFirst())) ?? false
    }

    /// Looks for what the parser would not understand.
    ///
    /// - Parameters:
    ///   - words: the arguments.
    ///   - isWhole: whether nothing that is required may be missing, as where prose only names an option.
    /// - Returns: what is wrong with them; nil when they would be taken.
    func complaint(about words: some Collection<String>, isWhole: Bool) -> String? {
        if let first = words.first, let below = subcommands?.first(where: { $0.commandName == first }) {
            return below.complaint(about: words.dropFirst(), isWhole: isWhole)
        }
        let known = arguments ?? []
        var rest = words[...]
        var plain = 0
        while let word = rest.popFirst() {
            // A name in brackets is an option that may be left out.
            let bare = word.trimmed("[]")
            if bare.hasPrefix("--"), bare.count > 2 {
                let parts = bare.dropFirst(2).split(separator: "=", maxSplits: 1)
                guard let found = known.first(where: { $0.has(String(parts[0]), kind: "long") }) else {
                    return "no option \(bare)"
                }
                if found.kind == "option", parts.count == 1, rest.popFirst() == nil, isWhole {
                    return "\(bare) of what"
                }
            } else if bare.hasPrefix("-"), bare.count > 1 {
                for letter in bare.dropFirst() {
                    guard let found = known.first(where: { $0.has(String(letter), kind: "short") }) else {
                        return "no option -\(letter)"
                    }
                    guard found.kind == "option" else { continue }
                    if letter == bare.last { _ = rest.popFirst() }
                    break
                }
            } else if subcommands?.isEmpty == false {
                return "no command \(word)"
            } else {
                plain += 1
            }
        }
        let places = known.filter { $0.kind == "positional" }
        if plain > places.count, !places.contains(where: \.isRepeating) { return "more than \(places.count) arguments" }
        let needed = places.count { !$0.isOptional }
        return isWhole && plain < needed ? "fewer than \(needed) arguments" : nil
    }
}

extension CommandTree.Argument {
    fileprivate func has(_ name: String, kind: String) -> Bool {
        names?.contains { $0.name == name && $0.kind == kind } ?? false
    }
}

extension String {
    fileprivate func trimmed(_ characters: String) -> String {
        var text = self[...]
        while let first = text.first, characters.contains(first) { text.removeFirst() }
        while let last = text.last, characters.contains(last) { text.removeLast() }
        return String(text)
    }
}
