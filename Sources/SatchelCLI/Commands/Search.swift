import ArgumentParser
import FoundationEssentials
import SatchelCore
import SatchelKit

struct Search: AsyncParsableCommand {
    enum Place: String, ExpressibleByArgument, CaseIterable {
        case threads, files
    }

    static let configuration = CommandConfiguration(
        commandName: "search",
        abstract: "Find messages of conversations, and places in synced files, by their words.",
        discussion: """
            In messages every word must be there, and the last one may be the beginning of a word. In files, places with \
            more of the words come first, and forms of a word count as the word. The best come first. --list gives whole \
            files, ranked as chat --auto ranks them.

            EXAMPLES
              satchel search spring tides
              satchel search tid --in threads --limit 50 --json
              satchel search settle events --in files --context 4
              satchel search --list "where are retries counted?"
            """
    )

    @Argument(help: "The words.")
    var words: [String]

    @Option(name: .customLong("in"), help: "Only here: threads or files.")
    var place: Place?

    @Option(help: ArgumentHelp("At most so many of each.", valueName: "n"))
    var limit = 20

    @Flag(name: .shortAndLong, help: "Whole files instead of places, ranked by paths, names they define and words.")
    var list = false

    @Option(help: ArgumentHelp("Lines of files before and behind.", valueName: "n"))
    var context = 2

    @OptionGroup var options: GlobalOptions

    func validate() throws {
        guard (1...1000).contains(limit) else { throw ValidationError("--limit takes a number from 1 to 1000") }
        guard !list || place != .threads else { throw ValidationError("--list gives files: leave --in threads out") }
        guard (0...15).contains(context) else { throw ValidationError("--context takes a number from 0 to 15") }
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

        struct File: Encodable {
            var path: String
            var line: Int
            var sha256, text: String
        }

        var ok = true
        /// Missing where only files are searched.
        var found: [Found]?
        /// Missing where only threads are searched.
        var files: [File]?
    }

    /// With `--list`.
    struct FilesDocument: Encodable {
        var ok = true
        var files: [JSONPicked]
    }

    func run() async throws {
        let command = self
        try await runCommand(options) { output in try await command.run(output) }
    }

    private func run(_ output: Output) async throws -> ExitStatus {
        let workspace = try Workspace(options.context)
        let text = words.joined(separator: " ")
        if list { return try await listFiles(workspace, text, output) }
        let messages = place == .files ? [] : try await workspace.searchMessages(text, limit: limit)
        let passages =
            place == .threads
            ? [] : try await workspace.searchFiles(text, within: [], limit: limit, around: context)
        output.document(
            Document(
                found: place == .files ? nil : messages.map(Document.Found.init),
                files: place == .threads ? nil : passages.map(Document.File.init)
            )
        )
        for message in messages {
            let place = "\(message.thread):\(message.position) \(message.role.rawValue)"
            output.line("\(output.painted(place, .green))  \(printable(message.title))")
            let line = message.excerpt.split(whereSeparator: \.isNewline).joined(separator: " ")
            output.line("    \(printable(line))")
        }
        for passage in passages {
            output.line(output.painted("\(passage.path):\(passage.firstLine)", .green))
            for line in passage.lines { output.line("    \(printableLines(line))") }
        }
        if messages.isEmpty, passages.isEmpty {
            switch place {
            case .threads: output.note("no message has these words")
            case .files: output.note("no synced file has these words")
            case nil: output.note("neither a message nor a synced file has these words")
            }
        }
        return .done
    }

    private func listFiles(_ workspace: Workspace, _ text: String, _ output: Output) async throws -> ExitStatus {
        let progress = ProgressLine(output)
        defer { progress.clear() }
        let budget = AutoBudget(tokens: .max, files: limit, leastShare: 0)
        let choice = try await workspace.chooseFiles(for: text, under: budget) { event in
            if case .indexing(let done, let total) = event { progress.note(indexed: done, of: total) }
        }
        progress.clear()
        output.document(FilesDocument(files: choice.picked.map(JSONPicked.init)))
        for file in choice.picked { output.line(choiceText(file)) }
        if choice.picked.isEmpty {
            output.note("no file in step has any of these words; satchel sync brings them in step")
        }
        return .done
    }
}

extension Search.Document.Found {
    init(_ message: FoundMessage) {
        self.init(
            thread: message.thread,
            title: message.title,
            position: message.position,
            role: message.role.rawValue,
            excerpt: message.excerpt,
            createdAt: message.createdAt
        )
    }
}

extension Search.Document.File {
    init(_ passage: FoundExcerpt) {
        self.init(
            path: passage.path.description,
            line: passage.firstLine,
            sha256: passage.digest.hex,
            text: passage.lines.joined(separator: "\n")
        )
    }
}
