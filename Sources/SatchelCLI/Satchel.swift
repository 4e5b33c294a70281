import ArgumentParser
import Glibc
import SatchelCore

@main
struct Satchel: AsyncParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "satchel",
        abstract: "Keep a project folder and the Files APIs of language models in step.",
        discussion: """
            EXAMPLES
              satchel init                          make this folder a workspace
              satchel sync                          upload what is new or changed
              satchel status                        what is in step, and what is not
              satchel chat "summarise @notes.md"    ask about a file by its id
              satchel watch                         keep in step until Ctrl-C

            EXIT CODES
              0 done · 1 some files failed · 2 could not start
              3 not in step (--check) · 4 stopped for safety · 5 provider refused
              6 gave up waiting · 64 usage · 130 interrupted
            """,
        version: version,
        subcommands: [
            Init.self, Sync.self, Watch.self, Pause.self, Resume.self, StatusCommand.self, Ls.self, WhyCommand.self,
            Chat.self, Image.self, Cleanup.self,
            Rehydrate.self, Add.self, Cat.self, Restore.self, Has.self, QuotaCommand.self,
            ThreadCommand.self, Tail.self, JobsCommand.self, Wait.self, Search.self, Summarize.self, Cost.self,
            Remote.self, Audit.self, Config.self, Doctor.self,
        ]
    )

    /// Accepts `-C DIR` also before the command, where git users write it.
    static func main() async {
        openStandardStreams()
        var arguments = typedArguments()
        if arguments.count > 2, arguments[0] == "-C" {
            let moved = Array(arguments.prefix(2))
            arguments.removeFirst(2)
            // Behind the command's own words; `config ls` has two.
            let end = arguments.firstIndex { $0 == "--" } ?? arguments.endIndex
            arguments.insert(contentsOf: moved, at: end)
        }
        await main(arguments)
    }

    /// What stands behind the program's name.
    ///
    /// An argument that is not UTF-8 comes in the escaped form, in which commands take the names of files: repaired as text
    /// it could be the name of another one.
    private static func typedArguments() -> [String] {
        (1..<max(Int(CommandLine.argc), 1)).compactMap { index in
            guard let argument = CommandLine.unsafeArgv[index] else { return nil }
            return String(validatingCString: argument)
                ?? escaped(UnsafeRawBufferPointer(start: argument, count: strlen(argument)))
        }
    }

    /// Puts `/dev/null` where a standard stream was closed by whoever started this (`>&-`): the next file that is opened
    /// would get its number, and the words of a report would be written into it.
    private static func openStandardStreams() {
        for stream in STDIN_FILENO...STDERR_FILENO where fcntl(stream, F_GETFD) < 0 { _ = open("/dev/null", O_RDWR) }
    }
}
