/// What can be said at a chat's prompt besides questions.
struct ChatCommand {
    enum Verb: String, CaseIterable {
        case files, add, drop, tokens, model, cost, retry, edit, help, quit
    }

    var verb: Verb
    var words: [String]

    /// Nil when it is a question after all: `/etc/hosts says …`.
    init?(_ line: String) {
        guard line.hasPrefix("/") else { return nil }
        let parts = Self.words(of: line.dropFirst())
        guard let name = parts.first else { return nil }
        let other: [String: Verb] = ["exit": .quit, "q": .quit, "?": .help, "h": .help]
        guard let verb = Verb(rawValue: name) ?? other[name] else { return nil }
        self.verb = verb
        words = Array(parts.dropFirst())
    }

    /// The first word of a line where it looks like a command, but is none: `/fiels`.
    static func unknown(in line: String) -> String? {
        let word = String(line.prefix { !$0.isWhitespace })
        guard word.count > 1, word.hasPrefix("/"), word.dropFirst().allSatisfy({ $0.isASCII && $0.isLetter }) else {
            return nil
        }
        return ChatCommand(word) == nil ? word : nil
    }

    static let help = [
        "/files         what this thread shows, and what the next question adds",
        "/add PATH…     show these with the next question",
        "/drop PATH…    do not show these any more",
        "/tokens        about how many tokens the next question sends",
        "/model [NAME]  who answers from now on",
        "/cost          what this thread has used",
        "/retry         ask the last question again, in a copy of this thread",
        "/edit          change the last question in $EDITOR and ask it again",
        "/quit          end; so does Ctrl-D; Ctrl-C ends an answer",
    ]

    /// Parted at white space; quotes keep it, and an `@` before a name may stand or not.
    private static func words(of line: Substring) -> [String] {
        var words: [String] = []
        var word = ""
        var quote: Character?
        for character in line {
            if let open = quote {
                if character == open { quote = nil } else { word.append(character) }
            } else if character == "\"" || character == "'" {
                quote = character
            } else if character.isWhitespace {
                if !word.isEmpty { words.append(word) }
                word = ""
            } else if character != "@" || !word.isEmpty || words.isEmpty {
                word.append(character)
            }
        }
        if !word.isEmpty { words.append(word) }
        return words
    }
}
