import ArgumentParser
import FoundationEssentials
import SatchelCore
import SatchelKit

struct Watch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Sync, then keep in step until stopped.",
        discussion: """
            One line per change. Ctrl-C or SIGTERM stops it cleanly; a second one at once. SIGHUP makes it look at
            everything again.

            EXAMPLES
              satchel watch
              satchel watch --to openai
              satchel watch --once-settled      for scripts: ends when nothing is left to do
            """
    )

    @OptionGroup var account: AccountOption

    @Flag(help: "End as soon as everything is in step.")
    var onceSettled = false

    @OptionGroup var events: EventsOption

    @OptionGroup var options: GlobalOptions

    func validate() throws { try events.check(options) }

    func run() async throws {
        let command = self
        try await runCommand(options, stopIsSuccess: true, events: events.events) { output in
            try await command.run(output)
        }
    }

    private func run(_ output: Output) async throws -> ExitStatus {
        let workspace = try Workspace(options.context)
        let progress = ProgressLine(output)
        defer { progress.clear() }
        let connection = try await workspace.connect(to: account.account) { seconds, reason in
            progress.note(.waiting(seconds: seconds, reason: reason))
            output.event(
                .waiting(seconds: seconds, reason: reason),
                account: account.account ?? workspace.configuration.defaultAccountName
            )
        }
        if let notice = connection.notice { output.note(notice) }
        let name = connection.account.name
        let hangups = Hangups()
        defer { hangups.end() }
        try await workspace.whileLocked(LockHolder.watchCommand(of: name), patience: .zero) {
            try await workspace.watch(
                connection,
                endsOnceSettled: onceSettled,
                rescans: hangups.stream
            ) { event in
                output.event(event, account: name)
                switch event {
                case .ready(let watches, _, let report):
                    progress.clear()
                    output.info(output.text(of: report))
                    output.info("watching \(watches) folders for \(name); Ctrl-C stops")
                case .sync(.done(let entry)):
                    progress.clear()
                    output.info(output.text(of: entry, account: name, now: workspace.context.now()))
                    progress.note(.done(entry))
                // The event of that change is on its way already.
                case .sync(.failed(let failure)) where failure.isOvertaken && !output.verbose: break
                case .sync(.failed(let failure)):
                    progress.clear()
                    output.error("\(failure.path.map { "\($0): " } ?? "")\(failure.message)")
                case .sync(let event): progress.note(event)
                case .settled(let report):
                    progress.clear()
                    for failure in report.failures where failure.isRetryable && output.verbose {
                        output.note("\(failure.path.map { "\($0): " } ?? "")will be tried again")
                    }
                case .notice(let text):
                    progress.clear()
                    output.note(text)
                }
            }
        }
        output.document(WatchDocument(account: name))
        return .done
    }

    private struct WatchDocument: Encodable {
        var ok = true
        var account: String
    }
}
