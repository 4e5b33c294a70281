import ArgumentParser
import Glibc
import SatchelCore
import SatchelKit

struct Cat: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cat",
        abstract: "Print the bytes of a content, as they were.",
        discussion: """
            A path means the version that was last in step; a content is named by its SHA-256, its first digits, or \
            the name it was added under. The bytes come from the local store, from a file that has them, or from an \
            account that gives uploads back, and are checked before the first is printed.

            EXAMPLES
              satchel cat notes.md
              satchel cat 9f86d081
              satchel cat notes.md --thread 3 | diff - notes.md
            """
    )

    @Argument(help: ArgumentHelp("A path, a SHA-256 or its first digits.", valueName: "content"))
    var content: String

    @OptionGroup var version: VersionOptions

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        let command = self
        try await runCommand(options) { output in try await command.run(output) }
    }

    private func run(_ output: Output) async throws -> ExitStatus {
        let workspace = try Workspace(options.context)
        let found = try await workspace.content(content, version: version.version)
        try await workspace.read(found, notice: output.note) { try writeToStandardOutput($0) }
        return .done
    }
}

/// Writes all of it, also to a slow pipe.
func writeToStandardOutput(_ bytes: UnsafeRawBufferPointer) throws {
    var rest = bytes
    while !rest.isEmpty {
        let count = write(STDOUT_FILENO, rest.baseAddress, rest.count)
        if count < 0, errno == EINTR || errno == EAGAIN { continue }
        guard count > 0 else {
            throw CommandFailure(output: errno)
        }
        rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    }
}
