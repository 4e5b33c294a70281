import ArgumentParser
import FoundationEssentials
import SatchelCore
import SatchelKit

struct Watch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Sync, then keep in step until stopped.",
        discussion: """
            One line per change. Ctrl-C or SIGTERM stops it cleanly: what is being sent has four seconds to arrive. A \
            second one stops it at once. SIGHUP makes it look at everything again. satchel pause and resume hold it \
            without ending it.

            --install writes a systemd user unit for this workspace and says what to type next; it never starts \
            anything itself, and never writes a key down.

            EXAMPLES
              satchel watch
              satchel watch --to openai
              satchel watch --once-settled      for scripts: ends when all is done
              satchel watch --install           as a service, at every login
            """
    )

    @OptionGroup var account: AccountOption

    @Flag(help: "End as soon as everything is in step.")
    var onceSettled = false

    @Flag(help: "Write a systemd user unit that watches this workspace.")
    var install = false

    @Flag(help: "Remove that unit.")
    var uninstall = false

    @Flag(name: .shortAndLong, help: "With --install or --uninstall: only say what would be done.")
    var dryRun = false

    @OptionGroup var events: EventsOption

    @OptionGroup var options: GlobalOptions

    func validate() throws {
        try events.check(options)
        if install, uninstall { throw ValidationError("--install and --uninstall exclude each other") }
        if dryRun, !install, !uninstall { throw ValidationError("--dry-run goes with --install or --uninstall") }
        if install || uninstall, onceSettled || events.events {
            throw ValidationError("--install and --uninstall watch nothing themselves")
        }
    }

    func run() async throws {
        let command = self
        let stop = StopRequest()
        try await runCommand(options, stopIsSuccess: true, events: events.events, stop: stop) { output in
            do {
                return try await command.run(output, stop)
            } catch  where command.isService && mayPass(error) {
                // Where a person is told what helps, a service is to be started again until it does.
                var failure = CommandFailure(error)
                (failure.status, failure.isRetryable) = (.gaveUpWaiting, true)
                throw failure
            }
        }
    }

    private var isService: Bool { (try? options.context)?.environment["NOTIFY_SOCKET"] != nil }

    private func run(_ output: Output, _ stop: StopRequest) async throws -> ExitStatus {
        var workspace = try Workspace(options.context)
        let service = WatchService(account: account.account, isDryRun: dryRun)
        if install { return try service.install(in: workspace, output) }
        if uninstall { return try service.uninstall(in: workspace, output) }
        // A service that is started while somebody syncs waits for its turn; a person is told who it is.
        var patience: Duration = workspace.isService ? .seconds(60) : .zero
        let progress = ProgressLine(output)
        defer { progress.clear() }
        var connection = try await connect(workspace, output, progress)
        while true {
            let end = try await watch(workspace, connection, patience: patience, output, progress, stop)
            guard let successor = end.successor else {
                output.document(WatchDocument(end, account: connection.account.name))
                if !end.blocked.isEmpty { return .stoppedForSafety }
                return end.failures.isEmpty ? .done : .someFailed
            }
            output.note("the configuration has changed; the watch begins anew with it")
            (workspace, connection) = (successor.workspace, successor.connection)
            // Somebody may have been quicker.
            patience = .seconds(60)
        }
    }

    private func connect(
        _ workspace: Workspace,
        _ output: Output,
        _ progress: ProgressLine
    ) async throws -> Connection {
        let name = account.account ?? workspace.configuration.defaultAccountName
        return try await workspace.connect(to: account.account, notice: output.note) { seconds, reason in
            progress.note(.waiting(seconds: seconds, reason: reason))
            output.event(.waiting(seconds: seconds, reason: reason), account: name)
        }
    }

    /// Watches until it ends, or the configuration is another one.
    private func watch(
        _ workspace: Workspace,
        _ connection: Connection,
        patience: Duration,
        _ output: Output,
        _ progress: ProgressLine,
        _ stop: StopRequest
    ) async throws -> WatchEnd {
        let name = connection.account.name
        let text = WatchText(
            output: output,
            progress: progress,
            account: name,
            isPatient: !onceSettled,
            now: workspace.context.now
        )
        let hangups = Hangups()
        defer { hangups.end() }
        return try await workspace.whileLocked(LockHolder.watchCommand(of: name), patience: patience) {
            try await workspace.watch(
                connection,
                endsOnceSettled: onceSettled,
                stop: stop,
                rescans: hangups.stream,
                reconnect: {
                    let successor = try Workspace(options.context)
                    return WatchSuccessor(
                        workspace: successor,
                        connection: try await connect(successor, output, progress)
                    )
                }
            ) { event in
                output.event(event, account: name)
                text.tell(event)
            }
        }
    }

    private struct WatchDocument: Encodable {
        var ok: Bool
        var account: String
        var failures: [JSONSync.Failure]
        var keptBack: [String]

        init(_ end: WatchEnd, account: String) {
            ok = end.blocked.isEmpty && end.failures.isEmpty
            self.account = account
            failures = end.failures.map(JSONSync.Failure.init)
            keptBack = end.blocked.map(\.description)
        }
    }
}
