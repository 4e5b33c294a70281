import ArgumentParser
import SatchelCore
import SatchelKit

struct RemoteVerify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Ask the account after every copy it is believed to hold.",
        discussion: """
            What is not there any more is forgotten, so that the next sync uploads it again. Nothing is deleted. Exit \
            code 1 when something was missing.

            EXAMPLES
              satchel remote verify
              satchel remote verify --to openai && echo all there
            """
    )

    @OptionGroup var account: AccountOption

    @OptionGroup var options: GlobalOptions

    struct Document: Encodable {
        struct Copy: Encodable {
            var remoteId, sha256: String
            var bytes: Int64
            var path: String?
            var reason: String
        }

        var ok: Bool
        var account: String
        var present, expired: Int
        var missing: [Copy]
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
        let found = try await workspace.verifyOrAsk(connection, patience: .seconds(30))
        output.document(
            Document(
                ok: found.missing.isEmpty,
                account: found.account,
                present: found.present,
                expired: found.expired,
                missing: found.missing.map { copy in
                    Document.Copy(
                        remoteId: copy.remoteID.rawValue,
                        sha256: copy.digest.hex,
                        bytes: copy.size,
                        path: copy.path?.description,
                        reason: copy.reason
                    )
                }
            )
        )
        for copy in found.missing {
            let name = copy.path?.description ?? copy.digest.prefix(12)
            output.line("\(output.painted("✗", .red)) \(name)  \(copy.remoteID)  \(copy.reason)")
        }
        let expired = found.expired > 0 ? ", \(found.expired) expired" : ""
        output.info("\(found.account): \(found.present) there, \(found.missing.count) missing\(expired)")
        if !found.missing.isEmpty { output.note("run satchel sync to upload what is still needed") }
        return found.missing.isEmpty ? .done : .someFailed
    }
}
