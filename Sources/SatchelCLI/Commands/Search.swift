import ArgumentParser
import FoundationEssentials
import SatchelCore
import SatchelKit

struct Search: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Find messages of conversations, or files, by their words.",
        discussion: """
            Of a message every word must be there; the last one may be the beginning of a word. Files are found by any \
            of the words, in their paths, the names they define and their contents, as chat --auto finds them. The best \
            come first.

            EXAMPLES
              satchel search spring tides
              satchel search --in files "where are retries counted?"
              satchel search tid --limit 50 --json
            """
    )

    @Argument(help: "The words.")
    var words: [String]

    @Option(name: .customLong("in"), help: ArgumentHelp("What to look in: threads or files.", valueName: "what"))
    var place = Place.threads

    @Option(help: ArgumentHelp("At most so many.", valueName: "n"))
    var limit = 20

    @OptionGroup var options: GlobalOptions

    func validate() throws {
        guard (1...1000).contains(limit) else { throw ValidationError("--limit takes a number from 1 to 1000") }
        guard words.contains(where: { $0.contains { $0.isLetter || $0.isNumber } }) else {
            throw ValidationError("there is no word to look for")
        }
    }

    enum Place: String, ExpressibleByArgument {
        case threads, files
    }

    struct FilesDocument: Encodable {
        var ok = true
        var files: [JSONPicked]
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
            if command.place == .files { return try await command.searchFiles(workspace, output) }
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

    private func searchFiles(_ workspace: Workspace, _ output: Output) async throws -> ExitStatus {
        let progress = ProgressLine(output)
        defer { progress.clear() }
        let budget = AutoBudget(tokens: .max, files: limit, leastShare: 0)
        let choice = try await workspace.chooseFiles(for: words.joined(separator: " "), under: budget) { event in
            if case .indexing(let done, let total) = event { progress.note(indexed: done, of: total) }
        }
        progress.clear()
        output.document(FilesDocument(files: choice.picked.map(JSONPicked.init)))
        for file in choice.picked { output.line(choiceText(file)) }
        if choice.picked.isEmpty { output.note("no file in step has any of these words; satchel sync brings them in step") }
        return .done
    }
}
