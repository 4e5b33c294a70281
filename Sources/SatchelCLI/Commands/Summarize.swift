import ArgumentParser
import FoundationEssentials
import SatchelCore
import SatchelKit

struct Summarize: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "summarize",
        abstract: "Have a model note in a few words what files are.",
        discussion: """
            A note belongs to a content: it is made once, and again only when the content has changed. Files are brought \
            in step first, and what holds a secret is not sent. --ls shows the notes that there are and asks nobody.

            EXAMPLES
              satchel summarize docs/
              satchel summarize README.md src/ -m gpt-5-mini
              satchel summarize --ls
            """
    )

    @Argument(help: ArgumentHelp("Files or folders; with --ls everything when there is none.", valueName: "path"))
    var paths: [String] = []

    @OptionGroup var account: AccountOption

    @Option(name: .shortAndLong, help: "The model.")
    var model: String?

    @Flag(help: "Show the notes that there are.")
    var ls = false

    @Flag(help: "Make notes again that are there already.")
    var force = false

    @OptionGroup var options: GlobalOptions

    func validate() throws {
        guard ls || !paths.isEmpty else { throw ValidationError("name files or folders, or say --ls") }
        if ls, force { throw ValidationError("--ls makes no notes; leave --force out") }
    }

    func run() async throws {
        let command = self
        try await runCommand(options) { output in try await command.run(output) }
    }

    private func run(_ output: Output) async throws -> ExitStatus {
        let overrides = model.map { [Configuration.Override("chat.model", $0, flag: "--model")] } ?? []
        let workspace = try Workspace(options.context, overrides: overrides)
        let paths = self.paths.isEmpty ? [WorkspacePath.root] : try workspace.paths(self.paths)
        try await workspace.check(paths.filter { !$0.isRoot })
        guard !ls else {
            let notes = try await workspace.notes(of: paths)
            output.document(Document(notes: notes.map(Document.Note.init)))
            for note in notes where note.text != nil { output.note(note) }
            let missing = notes.count { $0.text == nil }
            if missing > 0 { output.note("\(missing) of \(notes.count) synced files have no note") }
            return .done
        }
        let connection = try await workspace.connect(
            to: account.account ?? workspace.configuration.chat.account,
            notice: output.note
        ) { output.note(wait: $0, for: $1) }
        var notes: [FileNote] = []
        let left = try await workspace.whileChatting(connection, notice: output.note) {
            let progress = ProgressLine(output)
            defer { progress.clear() }
            return try await workspace.summarise(paths, connection, renews: force) { event in
                switch event {
                case .sync(let event): progress.note(event)
                case .notice(let text):
                    progress.clear()
                    output.note(text)
                default: break
                }
            } noted: { note in
                progress.clear()
                notes.append(note)
                output.note(note)
            }
        }
        output.document(
            Document(
                ok: left.isEmpty,
                notes: notes.map(Document.Note.init),
                failed: left.map { Document.Failure(path: $0.path.description, message: $0.message) }
            )
        )
        for file in left { output.error(file.message) }
        let made = Set(notes.filter(\.isNew).map(\.digest)).count
        output.note(
            "\(made) \(made == 1 ? "note" : "notes") made, \(notes.count - notes.count(where: \.isNew)) were there"
        )
        return left.contains(where: \.isSecret) ? .stoppedForSafety : left.isEmpty ? .done : .someFailed
    }

    struct Document: Encodable {
        struct Note: Encodable {
            var path, sha256: String
            var note, model: String?
            var madeAt: Date?
            var made: Bool
            var usage: JSONUsage?

            init(_ note: FileNote) {
                (path, sha256) = (note.path.description, note.digest.hex)
                (self.note, model, madeAt) = (note.text, note.model, note.madeAt)
                made = note.isNew
                usage = note.usage.map(JSONUsage.init)
            }
        }

        struct Failure: Encodable {
            var path, message: String
        }

        var ok = true
        var notes: [Note]
        var failed: [Failure]?
    }
}

extension Output {
    fileprivate func note(_ note: FileNote) {
        line("\(painted("\(note.path)", .green))  \(painted(note.digest.prefix(12), .grey))")
        line("    \(printable(note.text ?? ""))")
    }
}
