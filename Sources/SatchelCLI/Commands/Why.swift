import ArgumentParser
import SatchelCore
import SatchelKit

struct WhyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "why",
        abstract: "Say why a path is synced, skipped or in trouble.",
        discussion: """
            EXAMPLES
              satchel why build/output.log      ignored by .gitignore:12 build/
              satchel why notes.md --json
            """
    )

    @Argument(help: ArgumentHelp("A file or folder of the workspace.", valueName: "path"))
    var path: String

    @OptionGroup var account: AccountOption

    @OptionGroup var options: GlobalOptions

    struct Document: Encodable {
        struct Rule: Encodable {
            var file: String
            var line: Int
            var pattern: String
        }

        var ok = true
        var path: String
        var decision: String
        var reason: String
        var rule: Rule?
        var sha256: String?
    }

    func run() async throws {
        let command = self
        try await runCommand(options) { output in
            let workspace = try Workspace(command.options.context)
            guard let path = try workspace.paths([command.path]).first else { return .done }
            let why = try await workspace.why(path, account: command.account.account)
            output.document(
                Document(
                    path: why.path.description,
                    decision: why.decision,
                    reason: why.reason,
                    rule: why.rule.map { Document.Rule(file: $0.file, line: $0.line, pattern: $0.pattern) },
                    sha256: why.digest?.hex
                )
            )
            output.line("\(why.path.isRoot ? "." : why.path.description): \(why.decision): \(why.reason)")
            return why.decision == "missing" ? .someFailed : .done
        }
    }
}
