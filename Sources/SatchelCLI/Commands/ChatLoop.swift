import Dispatch
import FoundationEssentials
import Glibc
import SatchelCore
import SatchelKit
import Synchronization

/// Questions at a terminal, one by one, and the words that steer what they show.
struct ChatLoop {
    var session: ChatSession
    var thread: Int64?
    /// Shown with the next question.
    private var added: [WorkspacePath] = []
    /// Not shown any more.
    private var dropped: [WorkspacePath] = []
    private var last: ChatQuestion?

    init(session: ChatSession, thread: Int64?) {
        self.session = session
        self.thread = thread
    }

    private var output: Output { session.output }
    private var workspace: Workspace { session.workspace }

    /// Reads questions until the end of input.
    mutating func run() async throws -> ExitStatus {
        let name = session.connection.modelName ?? "retrieval"
        output.info("\(name) on \(session.connection.account.name); /help lists what else can be said, /quit ends")
        let terminal = TerminalLines(prompt: "> ", history: try await workspace.lastQuestions(200), output: output)
        defer { RawTerminal.shared.leave() }
        var lines = terminal.lines.makeAsyncIterator()
        while true {
            terminal.wantLine()
            guard let line = await lines.next() else {
                try Task.checkCancellation()
                output.line("")
                return .done
            }
            let text = line.trimmingSpaces
            if text.isEmpty { continue }
            do {
                if let command = ChatCommand(text) {
                    if command.verb == .quit { return .done }
                    try await obey(command)
                } else if let word = ChatCommand.unknown(in: text), access(word, F_OK) != 0 {
                    output.note("\(printable(word)): there is no such command; /help lists those there are")
                } else {
                    try await ask(question(text))
                }
            } catch let error as ProviderError where error.kind != .cancelled {
                output.error("\(error)")
            } catch let error as WorkspaceError {
                output.error("\(error)")
            } catch  where CommandFailure(error).status == .interrupted {
                // Ctrl-C ends the answer; one for the session cancels this task.
                try Task.checkCancellation()
                output.note("stopped; what was said so far is kept, /retry asks again, Ctrl-D ends")
            }
        }
    }

    private func question(_ text: String) -> ChatQuestion {
        var question = session.question(text, thread: thread)
        question.added = added
        question.dropped = dropped
        return question
    }

    private mutating func ask(_ question: ChatQuestion) async throws {
        last = question
        let session = session
        let saved = Mutex<Int64?>(nil)
        // Also after an answer that broke off, the next question belongs to its thread.
        defer { thread = saved.withLock(\.self) ?? thread }
        thread = try await AnswerStop.shared.during {
            try await session.ask(question) { thread in saved.withLock { $0 = thread } }
        }
        added = []
    }

    // MARK: - Commands

    private mutating func obey(_ command: ChatCommand) async throws {
        switch command.verb {
        case .quit: break
        case .help: for line in ChatCommand.help { output.line(line) }
        case .files: try await listFiles()
        case .add:
            let paths = try workspace.paths(command.words)
            try await workspace.check(paths)
            if paths.isEmpty { output.note("/add takes the names of files or folders") }
            added += paths.filter { !added.contains($0) }
            dropped.removeAll { path in paths.contains(path) }
            for path in paths { output.line("+ \(path.isRoot ? "." : "\(path)")  with the next question") }
        case .drop:
            let paths = try workspace.paths(command.words)
            if paths.isEmpty { output.note("/drop takes the names of files or folders") }
            let shown = try await shownFiles()
            let there = added + shown.map(\.path)
            try await workspace.check(paths.filter { path in !there.contains { $0.isWithin(path) } })
            added.removeAll { path in paths.contains(where: path.isWithin) }
            dropped += paths.filter { !dropped.contains($0) }
            let remains = "; what was said so far still shows it, /retry asks the last question without it"
            for path in paths {
                let rest = shown.contains { $0.path.isWithin(path) } ? remains : ""
                output.line("- \(path.isRoot ? "." : "\(path)")  not shown any more\(rest)")
            }
        case .tokens: try await tellTokens()
        case .model:
            if let name = command.words.first { try changeModel(to: name) }
            output.line("\(session.connection.modelName ?? "no model") on \(session.connection.account.name)")
        case .cost: try await tellCost()
        case .retry: try await askAgain(inEditor: false)
        case .edit: try await askAgain(inEditor: true)
        }
    }

    private func shownFiles() async throws -> [ThreadFile] {
        guard let thread else { return [] }
        return try await workspace.filesShown(in: thread)
    }

    private func listFiles() async throws {
        let shown = try await shownFiles()
        for file in shown {
            let version = output.painted(file.digest.prefix(12), .grey)
            output.line("  \(file.path)  \(version)  \(grouped(file.tokens)) tokens")
        }
        for path in added { output.line("+ \(path.isRoot ? "." : "\(path)")  with the next question") }
        for path in dropped { output.line("- \(path.isRoot ? "." : "\(path)")  not shown any more") }
        if shown.isEmpty, added.isEmpty, dropped.isEmpty {
            output.line("no files yet; mention one with @, or /add it")
        }
    }

    private func tellTokens() async throws {
        let files = try await shownFiles().reduce(0) { $0 + $1.tokens }
        var words = 0
        if let thread {
            words = try await workspace.transcript(of: thread).reduce(0) {
                $0 + estimatedTokens(ofBytes: Int64($1.text.utf8.count))
            }
        }
        let new = try await workspace.tokens(in: added)
        output.line(
            "about \(grouped(files + words + new)) tokens with the next question: \(grouped(files)) of files shown, "
                + "\(grouped(new)) of files added, \(grouped(words)) of what was said (estimated, 4 bytes a token)"
        )
    }

    private func tellCost() async throws {
        guard let thread else {
            output.line("nothing was asked yet")
            return
        }
        let answers = try await workspace.transcript(of: thread).filter { $0.role == .assistant }
        let usages = answers.compactMap(\.usage)
        let costs = usages.compactMap(\.cost)
        // An answer that broke off was paid for too, but nobody told what it used up.
        let untold = answers.count {
            $0.usage == nil && $0.model != nil && $0.status == .failed && !$0.text.isEmpty
        }
        let count = usages.count + untold
        let unpriced = count - costs.count
        var text = tokensText(usages.reduce(ChatUsage(input: 0, cached: 0, output: 0, reasoning: 0), +))
        if !costs.isEmpty { text += ", \(costs.reduce(Dollars.zero) { $0.adding($1) })" }
        if unpriced > 0 { text += ", \(unpriced) of \(count) answers unpriced" }
        output.line("thread \(thread): \(text)")
    }

    private mutating func changeModel(to name: String) throws {
        guard let connection = session.connection.answering(with: name) else {
            throw WorkspaceError(
                .cannotStart,
                "/model: \(session.connection.account.name) answers without a model; begin again with -p and -m"
            )
        }
        session.connection = connection
    }

    /// Asks the last question once more, in a thread that begins like this one; the first answer stays where it is.
    private mutating func askAgain(inEditor: Bool) async throws {
        guard var question = try await lastQuestion() else {
            output.note("there is no question to ask again")
            return
        }
        if inEditor {
            guard let text = try await edited(question.prompt) else {
                output.note("nothing was asked")
                return
            }
            question.prompt = text
            question.naming = nil
        }
        question.dropped = dropped
        question.added += added
        if let thread {
            self.thread = try await workspace.forkBeforeLastQuestion(thread)
            output.note("thread \(thread) keeps the answer so far")
        }
        question.thread = self.thread
        try await ask(question)
    }

    private func lastQuestion() async throws -> ChatQuestion? {
        if let last { return last }
        guard let thread else { return nil }
        guard let asked = try await workspace.transcript(of: thread).last(where: { $0.role == .user }) else {
            return nil
        }
        var question = question(asked.text)
        // Part of it may have come from a pipe, which names no files: it shows again what it showed.
        question.naming = ""
        for path in asked.files.map(\.path) where (try? await workspace.check([path])) != nil {
            question.added.append(path)
        }
        return question
    }

    /// What the editor leaves of the text; nil when that is nothing.
    private func edited(_ text: String) async throws -> String? {
        let environment = ProcessInfo.processInfo.environment
        let editor = ["VISUAL", "EDITOR"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty } ?? "vi"
        let left = try await withCheckedThrowingContinuation { continuation in
            DispatchQueue(label: "satchel.editor").async {
                continuation.resume(with: Result { try edit(text, with: editor) })
            }
        }.trimmingSpaces
        return left.isEmpty ? nil : left
    }
}
