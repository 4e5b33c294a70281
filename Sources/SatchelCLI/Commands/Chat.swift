import ArgumentParser
import FoundationEssentials
import Glibc
import SatchelCore
import SatchelKit

struct Chat: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chat",
        abstract: "Ask a model about files of the workspace, by their ids.",
        discussion: """
            @path, @dir/, @"name with spaces" and @'*.md' in the prompt name files: they are brought in step first and \
            sent by id. @git:changed is what differs from the last commit, @thread what the thread was shown before. \
            --auto chooses files by the words of the question, and tells which and why. Without a prompt, and with a \
            terminal, questions are read one by one; /help lists what else can be said there. Where no model is \
            configured, the best passages of the synced files are the answer. A model that can may also search, read \
            and list the synced files by itself; each look is shown, and --no-tools forbids them.

            EXAMPLES
              satchel chat "what does @src/main.swift do?"
              satchel chat -c "and its tests?"           go on with the last thread
              satchel chat --auto "where are retries counted?"
              satchel chat "review @git:changed"
              git diff | satchel chat "review this"      a pipe goes with the prompt
              satchel chat -p ollama -m llama3 "…"
              satchel chat --estimate "compare @src/"    tokens and money, without asking
              satchel chat --detach "what changed in @src/?" && satchel wait 1
              satchel chat --schema tags.json "tag @notes.md" | jq .
            """
    )

    @Argument(help: "The question; read from the terminal when there is none.")
    var prompt: [String] = []

    @OptionGroup var account: AccountOption

    @Option(name: .shortAndLong, help: "The model.")
    var model: String?

    @Option(name: .shortAndLong, help: ArgumentHelp("Go on with this thread.", valueName: "number"))
    var thread: Int64?

    @Flag(name: [.customShort("c"), .customLong("continue")], help: "Go on with the last thread.")
    var continues = false

    @Option(name: .shortAndLong, help: "Instructions that go before the conversation.")
    var system: String?

    @OptionGroup var answer: AnswerOptions

    @Flag(help: "Let the model look at nothing but what the question shows.")
    var noTools = false

    @OptionGroup var choice: ChoiceOptions

    @OptionGroup var options: GlobalOptions

    func validate() throws {
        if thread != nil, continues { throw ValidationError("-t and -c exclude each other") }
    }

    func run() async throws {
        let command = self
        try await runCommand(options) { output in try await command.run(output) }
    }

    private func run(_ output: Output) async throws -> ExitStatus {
        let overrides = model.map { [Configuration.Override("chat.model", $0, flag: "--model")] } ?? []
        let workspace = try Workspace(options.context, overrides: overrides)
        let name = account.account ?? workspace.configuration.chat.account
        let connection = try await workspace.connect(to: name, notice: output.note) { seconds, reason in
            output.note(wait: seconds, for: reason)
        }
        return try await workspace.whileChatting(connection, notice: output.note) {
            try await chat(workspace, connection, output)
        }
    }

    private func chat(_ workspace: Workspace, _ connection: Connection, _ output: Output) async throws -> ExitStatus {
        var session = ChatSession(
            workspace: workspace,
            connection: connection,
            system: system,
            choice: choice,
            output: output
        )
        session.wishes = try answer.wishes(in: workspace.context.directory)
        session.usesTools = !noTools
        var thread = thread
        if continues {
            guard let latest = try await workspace.latestThread() else {
                throw WorkspaceError(.cannotStart, "-c: there is no thread yet; ask without -c first")
            }
            thread = latest
        }
        let typed = prompt.joined(separator: " ")
        let isInteractive = isatty(STDIN_FILENO) == 1
        if typed.isEmpty, isInteractive, answer.template == nil, !answer.estimate, !answer.detach {
            var loop = ChatLoop(session: session, thread: thread)
            return try await loop.run()
        }
        let piped = try isInteractive ? [] : standardInput()
        var question = session.question(typed, thread: thread)
        let isText = sniffedMedia(of: piped) == .text
        let isInlined = typed.isEmpty || answer.needsWords || piped.count <= ChatQuestion.largestInlined
        if piped.isEmpty || isText && isInlined {
            question.prompt = try filled(typed, with: piped, in: workspace)
            // Who wrote what is piped does not name files, unless it is all that is asked.
            if !typed.isEmpty || answer.template != nil { question.naming = try filled(typed, with: [], in: workspace) }
        } else {
            guard isText || !answer.needsWords else {
                throw refusal("chat: standard input is no text; put it into a file and mention it with @")
            }
            question.attached = piped
        }
        guard !question.prompt.trimmingSpaces.isEmpty else {
            throw refusal("chat: there is no question; write it behind the command")
        }
        if answer.detach { return try await detach(question, workspace, output) }
        if answer.estimate { return try await session.estimate(question) }
        return try await session.answer(question).status
    }

    /// The prompt of what is typed and piped, in its template where there is one.
    private func filled(_ typed: String, with piped: [UInt8], in workspace: Workspace) throws -> String {
        let input = [typed, String(decoding: piped, as: UTF8.self)].filter { !$0.isEmpty }
        return try answer.filled(
            prompt,
            input: input.joined(separator: "\n\n"),
            root: workspace.root,
            environment: workspace.context.environment
        )
    }

    private func refusal(_ message: String, code: String = "usage") -> CommandFailure {
        CommandFailure(code, message, false, .couldNotStart)
    }

    private func detach(_ question: ChatQuestion, _ workspace: Workspace, _ output: Output) async throws -> ExitStatus {
        let queued = try await workspace.queue(question, account: account.account, model: model)
        output.document(JSONDetached(job: queued.job, thread: queued.thread))
        output.line("job \(queued.job)")
        if !workspace.isWatched {
            output.note("satchel jobs run, or a watch, asks it; satchel wait \(queued.job) waits")
        }
        return .done
    }

    /// What a pipe or file gives, where there is one.
    private func standardInput() throws -> [UInt8] {
        var status = stat()
        // A script's inherited standard input may never end: only pipes and files are read.
        guard fstat(STDIN_FILENO, &status) == 0 else { return [] }
        let type = status.st_mode & S_IFMT
        guard type == S_IFIFO || type == S_IFREG else { return [] }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = read(STDIN_FILENO, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            bytes += buffer.prefix(count)
            guard bytes.count <= 4 << 20 else {
                throw refusal(
                    "chat: standard input is larger than 4 MiB; put it into a file and mention it with @",
                    code: "too_large"
                )
            }
        }
        return bytes
    }
}

/// The document of `chat --detach`.
private struct JSONDetached: Encodable {
    var ok = true
    var job, thread: Int64
}
