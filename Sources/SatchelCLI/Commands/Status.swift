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
        let scope = try await workspace.scope(of: paths)
        let progress = ProgressLine(output)
        let status = try await workspace.status(scope, accounts: accounts) { progress.note($0) }
        progress.clear()
        output.document(JSONStatus(status))
        output.line("workspace \(escaped(status.root.utf8))")
        for account in status.accounts { output.line(text(of: account, isStopped: status.stop != nil, output)) }
        for line in watchLines(status) { output.line(line) }
        let reasons = status.skipped.reduce(into: [String: Int]()) { $0[$1.reason.code, default: 0] += 1 }
            .sorted { $0.key < $1.key }.map { "\($0.value) \($0.key.replacing("_", with: " "))" }
        let skipped = reasons.isEmpty ? "" : ", \(status.skipped.count) skipped (\(reasons.joined(separator: ", ")))"
        output.line("\(status.found) found\(skipped)")
        let entries = status.entries.filter { $0.kind != .delete }
        for entry in entries.prefix(output.verbose ? .max : 10) { output.line(text(of: entry, output)) }
        if !output.verbose, entries.count > 10 {
            output.line("  … and \(entries.count - 10) more; see status -v")
        }
        for failure in status.failures { output.line("  " + output.text(of: failure)) }
        if let stop = status.stop { output.note("\(stop)") }
        return .done
    }

    private func text(of account: Status.Account, isStopped: Bool, _ output: Output) -> String {
        var parts = ["\(account.inStep) in step"]
        func add(_ count: Int, _ word: String) { if count > 0 { parts.append("\(count) \(word)") } }
        add(account.new, "new")
        add(account.changed, "changed")
        add(account.expiring, "expiring")
        add(account.expired, "expired")
        add(account.pending, "pending")
        add(account.deleted, "deleted")
        add(account.failed, "failed")
        let isGood = parts.count == 1 && !isStopped
        add(account.onReference, "not referred to yet")
        return "\(output.painted(isGood ? "✓" : "!", isGood ? .green : .yellow)) \(account.name): "
            + parts.joined(separator: ", ") + output.painted(" (\(ByteCount(account.bytes)))", .grey)
    }

    /// Who holds the workspace and how the watch is doing; nothing when nobody does and nothing is paused.
    private func watchLines(_ status: Status) -> [String] {
        let now = Date()
        var lines: [String] = []
        if let holder = status.watch {
            guard holder.watchedAccount != nil else { return ["held by \(holder)"] }
            var parts = ["watch of \(printable(holder.watchedAccount ?? "")): process \(holder.pid)"]
            parts.append("up \(roughly(now.timeIntervalSince(holder.since)))")
            if let figures = status.figures { parts += text(of: figures, at: now) }
            lines.append(parts.joined(separator: ", "))
        }
        if let since = status.pausedSince {
            let remedy = status.watch == nil ? "the next watch begins paused" : "changes are gathered"
            lines.append("paused for \(roughly(now.timeIntervalSince(since))): \(remedy); satchel resume goes on")
        }
        if let figures = status.figures, let error = figures.lastError, let time = figures.lastErrorAt {
            let ago = roughly(now.timeIntervalSince(time))
            let since = figures.outageSince.map { ", takes no files for \(roughly(now.timeIntervalSince($0)))" } ?? ""
            lines.append("last error \(ago) ago\(since): \(printable(error))")
        }
        return lines
    }

    private func text(of figures: WatchFigures, at now: Date) -> [String] {
        var parts = ["\(figures.watches)\(figures.limit.map { " of \($0)" } ?? "") watches"]
        if let reason = figures.waitingFor, let until = figures.waitingUntil {
            parts.append(waitingText(max(0, until.timeIntervalSince(now)), reason))
        }
        let queue = figures.queue ?? 0
        if queue > 0 {
            parts.append("\(queue) waiting")
        } else if figures.settled, figures.pausedSince == nil {
            parts.append("nothing left to do")
        }
        if let next = figures.nextRetry, figures.pausedSince == nil {
            parts.append("tries again in \(roughly(next.timeIntervalSince(now)))")
        }
        if let next = figures.nextRescan, figures.pausedSince == nil {
            parts.append("looks at everything in \(roughly(next.timeIntervalSince(now)))")
        }
        return parts
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
        var events: Int?
        var overflows: Int?
        var settled: Bool?
        var waitingFor: String?
        var waitingUntil: Date?
        var queue: Int?
        var nextRescan: Date?
        var nextRetry: Date?
        var lastError: String?
        var lastErrorAt: Date?
        var outageSince: Date?
        var paused: Bool
        var pausedSince: Date?
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
            events: figures?.events,
            overflows: figures?.overflows,
            settled: figures?.settled,
            waitingFor: figures?.waitingFor,
            waitingUntil: figures?.waitingUntil,
            queue: figures?.queue,
            nextRescan: figures?.nextRescan,
            nextRetry: figures?.nextRetry,
            lastError: figures?.lastError,
            lastErrorAt: figures?.lastErrorAt,
            outageSince: figures?.outageSince,
            paused: status.pausedSince != nil,
            pausedSince: status.pausedSince
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
