import ArgumentParser
import SatchelKit

struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check everything that a sync depends on.",
        discussion: """
            Configuration, keys (masked), inotify limits, the manifest's integrity, disk, clock, and whether each
            account's server answers. Changes nothing.

            EXAMPLES
              satchel doctor
              satchel doctor --json
            """
    )

    @OptionGroup var options: GlobalOptions

    struct Document: Encodable {
        struct Check: Encodable {
            var name: String
            var ok: Bool
            var detail: String
            var hint: String?
        }

        var ok: Bool
        var checks: [Check]
    }

    func run() async throws {
        let options = options
        try await runCommand(options) { output in
            let checks = await examine(try options.context)
            let isGood = checks.allSatisfy(\.isGood)
            output.document(
                Document(
                    ok: isGood,
                    checks: checks.map { check in
                        Document.Check(name: check.name, ok: check.isGood, detail: check.detail, hint: check.hint)
                    }
                )
            )
            for check in checks {
                let mark = check.isGood ? output.painted("✓", .green) : output.painted("✗", .red)
                output.line("\(mark) \(check.name): \(check.detail)")
                if let hint = check.hint { output.line("    \(hint)") }
            }
            return isGood ? .done : .someFailed
        }
    }
}
