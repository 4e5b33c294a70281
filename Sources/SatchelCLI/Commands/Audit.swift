import ArgumentParser
import FoundationEssentials
import SatchelCore
import SatchelKit

struct Audit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Say what left this machine: when, to whom, and until when.",
        discussion: """
            From the ledger of this workspace, oldest first: each copy that was uploaded, and each file that a model was \
            shown. A path stands for its bytes, too, under whatever name they left. --revoke deletes the copies that are still there, at the provider; a question that was answered \
            cannot be taken back.

            EXAMPLES
              satchel audit
              satchel audit notes.md --since 7d
              satchel audit --to openai --json
              satchel audit old/ --revoke
            """
    )

    @Argument(
        help: ArgumentHelp(
            "Files or folders, also those that are gone; everything when there is none.",
            valueName: "path"
        )
    )
    var paths: [String] = []

    @Option(help: ArgumentHelp("Only what left within this time: 7d, 12h.", valueName: "time"))
    var since: String?

    @OptionGroup var account: AccountOption

    @Flag(help: "Delete what is still there.")
    var revoke = false

    @Flag(name: .shortAndLong, help: "Yes to revoking more than ten copies.")
    var yes = false

    @OptionGroup var options: GlobalOptions

    func validate() throws {
        if let since, parseSeconds(since) == nil { throw ValidationError("--since takes a time such as 7d or 12h") }
    }

    func run() async throws {
        let command = self
        try await runCommand(options) { output in try await command.run(output) }
    }

    private func run(_ output: Output) async throws -> ExitStatus {
        let workspace = try Workspace(options.context)
        var audit = AuditOptions()
        audit.paths = try workspace.paths(paths)
        audit.since = since.flatMap { parseSeconds($0) }.map { workspace.context.now().addingTimeInterval(-Double($0)) }
        audit.account = account.account
        guard revoke else {
            let entries = try await workspace.audit(audit)
            if entries.isEmpty { try await checkPaths(of: audit, in: workspace) }
            output.document(AuditDocument(entries))
            for entry in entries { output.line(text(of: entry, output)) }
            let there = entries.count { $0.state == .there }
            output.info("\(entries.count) departures, \(there) copies still there")
            return .done
        }
        let report = try await workspace.revokeOrAsk(audit, isConfirmed: yes, patience: .seconds(30))
        for notice in report.notices { output.note(notice) }
        let entries = try await workspace.audit(audit)
        if entries.isEmpty { try await checkPaths(of: audit, in: workspace) }
        output.document(AuditDocument(entries, report))
        for copy in report.revoked { output.info("\(output.painted("×", .yellow))  \(text(of: copy))") }
        for copy in report.failed { output.error("\(text(of: copy)): \(copy.error ?? "")") }
        output.info("\(report.revoked.count) revoked")
        if let path = report.comingBack.min() {
            let more = report.comingBack.count > 1 ? " and \(report.comingBack.count - 1) more" : ""
            output.note("\(path)\(more): the next sync sends it again; exclude it first if it is not to go back")
        }
        if let error = report.accountError { return ExitStatus(error) }
        return report.failed.isEmpty ? .done : .someFailed
    }

    /// Refuses names of nothing: a mistyped one must not pass for a file that never left, or that was revoked.
    private func checkPaths(of audit: AuditOptions, in workspace: Workspace) async throws {
        var ever = AuditOptions()
        ever.paths = audit.paths
        if try await workspace.audit(ever).isEmpty { try await workspace.check(audit.paths) }
    }

    private func text(of entry: AuditEntry, _ output: Output) -> String {
        let end: String =
            switch entry.state {
            case .there: entry.expiresAt.map { "there until \($0.formatted(.iso8601))" } ?? "there until it is deleted"
            case .expired: "expired \((entry.deletedAt ?? entry.expiresAt)?.formatted(.iso8601) ?? "")"
            case .deleted: "deleted \(entry.deletedAt?.formatted(.iso8601) ?? "") (\(entry.deletedBecause ?? ""))"
            case .unknown:
                entry.lines.map { "lines \($0.lowerBound)-\($0.upperBound) looked up by a model" }
                    ?? (entry.way == .image ? "what a picture was to show" : "shown to a model")
            }
        let name = entry.path?.description ?? (entry.way == .image ? "(a prompt)" : "(unknown path)")
        let parts = [
            entry.sentAt.formatted(.iso8601), name,
            output.painted("\(ByteCount(entry.size))", .grey), printable(entry.account),
            entry.remoteID?.description ?? "-", output.painted(end, entry.state == .there ? .green : .grey),
        ]
        return parts.joined(separator: "  ")
    }

    private func text(of copy: RevokeReport.Copy) -> String {
        "\(copy.path.map { "\($0)  " } ?? "")\(copy.remoteID)  \(printable(copy.account))"
    }
}

/// The document of `audit`.
private struct AuditDocument: Encodable {
    struct Entry: Encodable {
        var way: String
        var sentAt: Date
        var path: String?
        var sha256: String
        var bytes: Int64
        var account, provider: String
        var remoteId: String?
        var expiresAt, deletedAt: Date?
        var deletedBecause: String?
        var state: String
        var firstLine, lastLine: Int?
    }

    struct Copy: Encodable {
        var account, remoteId: String
        var path, error: String?
    }

    var ok = true
    var departures: [Entry]
    var revoked, failed: [Copy]?

    init(_ entries: [AuditEntry], _ report: RevokeReport? = nil) {
        departures = entries.map { entry in
            Entry(
                way: entry.way.rawValue,
                sentAt: entry.sentAt,
                path: entry.path?.description,
                sha256: entry.digest.hex,
                bytes: entry.size,
                account: entry.account,
                provider: entry.provider,
                remoteId: entry.remoteID?.rawValue,
                expiresAt: entry.expiresAt,
                deletedAt: entry.deletedAt,
                deletedBecause: entry.deletedBecause,
                state: entry.state.rawValue,
                firstLine: entry.lines?.lowerBound,
                lastLine: entry.lines?.upperBound
            )
        }
        guard let report else { return }
        ok = report.failed.isEmpty
        revoked = report.revoked.map(Copy.init)
        failed = report.failed.map(Copy.init)
    }
}

extension AuditDocument.Copy {
    fileprivate init(_ copy: RevokeReport.Copy) {
        self.init(
            account: copy.account,
            remoteId: copy.remoteID.rawValue,
            path: copy.path?.description,
            error: copy.error
        )
    }
}
