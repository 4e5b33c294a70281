import ArgumentParser
import FoundationEssentials
import SatchelCore
import SatchelKit

struct Search: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Find messages of conversations by their words.",
        discussion: """
            Every word must be there; the last one may be the beginning of a word. The best come first.

            EXAMPLES
              satchel search spring tides
              satchel search tid --limit 50 --json
            """
    )

    @Argument(help: "The words.")
    var words: [String]

    @Option(help: ArgumentHelp("At most so many.", valueName: "n"))
    var limit = 20

    @OptionGroup var options: GlobalOptions

    func validate() throws {
        guard (1...1000).contains(limit) else { throw ValidationError("--limit takes a number from 1 to 1000") }
        guard words.contains(where: { $0.contains { $0.isLetter || $0.isNumber } }) else {
            throw ValidationError("there is no word to look for")
        }
    }

    struct Document: Encodable {
        struct Found: Encodable {
            var thread: Int64
            var title: String
            var position: Int
            var role, excerpt: String
            var createdAt: Date
        }

        var ok = true
        var found: [Found]
    }

    func run() async throws {
        let command = self
        try await runCommand(options) { output in
            let workspace = try Workspace(command.options.context)
            let found = try await workspace.searchMessages(command.words.joined(separator: " "), limit: command.limit)
            output.document(
                Document(
                    found: found.map { message in
                        Document.Found(
                            thread: message.thread,
                            title: message.title,
                            position: message.position,
                            role: message.role.rawValue,
                            excerpt: message.excerpt,
                            createdAt: message.createdAt
                        )
                    }
                )
            )
            for message in found {
                let place = "\(message.thread):\(message.position) \(message.role.rawValue)"
                output.line("\(output.painted(place, .green))  \(printable(message.title))")
                let line = message.excerpt.split(whereSeparator: \.isNewline).joined(separator: " ")
                output.line("    \(printable(line))")
            }
            if found.isEmpty { output.note("no message has these words") }
            return .done
        }
    }
}
