import ArgumentParser
import SatchelCore
import SatchelKit

struct Has: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "has",
        abstract: "Say whether contents are known here, and where they are.",
        discussion: """
            Asks no provider. Exit code 1 when one of them is in neither the local store, nor a file of the workspace, \
            nor an account.

            EXAMPLES
              satchel has $(sha256sum notes.md | cut -c1-64)
              satchel has --json 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
            """
    )

    @Argument(help: ArgumentHelp("The SHA-256 of each, in 64 hexadecimal digits.", valueName: "sha256"))
    var digests: [String]

    @OptionGroup var options: GlobalOptions

    func validate() throws {
        for digest in digests where ContentDigest(hex: digest) == nil {
            throw ValidationError("\(printable(digest)): a SHA-256 has 64 hexadecimal digits")
        }
    }

    struct Document: Encodable {
        struct Content: Encodable {
            var sha256: String
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
        let places = try await workspace.places(of: digests.compactMap { ContentDigest(hex: $0) })
        let isComplete = places.allSatisfy(\.isAnywhere)
        output.document(
            Document(
                ok: isComplete,
                contents: places.map { place in
                    Document.Content(
                        sha256: place.digest.hex,
                        known: place.isAnywhere,
                        stored: place.isStored,
                        paths: place.paths.map(\.description),
                        accounts: place.accounts
                    )
                }
            )
        )
        for place in places {
            var parts: [String] = place.isStored ? ["in the local store"] : []
            parts += place.paths.map(\.description) + place.accounts.map { "a copy at \($0)" }
            let words = parts.isEmpty ? output.painted("missing", .red) : parts.joined(separator: ", ")
            output.info("\(place.digest.hex)  \(words)")
        }
        return isComplete ? .done : .someFailed
    }
}
