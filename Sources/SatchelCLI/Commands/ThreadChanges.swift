import ArgumentParser
import FoundationEssentials
import SatchelCore
import SatchelKit

/// The document of commands that name one thread.
private struct JSONThreadNumber: Encodable {
    var ok = true
    var thread: Int64
}

struct ThreadNew: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new",
        abstract: "Begin an empty conversation and print its number.",
        discussion: """
            EXAMPLES
              satchel chat -t $(satchel thread new "Spring tides") "When is the next one?"
            """
    )

    @Argument(help: "Its title.")
    var title: [String] = []

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        let command = self
        try await runCommand(options) { output in
            let workspace = try Workspace(command.options.context)
            let title = command.title.isEmpty ? "untitled" : command.title.joined(separator: " ")
            let thread = try await workspace.newThread(title: title)
            output.document(JSONThreadNumber(thread: thread))
            output.line("\(thread)")
            return .done
        }
    }
}

struct ThreadRename: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rename",
        abstract: "Give a conversation another title.",
        discussion: """
            EXAMPLES
              satchel thread rename 3 "Spring tides"
            """
    )

    @Argument(help: "The thread's number.")
    var thread: Int64

    @Argument(help: "The title.")
    var title: [String]

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        let command = self
        try await runCommand(options) { output in
            let workspace = try Workspace(command.options.context)
            try await workspace.rename(thread: command.thread, to: command.title.joined(separator: " "))
            output.document(JSONThreadNumber(thread: command.thread))
            return .done
        }
    }
}

struct ThreadFork: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fork",
        abstract: "Begin a conversation like another, up to one of its messages; prints its number.",
        discussion: """
            The files that the messages were shown come along in the versions they were shown in.

            EXAMPLES
              satchel thread fork 3
              satchel thread fork 3 --at 4
            """
    )

    @Argument(help: "The thread's number.")
    var thread: Int64

    @Option(help: ArgumentHelp("The last message that is taken over.", valueName: "position"))
    var at: Int?

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        let command = self
        try await runCommand(options) { output in
            let workspace = try Workspace(command.options.context)
            let thread = try await workspace.fork(thread: command.thread, upTo: command.at)
            output.document(JSONThreadNumber(thread: thread))
            output.line("\(thread)")
            return .done
        }
    }
}

struct ThreadArchive: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "archive",
        abstract: "Put conversations away, or take them back.",
        discussion: """
            EXAMPLES
              satchel thread archive 3 5
              satchel thread archive --undo 3
            """
    )

    @Argument(help: "Numbers of threads.")
    var threads: [Int64]

    @Flag(help: "Take them back.")
    var undo = false

    @OptionGroup var options: GlobalOptions

    struct Document: Encodable {
        var ok = true
        var threads: [Int64]
    }

    func run() async throws {
        let command = self
        try await runCommand(options) { output in
            let workspace = try Workspace(command.options.context)
            for thread in command.threads { _ = try await workspace.thread(thread) }
            for thread in command.threads { try await workspace.archive(thread: thread, undo: command.undo) }
            output.document(Document(threads: command.threads))
            return .done
        }
    }
}

struct ThreadRm: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm",
        abstract: "Delete conversations with their messages.",
        discussion: """
            Contents that only they referred to can then be cleaned up: satchel cleanup. What was sent with them stays in \
            satchel audit, and what they cost in satchel cost.

            EXAMPLES
              satchel thread rm 3
            """
    )

    @Argument(help: "Numbers of threads.")
    var threads: [Int64]

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        let command = self
        try await runCommand(options) { output in
            let workspace = try Workspace(command.options.context)
            for thread in command.threads { _ = try await workspace.thread(thread) }
            for thread in command.threads { try await workspace.remove(thread: thread) }
            output.document(ThreadArchive.Document(threads: command.threads))
            let number = command.threads.count
            output.info("\(number) \(number == 1 ? "conversation" : "conversations") deleted")
            return .done
        }
    }
}

struct ThreadExport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Print a conversation as Markdown, or with --json as its document.",
        discussion: """
            EXAMPLES
              satchel thread export 3 > tides.md
              satchel thread export 3 --json
            """
    )

    @Argument(help: "The thread's number.")
    var thread: Int64

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        let command = self
        try await runCommand(options) { output in
            let workspace = try Workspace(command.options.context)
            let summary = try await workspace.thread(command.thread)
            let messages = try await workspace.transcript(of: command.thread)
            output.document(
                ThreadShow.Document(thread: JSONThread(summary), messages: messages.map(JSONMessage.init))
            )
            output.line("# \(printable(summary.title))")
            for message in messages where message.status != .pending {
                let model = message.model.map { " (\(printable($0)))" } ?? ""
                output.line("\n## \(message.role == .user ? "Question" : "Answer\(model)")\n")
                for file in message.files { output.line("- `\(file.path)` \(file.digest.prefix(12))") }
                for use in message.tools { output.line("- → \(printable(use.summary))") }
                if !message.files.isEmpty || !message.tools.isEmpty { output.line("") }
                if message.status == .failed { output.line("*\(printable(message.error ?? "failed"))*\n") }
                if message.status == .success, let ending = unusualEnding(message.finishReason) {
                    output.line("*\(ending)*\n")
                }
                if !message.text.isEmpty { output.line(printableLines(message.text)) }
                if !message.outputs.isEmpty, !message.text.isEmpty { output.line("") }
                for kept in message.outputs { output.line("- \(kept.line)") }
            }
            return .done
        }
    }
}
