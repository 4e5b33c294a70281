import ArgumentParser
import FoundationEssentials
import Glibc
import SatchelCore
import SatchelKit

/// What every command takes.
struct GlobalOptions: ParsableArguments {
    @Option(name: .customShort("C"), help: ArgumentHelp("Run as if started in <dir>.", valueName: "dir"))
    var directory: String?

    @Flag(help: "Print one JSON document on standard output.")
    var json = false

    @Flag(name: .shortAndLong, help: "Print nothing but errors and what was asked for.")
    var quiet = false

    @Flag(name: .shortAndLong, help: "Say more: every file, every reason.")
    var verbose = false

    @Flag(name: .customLong("no-color"), help: "No colours (as does NO_COLOR).")
    var noColor = false

    var context: Context {
        get throws {
            Context(
                environment: ProcessInfo.processInfo.environment,
                directory: try folder(typed: directory ?? ".")
            )
        }
    }

    var output: Output {
        let wantsColor = !noColor && ProcessInfo.processInfo.environment["NO_COLOR", default: ""].isEmpty
        var output = Output(
            json: json,
            quiet: quiet,
            verbose: verbose,
            color: wantsColor && isatty(STDOUT_FILENO) == 1,
            progress: !quiet && !json && isatty(STDERR_FILENO) == 1
        )
        if isatty(STDOUT_FILENO) == 1, !quiet, !json {
            output.graphics = TerminalGraphics(ProcessInfo.processInfo.environment)
        }
        return output
    }
}

/// Which account a command is about.
struct AccountOption: ParsableArguments {
    @Option(
        name: [.customLong("to"), .customShort("p"), .customLong("account")],
        help: ArgumentHelp("The account; see satchel config ls.", valueName: "account")
    )
    var account: String?
}
