import ArgumentParser
import SatchelCore
import SatchelKit

struct Has: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "has",
        abstract: "Say whether contents are known here, and where they are.",
        discussion: """
            A content is named by its SHA-256 or the first digits of it, by a path that stands for it, or by the name it \
            was added under. Asks no provider. Exit code 1 when one of them is not known, or is in neither the local \
            store, nor a file of the workspace, nor an account.

            EXAMPLES
              satchel has notes.md
              satchel has $(sha256sum notes.md | cut -c1-64)
              satchel has --json 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
            """
    )

    @Argument(help: ArgumentHelp("Digests, their first digits, paths or names.", valueName: "content"))
    var contents: [String]

    @OptionGroup var options: GlobalOptions

    struct Document: Encodable {
        struct Content: Encodable {
            var name: String
            var sha256: String?
            var known, stored: Bool
            var paths, accounts: [String]
        }

        var ok: Bool
        var contents: [Content]
    }

    func run() async throws {
        let command = self
        try await runCommand(options) { output in try await command.run(output) }
    }

    private func run(_ output: Output) async throws -> ExitStatus {
        let workspace = try Workspace(options.context)
        var found: [(name: String, places: ContentPlaces?)] = []
        for name in contents {
            let digest = try await workspace.find(name)?.digest
            found.append((name, try await workspace.places(of: digest.map { [$0] } ?? []).first))
        }
        let isComplete = found.allSatisfy { $0.places?.isAnywhere == true }
        output.document(
            Document(
                ok: isComplete,
                contents: found.map { name, place in
                    Document.Content(
                        name: printable(name),
                        sha256: place?.digest.hex,
                        known: place?.isAnywhere == true,
                        stored: place?.isStored == true,
                        paths: place?.paths.map(\.description) ?? [],
                        accounts: place?.accounts ?? []
                    )
                }
            )
        )
        for (name, place) in found {
            var parts: [String] = place?.isStored == true ? ["in the local store"] : []
            if let place { parts += place.paths.map(\.description) + place.accounts.map { "a copy at \($0)" } }
            let words = parts.isEmpty ? output.painted("missing", .red) : parts.joined(separator: ", ")
            output.info("\(place?.digest.hex ?? printable(name))  \(words)")
        }
        return isComplete ? .done : .someFailed
    }
}
