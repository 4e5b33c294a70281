import ArgumentParser
import SatchelCore
import SatchelKit

struct QuotaCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quota",
        abstract: "Show how full accounts are.",
        discussion: """
            What this workspace holds in each account, beside the account's max_bytes or the figure its provider \
            publishes. With --ask the account is listed and everything in it counted.

            EXAMPLES
              satchel quota
              satchel quota --to openai --ask
            """
    )

    @Option(
        name: [.customLong("to"), .customShort("p"), .customLong("account")],
        help: ArgumentHelp("The account; may be repeated.", valueName: "account")
    )
    var accounts: [String] = []

    @Flag(help: "List the account and count all it holds.")
    var ask = false

    @OptionGroup var options: GlobalOptions

    struct Document: Encodable {
        struct Sum: Encodable {
            var files: Int
            var bytes: Int64
        }

        struct Account: Encodable {
            var name, kind: String
            var ours: Sum
            var total: Sum?
            var limit: Int64?
            var limitSource: String?
        }

        var ok = true
        var accounts: [Account]
    }

    func run() async throws {
        let command = self
        try await runCommand(options) { output in try await command.run(output) }
    }

    private func run(_ output: Output) async throws -> ExitStatus {
        let workspace = try Workspace(options.context)
        let quotas = try await workspace.quotas(of: accounts, asks: ask, notice: output.note)
        output.document(
            Document(
                accounts: quotas.map { quota in
                    Document.Account(
                        name: quota.account,
                        kind: quota.kind.rawValue,
                        ours: Document.Sum(files: quota.ours.files, bytes: quota.ours.bytes),
                        total: quota.total.map { Document.Sum(files: $0.files, bytes: $0.bytes) },
                        limit: quota.limit?.bytes,
                        limitSource: quota.limit.map { _ in quota.isConfigured ? "max_bytes" : "published" }
                    )
                }
            )
        )
        for quota in quotas { output.line(line(quota)) }
        return .done
    }

    private func line(_ quota: Quota) -> String {
        var line = "\(quota.account): \(ByteCount(quota.ours.bytes)) in \(quota.ours.files) copies of this workspace"
        if let total = quota.total { line += ", \(ByteCount(total.bytes)) in \(total.files) files altogether" }
        guard let limit = quota.limit else { return line + "; no limit known" }
        let used = quota.isConfigured ? quota.ours.bytes : quota.total?.bytes ?? quota.ours.bytes
        let share = limit.bytes > 0 ? Double(used) / Double(limit.bytes) * 100 : 100
        let percent = share < 10 ? "\((share * 10).rounded() / 10)" : "\(Int(share.rounded()))"
        return line + "; \(percent) % of \(limit) (\(quota.isConfigured ? "max_bytes" : "published"))"
    }
}
