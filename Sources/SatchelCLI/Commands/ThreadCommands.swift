import ArgumentParser
import FoundationEssentials
import SatchelCore
import SatchelKit

struct ThreadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "thread",
        abstract: "Conversations: list, show, continue from an earlier point, put away, delete.",
        discussion: """
            EXAMPLES
              satchel thread ls
              satchel thread show 3
              satchel thread fork 3 --at 4 && satchel chat -c "and otherwise?"
              satchel thread export 3 > tides.md
            """,
        subcommands: [
            ThreadLs.self, ThreadShow.self, ThreadNew.self, ThreadRename.self, ThreadFork.self, ThreadArchive.self,
            ThreadRm.self, ThreadSearch.self, ThreadExport.self,
        ],
        defaultSubcommand: ThreadLs.self
    )
}

/// The document of one thread.
struct JSONThread: Encodable {
    var thread: Int64
    var title: String
    var createdAt, updatedAt: Date
    var archivedAt: Date?
    var forkedFrom: Int64?
    var messages, contents: Int
    var inputTokens, outputTokens: Int

    init(_ summary: ThreadSummary) {
        thread = summary.id
        title = summary.title
        (createdAt, updatedAt, archivedAt) = (summary.createdAt, summary.updatedAt, summary.archivedAt)
        forkedFrom = summary.forkedFrom
        (messages, contents) = (summary.messages, summary.contents)
        (inputTokens, outputTokens) = (summary.inputTokens, summary.outputTokens)
    }
}

struct ThreadLs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls",
        abstract: "List conversations, the last written first.",
        discussion: """
            EXAMPLES
              satchel thread ls
              satchel thread ls --archived --limit 100
              satchel thread ls --file src/ --since 7d
              satchel thread ls --title tides
              satchel thread ls --after 12      the page behind thread 12
            """
    )

    @Flag(help: "Those that were put away.")
    var archived = false

    @Option(help: ArgumentHelp("Only with this in the title.", valueName: "text"))
    var title: String?

    @Option(help: ArgumentHelp("Only those that showed this file, or one in this folder.", valueName: "path"))
    var file: String?

    @Option(help: ArgumentHelp("Only those written to within this time: 7d, 12h.", valueName: "time"))
    var since: String?

    @Option(help: ArgumentHelp("Begin behind this thread, the last of the page before.", valueName: "thread"))
    var after: Int64?

    @Option(help: ArgumentHelp("At most so many.", valueName: "n"))
    var limit = 30

    @OptionGroup var options: GlobalOptions

    func validate() throws {
        guard (1...1000).contains(limit) else { throw ValidationError("--limit takes a number from 1 to 1000") }
        if let since, parseSeconds(since) == nil { throw ValidationError("--since takes a time such as 7d or 12h") }
    }

    struct Document: Encodable {
        var ok = true
        var threads: [JSONThread]
        /// For `--after`; nil at the end.
        var next: Int64?
    }

    func run() async throws {
        let command = self
        try await runCommand(options) { output in
            let workspace = try Workspace(command.options.context)
            var filter = ThreadFilter()
            filter.archived = command.archived
            filter.title = command.title
            filter.path = try command.file.flatMap { try workspace.paths([$0]).first }
            filter.since = command.since.flatMap { parseSeconds($0) }
                .map { workspace.context.now().addingTimeInterval(-Double($0)) }
            // What nothing comes behind must not pass for a workspace without conversations.
            if let after = command.after { _ = try await workspace.thread(after) }
            let page = try await workspace.threads(filter, after: command.after, limit: command.limit)
            let next = page.count == command.limit ? page.last?.id : nil
            output.document(Document(threads: page.map(JSONThread.init), next: next))
            for thread in page {
                let day = thread.updatedAt.formatted(.iso8601.year().month().day())
                let count = "\(thread.messages) \(thread.messages == 1 ? "message" : "messages")"
                output.line("\(thread.id)\t\(day)\t\(count)\t\(printable(thread.title))")
            }
            if page.isEmpty {
                let isFiltered = command.title != nil || command.file != nil || command.since != nil
                output.note(
                    command.after != nil
                        ? "no more conversations"
                        : "no conversations\(isFiltered ? " like this" : command.archived ? " were put away" : " yet")"
                )
            }
            if let next { output.note("more: --after \(next)") }
            return .done
        }
    }
}

struct ThreadShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show the messages of a conversation.",
        discussion: """
            EXAMPLES
              satchel thread show 3
              satchel thread show 3 --after 20 --limit 20
              satchel thread show 3 --last 2
              satchel thread show 3 --status failed
            """
    )

    @Argument(help: "The thread's number.")
    var thread: Int64

    @Option(help: ArgumentHelp("Begin behind this message.", valueName: "position"))
    var after = 0

    @Option(help: ArgumentHelp("At most so many messages.", valueName: "n"))
    var limit: Int?

    @Option(help: ArgumentHelp("Only so many at the end.", valueName: "n"))
    var last: Int?

    @Option(help: "Only those of the user, or of the assistant.")
    var role: ChatRequest.Turn.Role?

    @Option(help: "Only those that are pending, success or failed.")
    var status: MessageStatus?

    @OptionGroup var options: GlobalOptions

    func validate() throws {
        guard (limit ?? 1) > 0, (last ?? 1) > 0 else {
            throw ValidationError("--limit and --last take a number from 1")
        }
        if limit != nil, last != nil { throw ValidationError("--limit and --last exclude each other") }
    }

    struct Document: Encodable {
        var ok = true
        var thread: JSONThread
        var messages: [JSONMessage]
        /// For `--after`; missing at the end.
        var next: Int?
    }

    func run() async throws {
        let command = self
        try await runCommand(options) { output in
            let workspace = try Workspace(command.options.context)
            let summary = try await workspace.thread(command.thread)
            var filter = MessageFilter()
            (filter.role, filter.status) = (command.role, command.status)
            filter.fromEnd = command.last != nil
            let messages = try await workspace.transcript(
                of: command.thread,
                after: command.after,
                limit: command.limit ?? command.last ?? .max,
                filter
            )
            let next = messages.count == command.limit ? messages.last?.position : nil
            output.document(
                Document(thread: JSONThread(summary), messages: messages.map(JSONMessage.init), next: next)
            )
            for (index, message) in messages.enumerated() {
                if index > 0 { output.line("") }
                output.line(output.painted(heading(of: message), message.role == .user ? .green : .grey))
                for file in message.files { output.line("    \(file.path)  \(file.digest.prefix(12))") }
                for use in message.tools { output.line("    → \(printable(use.summary))") }
                if !message.text.isEmpty { output.line(printableLines(message.text)) }
                await output.outputs(message.outputs, indent: "    ", in: workspace)
                let notes = CitationText(root: workspace.root, output: output).lines(message.citations)
                for note in notes { output.line("    \(note)") }
            }
            return .done
        }
    }
}

/// `2 assistant gpt-5-mini (aborted)`.
func heading(of message: TranscriptMessage) -> String {
    var words = ["\(message.position)", message.role.rawValue]
    if message.role == .assistant, let model = message.model { words.append(printable(model)) }
    switch message.status {
    case .success: if let ending = unusualEnding(message.finishReason) { words.append("(\(ending))") }
    case .pending: words.append("(being written)")
    case .failed: words.append("(\(printable(message.error ?? "failed")))")
    }
    return words.joined(separator: " ")
}

/// The document of one message.
struct JSONMessage: Encodable {
    struct File: Encodable {
        var path, sha256: String
    }

    var message: Int64
    var position: Int
    var role, status, text: String
    var model, account, finishReason, error: String?
    var usage: JSONUsage?
    var cost, costSource: String?
    var createdAt: Date
    var files: [File]
    var citations: [JSONCitation]?
    /// Missing where nothing was looked up.
    var tools: [JSONToolUse]?
    /// Missing where nothing was made.
    var outputs: [JSONOutput]?

    init(_ message: TranscriptMessage) {
        self.message = message.id
        position = message.position
        role = message.role.rawValue
        status = message.status.rawValue
        text = message.text
        (model, account) = (message.model, message.account)
        (finishReason, error) = (message.finishReason, message.error)
        usage = message.usage.map(JSONUsage.init)
        cost = message.usage?.cost?.description
        costSource = message.usage?.costSource?.rawValue
        citations = JSONCitation.all(message.citations)
        createdAt = message.createdAt
        files = message.files.map { File(path: $0.path.description, sha256: $0.digest.hex) }
        outputs = JSONOutput.all(message.outputs)
        tools = message.tools.isEmpty ? nil : message.tools.map(JSONToolUse.init)
    }
}
