import ArgumentParser
import SatchelCore
import SatchelKit

struct RemoteReconcile: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reconcile",
        abstract: "Compare the account with what is remembered; adopt or delete what is ours.",
        discussion: """
            Lists the whole account. Without --adopt or --delete-orphans it only says what it found.

            --adopt takes over files that hold a content of this workspace: those whose upload name carries the digits \
            of its digest and whose size is the same, or whose digest the provider tells. After .satchel/manifest.db was \
            lost, this saves uploading everything again. If another workspace with the same key has the same file, both \
            share the copy then; should one delete it, the other uploads it again.

            --delete-orphans deletes what this workspace made and nothing names any more. What is foreign stays, always.

            EXAMPLES
              satchel remote reconcile
              satchel remote reconcile --adopt --dry-run
              satchel remote reconcile --adopt --delete-orphans --to openai
            """
    )

    @Flag(help: "Take over files that hold a content of this workspace.")
    var adopt = false

    @Flag(help: "Delete files that this workspace made and nothing names any more.")
    var deleteOrphans = false

    @Flag(name: .shortAndLong, help: "Only say what would be done.")
    var dryRun = false

    @OptionGroup var account: AccountOption

    @OptionGroup var options: GlobalOptions

    struct Document: Encodable {
        struct File: Encodable {
            var remoteId, name: String
            var bytes: Int64?
            var sha256, path, error: String?
        }

        var ok: Bool
        var account: String
        var dryRun: Bool
        var ours, missing, foreign: Int
        var orphaned, adoptable, adopted, deleted, failed: [File]
    }

    func run() async throws {
        let command = self
        try await runCommand(options) { output in try await command.run(output) }
    }

    private func run(_ output: Output) async throws -> ExitStatus {
        let workspace = try Workspace(options.context)
        let progress = ProgressLine(output)
        defer { progress.clear() }
        let connection = try await workspace.connect(to: account.account, notice: output.note) { seconds, reason in
            progress.note(.waiting(seconds: seconds, reason: reason))
        }
        var reconcile = ReconcileOptions()
        reconcile.adopts = adopt
        reconcile.deletesOrphans = deleteOrphans
        reconcile.isDryRun = dryRun || !(adopt || deleteOrphans)
        let found = try await workspace.reconcileOrAsk(connection, options: reconcile, patience: .seconds(30)) {
            progress.note($0)
        }
        progress.clear()
        output.document(Document(found, isDryRun: dryRun))
        show(found, output)
        if let error = found.accountError { return ExitStatus(error) }
        return found.failed.isEmpty ? .done : .someFailed
    }

    private func show(_ found: Reconciliation, _ output: Output) {
        for (mark, files) in [
            ("+", found.adopted), ("×", found.deleted), ("adoptable", found.adoptable), ("orphaned", found.orphaned),
        ] {
            for file in files { output.info("\(mark)  \(file.text)") }
        }
        for file in found.failed { output.error("\(file.text): \(file.error ?? "not deleted")") }
        var parts = ["\(found.ours) ours"]
        func add(_ count: Int, _ word: String) { if count > 0 { parts.append("\(count) \(word)") } }
        add(found.adopted.count, "adopted")
        add(found.adoptable.count, adopt ? "to adopt" : "adoptable")
        add(found.orphaned.count, deleteOrphans ? "orphaned, to delete" : "orphaned")
        add(found.deleted.count, "deleted")
        add(found.foreign, "foreign")
        add(found.missing, "not listed")
        output.info("\(found.account): \(parts.joined(separator: ", "))")
        if !found.adoptable.isEmpty, !adopt { output.note("say --adopt to take over what is adoptable") }
        if !found.orphaned.isEmpty, !deleteOrphans { output.note("say --delete-orphans to delete what is orphaned") }
        if found.missing > 0 { output.note("run satchel remote verify to ask after what was not listed") }
    }
}

extension Reconciliation.File {
    fileprivate var text: String {
        [
            path?.description ?? (name.isEmpty ? "-" : printable(name)), "\(remoteID)",
            size.map { "\(ByteCount($0))" } ?? "-",
        ].joined(separator: "  ")
    }
}

extension RemoteReconcile.Document {
    fileprivate init(_ found: Reconciliation, isDryRun: Bool) {
        func files(_ some: [Reconciliation.File]) -> [File] {
            some.map { file in
                File(
                    remoteId: file.remoteID.rawValue,
                    name: file.name,
                    bytes: file.size,
                    sha256: file.digest?.hex,
                    path: file.path?.description,
                    error: file.error
                )
            }
        }
        self.init(
            ok: found.failed.isEmpty,
            account: found.account,
            dryRun: isDryRun,
            ours: found.ours,
            missing: found.missing,
            foreign: found.foreign,
            orphaned: files(found.orphaned),
            adoptable: files(found.adoptable),
            adopted: files(found.adopted),
            deleted: files(found.deleted),
            failed: files(found.failed)
        )
    }
}
