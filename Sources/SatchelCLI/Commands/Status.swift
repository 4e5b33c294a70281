import ArgumentParser
import FoundationEssentials
import SatchelCore
import SatchelKit

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show what is in step and what is not, per account.",
        discussion: """
            Looks at the workspace and at what is remembered; asks no provider and changes nothing.

            EXAMPLES
              satchel status
              satchel status docs --json
              satchel status -v                 every file that is not in step, with the reason
            """
    )

    @Argument(help: ArgumentHelp("Files or folders; everything when there is none.", valueName: "path"))
    var paths: [String] = []

    @Option(
        name: [.customLong("to"), .customShort("p")],
        help: ArgumentHelp("The account; may be repeated.", valueName: "account")
    )
    var accounts: [String] = []

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        let command = self
        try await runCommand(options) { output in try await command.run(output) }
    }

    private func run(_ output: Output) async throws -> ExitStatus {
        let workspace = try Workspace(options.context)
        let scope = paths.isEmpty ? Scope.everything : Scope(try workspace.paths(paths))
        if case .paths(let paths) = scope { try await workspace.check(paths) }
        let progress = ProgressLine(output)
        let status = try await workspace.status(scope, accounts: accounts) { progress.note($0) }
        progress.clear()
        output.document(JSONStatus(status))
        output.line("workspace \(escaped(status.root.utf8))")
        for account in status.accounts { output.line(text(of: account, output)) }
        if let watch = status.watch { output.line("watch: \(watch)" + text(of: status.figures)) }
        let reasons = status.skipped.reduce(into: [String: Int]()) { $0[$1.reason.code, default: 0] += 1 }
            .sorted { $0.key < $1.key }.map { "\($0.value) \($0.key.replacing("_", with: " "))" }
        let skipped = reasons.isEmpty ? "" : ", \(status.skipped.count) skipped (\(reasons.joined(separator: ", ")))"
        output.line("\(status.found) found\(skipped)")
        for entry in status.entries.prefix(output.verbose ? .max : 10) where entry.kind != .delete {
            output.line(text(of: entry, output))
        }
        if !output.verbose, status.entries.count > 10 {
            output.line("  … and \(status.entries.count - 10) more; see status -v")
        }
        for failure in status.failures { output.line("  " + output.text(of: failure)) }
        if let stop = status.stop { output.note("\(stop)") }
        return .done
    }

    private func text(of account: Status.Account, _ output: Output) -> String {
        var parts = ["\(account.inStep) in step"]
        func add(_ count: Int, _ word: String) { if count > 0 { parts.append("\(count) \(word)") } }
        add(account.new, "new")
        add(account.changed, "changed")
        add(account.expiring, "expiring")
        add(account.expired, "expired")
        add(account.pending, "pending")
        add(account.deleted, "deleted")
        add(account.failed, "failed")
        let isGood = parts.count == 1
        add(account.onReference, "not referred to yet")
        return "\(output.painted(isGood ? "✓" : "!", isGood ? .green : .yellow)) \(account.name): "
            + parts.joined(separator: ", ") + output.painted(" (\(ByteCount(account.bytes)))", .grey)
    }

    private func text(of figures: WatchFigures?) -> String {
        guard let figures else { return "" }
        if let reason = figures.waitingFor, let until = figures.waitingUntil {
            return ", " + waitingText(max(0, until.timeIntervalSinceNow), reason)
        }
        return ", \(figures.watches) folders watched\(figures.settled ? ", nothing left to do" : "")"
    }

    private func text(of entry: SyncReport.Entry, _ output: Output) -> String {
        "  \(entry.path?.description ?? "")  \(output.painted("\(entry.kind.rawValue): \(entry.because)", .grey))"
    }
}

/// The document of `status`.
private struct JSONStatus: Encodable {
    struct Account: Encodable {
        var name, kind: String
        var inStep, new, changed, expiring, expired, pending, failed, deleted, onReference: Int
        var bytes: Int64
    }

    struct Watch: Encodable {
        var running: Bool
        var pid: Int32?
        var since: Date?
        var watches: Int?
        var limit: Int?
        var settled: Bool?
        var waitingFor: String?
        var waitingUntil: Date?
    }

    var ok = true
    var workspace: String
    var accounts: [Account]
    var found: Int
    var skipped: [String: Int]
    var watch: Watch
    var notInStep: [JSONSync.Action]
    var failures: [JSONSync.Failure]
    var stopped: String?

    init(_ status: Status) {
        workspace = escaped(status.root.utf8)
        accounts = status.accounts.map { one in
            Account(
                name: one.name,
                kind: one.kind.rawValue,
                inStep: one.inStep,
                new: one.new,
                changed: one.changed,
                expiring: one.expiring,
                expired: one.expired,
                pending: one.pending,
                failed: one.failed,
                deleted: one.deleted,
                onReference: one.onReference,
                bytes: one.bytes
            )
        }
        found = status.found
        skipped = status.skipped.reduce(into: [:]) { $0[$1.reason.code, default: 0] += 1 }
        let holder = status.watch
        let figures = status.figures
        watch = Watch(
            running: holder?.watchedAccount != nil,
            pid: holder?.pid,
            since: holder?.since,
            watches: figures?.watches,
            limit: figures?.limit,
            settled: figures?.settled,
            waitingFor: figures?.waitingFor,
            waitingUntil: figures?.waitingUntil
        )
        notInStep = status.entries.map(JSONSync.Action.init)
        failures = status.failures.map { failure in
            JSONSync.Failure(
                path: failure.path?.description,
                code: failure.code,
                message: failure.message,
                retryable: failure.isRetryable
            )
        }
        stopped = status.stop?.description
    }
}
