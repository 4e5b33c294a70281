import ArgumentParser
import SatchelCore
import SatchelKit

struct Rehydrate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rehydrate",
        abstract: "Upload again what has expired or vanished, now rather than at its first use.",
        discussion: """
            The account is asked after every copy first. New and changed files are sent as well, as by a sync. The bytes come from the workspace; what a chat needs and the \
            workspace has no more comes from the local store, at that chat.

            EXAMPLES
              satchel rehydrate                 what has expired, vanished, or ends within the safety margin
              satchel rehydrate --within 2h     also what ends in the next two hours
              satchel rehydrate docs --all      also what is fresh
            """
    )

    @Argument(help: ArgumentHelp("Files or folders; everything when there is none.", valueName: "path"))
    var paths: [String] = []

    @Option(help: ArgumentHelp("Also what ends within this time: 2h, 30m.", valueName: "time"))
    var within: String?

    @Flag(help: "Also copies that are fresh; what they replace is deleted.")
    var all = false

    @OptionGroup var account: AccountOption

    @OptionGroup var options: GlobalOptions

    func validate() throws {
        if let within, parseSeconds(within) == nil { throw ValidationError("--within takes a time such as 2h or 30m") }
    }

    func run() async throws {
        let command = self
        try await runCommand(options) { output in try await command.run(output) }
    }

    private func run(_ output: Output) async throws -> ExitStatus {
        let workspace = try Workspace(options.context)
        let scope = try await workspace.scope(of: paths)
        let progress = ProgressLine(output)
        defer { progress.clear() }
        let connection = try await workspace.connect(to: account.account, notice: output.note) { seconds, reason in
            progress.note(.waiting(seconds: seconds, reason: reason))
        }
        var rehydrate = RehydrateOptions()
        rehydrate.within = within.flatMap { parseSeconds($0) }.map(Double.init) ?? 0
        rehydrate.all = all
        let name = connection.account.name
        let report = try await workspace.rehydrateOrAsk(
            scope,
            in: connection,
            options: rehydrate,
            patience: .seconds(30)
        ) { event in
            if case .done(let entry) = event {
                progress.clear()
                output.info(output.text(of: entry, account: name, now: workspace.context.now()))
            }
            progress.note(event)
        }
        progress.clear()
        output.finish(report)
        output.document(JSONSync(report, verbose: output.verbose))
        return ExitStatus(report)
    }
}
