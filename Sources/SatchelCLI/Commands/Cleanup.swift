import ArgumentParser
import SatchelCore
import SatchelKit

struct Cleanup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cleanup",
        abstract: "Delete remote copies that are no longer needed.",
        discussion: """
            Only copies that satchel made for this workspace are ever deleted; what files and messages refer to stays \
            unless --force. Without --expired or --orphans, both are looked at. More deletes than max_deletes allows need \
            --yes, --limit or --force. What is unneeded in .satchel/objects goes with the orphans.

            EXAMPLES
              satchel cleanup --dry-run
              satchel cleanup --older-than 0    unreferenced copies, however fresh
              satchel cleanup --all --force --to openai
            """
    )

    @Flag(help: "Copies that have expired.")
    var expired = false

    @Flag(help: "Copies that nothing refers to.")
    var orphans = false

    @Option(help: ArgumentHelp("Only what nothing has referred to for this long: 7d, 0.", valueName: "time"))
    var olderThan: String?

    @Flag(help: "With --force: also what files refer to.")
    var all = false

    @Flag(help: "Ignore references and age.")
    var force = false

    @Option(help: ArgumentHelp("Delete at most so many.", valueName: "n"))
    var limit: Int?

    @Flag(name: .shortAndLong, help: "Yes to many deletes.")
    var yes = false

    @Flag(name: .shortAndLong, help: "Only say what would be deleted.")
    var dryRun = false

    @OptionGroup var events: EventsOption

    @OptionGroup var account: AccountOption

    @OptionGroup var options: GlobalOptions

    func validate() throws {
        try events.check(options)
        if let olderThan, parseSeconds(olderThan) == nil {
            throw ValidationError("--older-than takes a time such as 7d, 12h or 0")
        }
        if let limit, limit < 0 { throw ValidationError("--limit takes a number from 0 up") }
        if all, !force { throw ValidationError("--all deletes copies that files refer to; say --force as well") }
    }

    struct Document: Encodable {
        struct Copy: Encodable {
            var remoteId: String?
            var name: String
            var bytes: Int64
            var reason: String
        }

        struct Summary: Encodable {
            var deleted, kept, failed: Int
            var bytes: Int64
            var objects: Int
            var objectBytes: Int64
        }

        var ok: Bool
        var account: String
        var dryRun: Bool
        var deleted, kept, failed: [Copy]
        var summary: Summary
        var stopped: String?
    }

    func run() async throws {
        let command = self
        try await runCommand(options, events: events.events) { output in try await command.run(output) }
    }

    private func run(_ output: Output) async throws -> ExitStatus {
        let workspace = try Workspace(options.context)
        let connection = try await workspace.connect(to: account.account, notice: output.note)
        var cleanup = CleanupOptions()
        cleanup.expired = expired || !orphans
        cleanup.orphans = orphans || !expired
        cleanup.olderThan = olderThan.flatMap { parseSeconds($0) }.map(Double.init)
        cleanup.all = all
        cleanup.force = force
        cleanup.limit = limit
        cleanup.isDryRun = dryRun
        cleanup.isConfirmed = yes
        let report: CleanupReport
        if dryRun {
            report = try await workspace.cleanup(connection, options: cleanup)
        } else {
            report = try await workspace.cleanupOrAsk(connection, options: cleanup, patience: .seconds(30))
        }
        let stopped = report.stopText
        let bytes = report.deletedBytes
        output.document(
            Document(
                ok: report.failed.isEmpty && (report.stop == nil || dryRun),
                account: report.account,
                dryRun: report.isDryRun,
                deleted: report.deleted.map(Document.Copy.init),
                kept: report.kept.map(Document.Copy.init),
                failed: report.failed.map(Document.Copy.init),
                summary: Document.Summary(
                    deleted: report.deleted.count,
                    kept: report.kept.count,
                    failed: report.failed.count,
                    bytes: bytes,
                    objects: report.swept.count,
                    objectBytes: report.swept.bytes
                ),
                stopped: stopped
            )
        )
        for (action, copies) in [("delete", report.deleted), ("keep", report.kept), ("failed", report.failed)] {
            for copy in copies { output.event(copy.event(action), account: report.account) }
        }
        for copy in report.deleted { output.info("\(output.painted("×", .yellow))  \(copy.text)") }
        if output.verbose { for copy in report.kept { output.info("·  \(copy.text)") } }
        for copy in report.failed { output.error(copy.text) }
        let verb = report.isDryRun ? "to delete" : "deleted"
        output.info("\(report.deleted.count) \(verb) (\(ByteCount(bytes))), \(report.kept.count) kept")
        var end = EventLine("report")
        end.dryRun = report.isDryRun
        end.bytes = bytes
        end.code = report.accountError?.code
        output.event(end, account: report.account)
        if report.swept.count > 0 {
            output.info("\(report.swept.count) objects removed here (\(ByteCount(report.swept.bytes)))")
        }
        if let stopped { if dryRun { output.note(stopped) } else { output.error(stopped) } }
        if report.stop != nil, !dryRun { return .stoppedForSafety }
        if let error = report.accountError { return ExitStatus(error) }
        return report.failed.isEmpty ? .done : .someFailed
    }
}

extension CleanupReport {
    /// Why nothing was deleted, and what to do about it.
    var stopText: String? {
        guard case .tooManyDeletes(let count, let total)? = stop else { return nil }
        return "this deletes \(count) of \(total) copies; look with --dry-run, then say --yes or --limit N"
    }

    var deletedBytes: Int64 { deleted.reduce(0) { $0 + $1.size } }
}

extension CleanupReport.Copy {
    fileprivate func event(_ action: String) -> EventLine {
        var line = EventLine(action == "failed" ? "failed" : "done")
        if action == "failed" { line.message = reason } else { line.because = reason }
        line.action = action == "failed" ? "delete" : action
        line.name = name
        line.remoteId = remoteID
        line.bytes = size
        return line
    }

    fileprivate var text: String {
        "\(printable(name))  \(ByteCount(size))  \(remoteID.map { printable($0) } ?? "-")  \(reason)"
    }
}

extension Cleanup.Document.Copy {
    fileprivate init(_ copy: CleanupReport.Copy) {
        self.init(remoteId: copy.remoteID, name: copy.name, bytes: copy.size, reason: copy.reason)
    }
}
