import ArgumentParser
import SatchelCore
import SatchelKit

struct Add: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Keep bytes in the local store, and print their SHA-256.",
        discussion: """
            For what is not in the workspace, or is about to go: the bytes stay in .satchel/objects until --forget. \
            Nothing is uploaded. satchel cat and satchel restore bring them back. The same bytes may have several names; \
            without one they keep those they have, or get the first 16 digits of their SHA-256.

            EXAMPLES
              satchel add ~/Downloads/report.pdf
              curl -s https://example.org/data.csv | satchel add - --name data.csv
              satchel add --sha256 9f86d081884c7d65… backup.tar
              satchel add --forget report.pdf
            """
    )

    @Argument(help: ArgumentHelp("Files, or - for standard input.", valueName: "path"))
    var paths: [String] = []

    @Option(help: ArgumentHelp("What it is called, instead of the file's name.", valueName: "name"))
    var name: String?

    @Option(help: ArgumentHelp("What it is, instead of what its bytes say.", valueName: "type"))
    var mime: String?

    @Option(help: ArgumentHelp("The digest that it must have; nothing is kept otherwise.", valueName: "sha256"))
    var sha256: String?

    @Option(help: ArgumentHelp("Let an added content go: its digest or name.", valueName: "content"))
    var forget: [String] = []

    @OptionGroup var options: GlobalOptions

    func validate() throws {
        if paths.isEmpty, forget.isEmpty { throw ValidationError("say which files, or - for standard input") }
        if paths.count > 1, name != nil || sha256 != nil {
            throw ValidationError("--name and --sha256 are for one file")
        }
        if let sha256, ContentDigest(hex: sha256) == nil {
            throw ValidationError("--sha256 takes 64 hexadecimal digits")
        }
        if let mime, !mime.contains("/") { throw ValidationError("--mime takes a type such as text/plain") }
    }

    struct Document: Encodable {
        struct Content: Encodable {
            var sha256, name, mime: String
            var bytes: Int64
        }

        var ok = true
        var added: [Content] = []
        var forgotten: [String] = []
    }

    func run() async throws {
        let command = self
        try await runCommand(options) { output in try await command.run(output) }
    }

    private func run(_ output: Output) async throws -> ExitStatus {
        let workspace = try Workspace(options.context)
        var document = Document()
        for text in forget {
            let digest = try await workspace.forgetAdded(text)
            document.forgotten.append(digest.hex)
            output.info("forgotten \(digest.hex)")
        }
        for path in paths {
            let added = try await workspace.add(
                path == "-" ? nil : path,
                name: name,
                mime: mime,
                expecting: sha256.flatMap { ContentDigest(hex: $0) }
            )
            document.added.append(
                Document.Content(
                    sha256: added.digest.hex,
                    name: added.name,
                    mime: added.mime,
                    bytes: added.size
                )
            )
            output.line(output.quiet ? added.digest.hex : "\(added.digest.hex)  \(printable(added.name))")
        }
        output.document(document)
        return .done
    }
}
