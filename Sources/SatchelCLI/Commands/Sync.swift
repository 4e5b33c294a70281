import ArgumentParser
import FoundationEssentials
import SatchelCore
import SatchelKit

struct Sync: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sync",
        abstract: "Upload what is new or changed, and renew what has expired.",
        discussion: """
            Identity is content: a renamed or copied file uploads nothing. Copies that nothing refers to any more are \
            deleted after the time keep_unreferenced says.

            EXAMPLES
              satchel sync                      everything, to the default account
              satchel sync --dry-run            what would happen, and why
              satchel sync docs README.md       only these
              satchel sync --to openai --to local
              satchel sync --check              exit 3 when not in step
              satchel sync --estimate           bytes, tokens, time and money of what would be sent
              satchel sync --events | jq .path  what happens, as it happens
            """
    )

    @Argument(help: ArgumentHelp("Files or folders; everything when there is none.", valueName: "path"))
    var paths: [String] = []

    @Option(
        name: [.customLong("to"), .customShort("p")],
        help: ArgumentHelp("The account; may be repeated.", valueName: "account")
    )
    var accounts: [String] = []

    @Flag(name: .shortAndLong, help: "Print the plan with a reason for every action, and do nothing.")
    var dryRun = false

    @Flag(help: "Say what a sync would take: bytes, tokens, time, money; do nothing.")
    var estimate = false

    @Flag(help: "Exit with 3 when anything is to be done; do nothing.")
    var check = false

    @Flag(name: .shortAndLong, help: "Yes to an emptied folder and to many deletes.")
    var yes = false

    @Option(help: ArgumentHelp("Delete up to this many remote copies without asking.", valueName: "n"))
    var maxDelete: Int?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Time to live of what is uploaded: 24h, 7d, never.", valueName: "ttl")
    )
    var ttl: String?

    @Option(help: ArgumentHelp("Wait for another satchel on this workspace: 30s, 0.", valueName: "time"))
    var wait: String = "30s"

    @OptionGroup var events: EventsOption

    @OptionGroup var options: GlobalOptions

    func validate() throws {
        try events.check(options)
        if estimate, check || events.events {
            throw ValidationError("--estimate goes with neither --check nor --events")
        }
        if let maxDelete, maxDelete < 0 { throw ValidationError("--max-delete takes a number from 0 up") }
        if parseSeconds(wait) == nil { throw ValidationError("--wait takes a time such as 30s or 0") }
    }

    func run() async throws {
        let command = self
        try await runCommand(options, events: events.events) { output in try await command.run(output) }
    }

    private func run(_ output: Output) async throws -> ExitStatus {
        let overrides = ttl.map { [Configuration.Override("ttl", $0, flag: "--ttl")] } ?? []
        let workspace = try Workspace(options.context, overrides: overrides)
        if ttl != nil, workspace.isWatched, !dryRun, !check {
            output.note("a watch runs here, which does this sync: its own ttl counts, not --ttl")
        }
        let scope = try await workspace.scope(of: paths)
        let names: [String?] = accounts.isEmpty ? [nil] : accounts
        if estimate { return try await estimate(workspace, scope, names, output) }
        var status = ExitStatus.done
        var documents: [JSONSync] = []
        for name in names {
            let (one, document) = try await run(workspace, scope, account: name, output)
            documents.append(document)
            if status == .done { status = one }
        }
        if documents.count == 1 {
            output.document(documents[0])
        } else {
            output.document(JSONSyncs(ok: documents.allSatisfy(\.ok), syncs: documents))
        }
        return status
    }

    private func run(
        _ workspace: Workspace,
        _ scope: Scope,
        account: String?,
        _ output: Output
    ) async throws -> (ExitStatus, JSONSync) {
        let progress = ProgressLine(output)
        defer { progress.clear() }
        let connection = try await workspace.connect(to: account, notice: output.note) { seconds, reason in
            progress.note(.waiting(seconds: seconds, reason: reason))
            output.event(
                .waiting(seconds: seconds, reason: reason),
                account: account ?? workspace.configuration.defaultAccountName
            )
        }
        var sync = SyncOptions()
        sync.isDryRun = dryRun || check
        sync.isConfirmed = yes
        sync.maxDeletes = maxDelete
        let name = connection.account.name
        let observe: SyncObserver = { event in
            if case .done(let entry) = event {
                progress.clear()
                output.info(output.text(of: entry, account: name, now: workspace.context.now()))
            }
            progress.note(event)
            output.event(event, account: name)
        }
        let report: SyncReport
        if sync.isDryRun {
            report = try await workspace.sync(scope, to: connection, options: sync, observe: observe)
        } else {
            report = try await workspace.syncOrAsk(
                scope,
                to: connection,
                options: sync,
                patience: .seconds(parseSeconds(wait) ?? 30),
                observe: observe
            )
        }
        progress.clear()
        if report.isDryRun, !check {
            for entry in report.entries {
                output.event(EventLine(entry), account: name)
                output.info(output.text(of: entry, account: name, now: workspace.context.now()))
            }
        }
        output.event(report)
        if let waiting = report.skippedByReason["on_reference"] {
            let files = waiting == 1 ? "1 file waits" : "\(waiting) files wait"
            output.note("upload is on-reference: \(files) for the first chat that refers to them")
        }
        if report.skippedByReason["on_demand"] != nil {
            output.note(
                "ttl is 0: nothing is uploaded in advance; chats upload what they need and delete it at their end"
            )
        }
        if !check || output.verbose || !report.isInStep || !report.blocked.isEmpty { output.finish(report) }
        let status = check && !report.isInStep ? .notInStep : ExitStatus(report)
        return (status, JSONSync(report, verbose: output.verbose))
    }
}
