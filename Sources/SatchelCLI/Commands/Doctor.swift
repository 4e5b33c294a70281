import ArgumentParser
import SatchelCore
import SatchelKit

struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check everything that a sync depends on.",
        discussion: """
            Configuration, keys (masked), inotify limits, the manifest's integrity, disk, clock, and whether each \
            account's server answers. Changes nothing.

            --live ACCOUNT goes further: it uploads a small file with a made-up word, lists it, asks the model for the \
            word and deletes the file again. Some gateways take a file, answer, and never show it to the model; this \
            is how to find out. It costs a few hundred tokens.

            EXAMPLES
              satchel doctor
              satchel doctor --live openai -m gpt-5-mini
              satchel doctor --json
            """
    )

    @Option(
        help: ArgumentHelp("Prove what this account can do, with files that are deleted again.", valueName: "account")
    )
    var live: String?

    @Option(name: .shortAndLong, help: "With --live: the model that is asked.")
    var model: String?

    @OptionGroup var options: GlobalOptions

    func validate() throws {
        if model != nil, live == nil { throw ValidationError("-m names the model for --live") }
    }

    struct Document: Encodable {
        struct Check: Encodable {
            var name: String
            var ok: Bool
            var detail: String
            var hint: String?
        }

        struct Live: Encodable {
            var account: String
            var model: String?
            var usage: JSONUsage
            /// Absent where the provider does not tell it.
            var cost: String?
        }

        var ok: Bool
        var checks: [Check]
        var live: Live?
    }

    func run() async throws {
        let command = self
        try await runCommand(options) { output in try await command.run(output) }
    }

    private func run(_ output: Output) async throws -> ExitStatus {
        var checks = await examine(try options.context)
        var report: LiveReport?
        if let live {
            let found = try await prove(live, output)
            checks += found.checks
            report = found
        }
        let isGood = checks.allSatisfy(\.isGood)
        output.document(
            Document(
                ok: isGood,
                checks: checks.map { check in
                    Document.Check(name: check.name, ok: check.isGood, detail: check.detail, hint: check.hint)
                },
                live: report.map {
                    Document.Live(
                        account: $0.account,
                        model: $0.model,
                        usage: JSONUsage($0.usage),
                        cost: $0.usage.cost?.description
                    )
                }
            )
        )
        for check in checks {
            let mark = check.isGood ? output.painted("✓", .green) : output.painted("✗", .red)
            output.line("\(mark) \(check.name): \(check.detail)")
            if let hint = check.hint { output.line("    \(hint)") }
        }
        if let report, report.model != nil {
            let cost = report.usage.cost.map { ", \($0)" } ?? "; the provider does not say what they cost"
            output.line("used \(report.usage.input) tokens in, \(report.usage.output) out\(cost)")
        }
        return isGood ? .done : .someFailed
    }

    private func prove(_ account: String, _ output: Output) async throws -> LiveReport {
        let overrides = model.map { [Configuration.Override("chat.model", $0, flag: "--model")] } ?? []
        let workspace = try Workspace(options.context, overrides: overrides)
        let connection = try await workspace.connect(to: account, notice: output.note) { seconds, reason in
            output.note(wait: seconds, for: reason)
        }
        return try await workspace.whileLocked("doctor", patience: .seconds(30)) {
            try await workspace.prove(connection)
        }
    }
}
