import ArgumentParser
import FoundationEssentials
import SatchelKit

struct Config: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Show the configuration and where each value comes from.",
        discussion: """
            EXAMPLES
              satchel config ls
              satchel config path
            """,
        subcommands: [List.self, Path.self],
        defaultSubcommand: List.self
    )

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "ls",
            abstract: "Every setting, its value and its source.",
            discussion: """
                EXAMPLES
                  satchel config ls
                  satchel config ls --json
                """
        )

        @OptionGroup var options: GlobalOptions

        struct Document: Encodable {
            struct Item: Encodable {
                var key: String
                var value: String
                var source: String
            }

            var ok = true
            var settings: [Item]
        }

        func run() async throws {
            let options = options
            try await runCommand(options) { output in
                let context = try options.context
                let configuration = try Configuration.load(
                    workspace: findWorkspace(from: context.directory),
                    environment: context.environment
                )
                let items = configuration.listing.map { item in
                    Document.Item(key: item.key, value: "\(item.value)", source: "\(item.source)")
                }
                output.document(Document(settings: items))
                let width = items.map(\.key.count).max() ?? 0
                for item in items {
                    let key = item.key + String(repeating: " ", count: width - item.key.count)
                    output.line("\(key)  \(item.value)  \(output.painted("(\(item.source))", .grey))")
                }
                return .done
            }
        }
    }

    struct Path: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "path",
            abstract: "Where the configuration files are, whether they exist or not.",
            discussion: """
                EXAMPLES
                  satchel config path
                """
        )

        @OptionGroup var options: GlobalOptions

        struct Document: Encodable {
            var ok = true
            var workspace: String?
            var user: String?
        }

        func run() async throws {
            let options = options
            try await runCommand(options) { output in
                let context = try options.context
                let workspace = findWorkspace(from: context.directory).map {
                    "\($0)/\(Configuration.workspaceFileName)"
                }
                let user = Configuration.userFilePath(environment: context.environment)
                output.document(Document(workspace: workspace, user: user))
                output.line("workspace  \(workspace ?? "(not in a workspace)")")
                output.line("user       \(user ?? "(no home folder)")")
                return .done
            }
        }
    }
}
