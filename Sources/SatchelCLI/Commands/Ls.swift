import ArgumentParser
import FoundationEssentials
import SatchelCore
import SatchelKit

struct Ls: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls",
        abstract: "List files with their remote ids, one line each.",
        discussion: """
            As of the last sync; the disk is not looked at. Columns are separated by tabs: state, size, digest, path, \
            then account=id for each remote copy. Names are escaped so that one file is always one line.

            The state is what the next sync to the default account would make of the file: in_step; new, changed, \
            expired or pending, which it would send or link; skipped, which it would not send.

            EXAMPLES
              satchel ls
              satchel ls src --json
              satchel ls | awk -F'\\t' '$1 != "in_step" && $1 != "skipped"'
            """
    )

    @Argument(help: ArgumentHelp("Files or folders; everything when there is none.", valueName: "path"))
    var paths: [String] = []

    @OptionGroup var options: GlobalOptions

    struct Document: Encodable {
        struct Remote: Encodable {
            var account: String
            var remoteId: String?
            var state: String
            var expiresAt: Date?
            var error: String?
        }

        struct File: Encodable {
            var path: String
            var size: Int64
            var sha256: String
            var mime: String
            var state: String
            var remotes: [Remote]
        }

        var ok = true
        var files: [File]
    }

    func run() async throws {
        let paths = paths
        let options = options
        try await runCommand(options) { output in
            let workspace = try Workspace(options.context)
            let scope = try await workspace.scope(of: paths)
            let files = try await workspace.list(scope)
            guard !output.json else {
                output.document(Document(files: files.map(Document.File.init)))
                return .done
            }
            for file in files {
                let remotes = file.remotes.map { remote in
                    let id = remote.remoteID.map { printable($0) } ?? "-"
                    return "\(remote.account)=\(id)\(remote.state == "ready" ? "" : " (\(remote.state))")"
                }
                let columns = [file.state, "\(file.size)", file.digest.prefix(12), file.path.description] + remotes
                output.line(columns.joined(separator: "\t"))
            }
            return .done
        }
    }
}

extension Ls.Document.File {
    init(_ file: ListedFile) {
        self.init(
            path: file.path.description,
            size: file.size,
            sha256: file.digest.hex,
            mime: mimeType(of: file.media),
            state: file.state,
            remotes: file.remotes.map { remote in
                Ls.Document.Remote(
                    account: remote.account,
                    remoteId: remote.remoteID,
                    state: remote.state,
                    expiresAt: remote.expiresAt,
                    error: remote.error
                )
            }
        )
    }
}
