import ArgumentParser
import SatchelCore
import SatchelKit

struct Restore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Write a version of a file back, from what is kept of it.",
        discussion: """
            Without -o it goes to its own place in the workspace. A file that is there stays unless --force. Which \
            versions there are: those that were sent to a provider or shown to a chat, as long as their bytes are kept. \
            Of what was only synced to the local store the content is kept and not its path: name it by its SHA-256.

            EXAMPLES
              satchel restore notes.md --thread 3 -o old-notes.md
              satchel restore notes.md --at 2026-11-20 --force
              satchel restore 9f86d081 -o -
            """
    )

    @Argument(help: ArgumentHelp("A path, a SHA-256 or its first digits.", valueName: "content"))
    var content: String

    @OptionGroup var version: VersionOptions

    @Option(
        name: [.customShort("o"), .customLong("output")],
        help: ArgumentHelp("Write here; - for standard output.", valueName: "file")
    )
    var target: String?

    @Flag(help: "Replace a file that is there.")
    var force = false

    @OptionGroup var options: GlobalOptions

    struct Document: Encodable {
        var ok = true
        var sha256, file: String
    }

    func run() async throws {
        let command = self
        try await runCommand(options) { output in try await command.run(output) }
    }

    private func run(_ output: Output) async throws -> ExitStatus {
        let workspace = try Workspace(options.context)
        let found = try await workspace.content(content, version: version.version)
        if target == "-" {
            try await workspace.read(found, notice: output.note) { try writeToStandardOutput($0) }
            return .done
        }
        let file = try await workspace.restore(found, to: target, replaces: force, notice: output.note)
        output.document(Document(sha256: found.digest.hex, file: file))
        output.info("\(file)  \(output.painted(found.digest.prefix(12), .grey))")
        return .done
    }
}
