import ArgumentParser
import FoundationEssentials
import SatchelCore
import SatchelKit

struct Remote: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remote",
        abstract: "What an account really holds.",
        discussion: """
            EXAMPLES
              satchel remote ls                 every file, with whose it is
              satchel remote ls --only foreign --to openai
              satchel remote verify             ask after every copy, and forget what is gone
              satchel remote reconcile --adopt  after the manifest was lost: take over what is there
            """,
        subcommands: [RemoteLs.self, RemoteVerify.self, RemoteReconcile.self]
    )
}

extension HeldFile.Owner: ExpressibleByArgument {}

struct RemoteLs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls",
        abstract: "List every file in the account, with whose it is.",
        discussion: """
            ours: a copy that this workspace keeps. orphaned: this workspace made it, and nothing names it any more; \
            satchel cleanup deletes it. foreign: made by another workspace, program or person; satchel never touches it.

            EXAMPLES
              satchel remote ls
              satchel remote ls --only orphaned --json
            """
    )

    @Option(help: ArgumentHelp("Only these: ours, orphaned or foreign.", valueName: "whose"))
    var only: HeldFile.Owner?

    @OptionGroup var account: AccountOption

    @OptionGroup var options: GlobalOptions

    struct Document: Encodable {
        struct File: Encodable {
            var remoteId, name: String
            var owner: String
            var bytes: Int64?
            var createdAt, expiresAt: Date?
            var sha256, path: String?
        }

        struct Sum: Encodable {
            var files = 0
            var bytes: Int64 = 0
        }

        var ok = true
        var account: String
        var files: [File] = []
        var summary: [String: Sum] = [:]
    }

    func run() async throws {
        let command = self
        try await runCommand(options) { output in try await command.run(output) }
    }

    private func run(_ output: Output) async throws -> ExitStatus {
        let workspace = try Workspace(options.context)
        let connection = try await workspace.connect(to: account.account, notice: output.note) { seconds, reason in
            output.note(wait: seconds, for: reason)
        }
        var document = Document(account: connection.account.name)
        for owner in HeldFile.Owner.allCases { document.summary[owner.rawValue] = Document.Sum() }
        try await workspace.remoteFiles(in: connection) { page in
            for held in page {
                document.summary[held.owner.rawValue]?.files += 1
                document.summary[held.owner.rawValue]?.bytes.add(told: held.file.size ?? 0)
                guard only == nil || held.owner == only else { continue }
                if output.json { document.files.append(Document.File(held)) }
                output.line(line(held))
            }
        }
        output.document(document)
        let sums = HeldFile.Owner.allCases.map { owner in
            let sum = document.summary[owner.rawValue] ?? Document.Sum()
            return "\(sum.files) \(owner.rawValue) (\(ByteCount(sum.bytes)))"
        }
        output.note("\(connection.account.name): \(sums.joined(separator: ", "))")
        return .done
    }

    private func line(_ held: HeldFile) -> String {
        let file = held.file
        return [
            held.owner.rawValue, "\(file.id)", file.size.map(String.init) ?? "-",
            file.createdAt?.formatted(.iso8601) ?? "-", file.expiresAt?.formatted(.iso8601) ?? "-",
            file.name.isEmpty ? "-" : printable(file.name), held.path?.description ?? "-",
        ].joined(separator: "\t")
    }
}

extension RemoteLs.Document.File {
    fileprivate init(_ held: HeldFile) {
        self.init(
            remoteId: held.file.id.rawValue,
            name: held.file.name,
            owner: held.owner.rawValue,
            bytes: held.file.size,
            createdAt: held.file.createdAt,
            expiresAt: held.file.expiresAt,
            sha256: held.digest?.hex,
            path: held.path?.description
        )
    }
}
