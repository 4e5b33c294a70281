import ArgumentParser
import SatchelCore
import SatchelKit

struct Init: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Make this folder a workspace.",
        discussion: """
            Writes a commented satchel.yaml unless there is one, and makes .satchel/, which ignores itself. \
            Safe to run again.

            EXAMPLES
              satchel init
              satchel init -C ~/project
            """
    )

    @Flag(help: "Make a workspace of its own inside another one.")
    var nested = false

    @OptionGroup var options: GlobalOptions

    struct Document: Encodable {
        var ok = true
        var workspace: String
        var configuration: String?
        var account: String
        var accounts: [String]
    }

    func run() async throws {
        let nested = nested
        let options = options
        try await runCommand(options) { output in
            let made = try initialise(options.context, nested: nested)
            output.document(
                Document(
                    workspace: made.root,
                    configuration: made.configuration,
                    account: made.account,
                    accounts: made.accounts
                )
            )
            let root = escaped(made.root.utf8)
            output.info("workspace \(root)")
            if made.configuration != nil { output.info("wrote satchel.yaml: every setting, with its default") }
            output.info("account \(made.account) (of \(made.accounts.joined(separator: ", ")))")
            output.info("next: satchel sync")
            return .done
        }
    }
}
