import FoundationEssentials
import Glibc
import SatchelCore
import SatchelKit

/// Prints questions' answers as they come.
struct ChatSession: Sendable {
    let workspace: Workspace
    var connection: Connection
    let system: String?
    let choice: ChoiceOptions
    let output: Output
    /// Whether the model may look into the synced files by itself.
    var usesTools = true

    /// A question as the options of the command have it.
    func question(_ text: String, thread: Int64?) -> ChatQuestion {
        var question = ChatQuestion(prompt: text, thread: thread, system: system, usesTools: usesTools)
        question.auto = choice.budget(workspace.configuration.chat.auto)
        question.versions = choice.versions
        return question
    }

    /// Asks one question and prints the answer.
    ///
    /// - Returns: the thread, for the next question.
    func ask(_ question: ChatQuestion) async throws -> Int64 {
        let progress = ProgressLine(output)
        defer { progress.clear() }
        let answer = try await workspace.ask(question, connection) { event in
            show(event, progress)
        }
        output.document(JSONChat(answer))
        if answer.model == nil { showPassages(answer) } else { output.raw("\n") }
        if let usage = answer.usage, isatty(STDOUT_FILENO) == 1, !output.json { output.note(tokensText(usage)) }
        if let cost = answer.usage?.cost { output.note("\(answer.account) charges \(cost) for this answer") }
        return answer.thread
    }

    private func show(_ event: ChatProgress, _ progress: ProgressLine) {
        switch event {
        case .sync(let event): progress.note(event)
        case .notice(let text):
            progress.clear()
            output.note(text)
        case .indexing(let done, let total): progress.note(indexed: done, of: total)
        case .picked(let choice):
            progress.clear()
            showChoice(choice)
        case .asking(let files, let model):
            progress.clear()
            for file in files {
                let how = file.remoteID.map { "\($0)" } ?? "its text"
                output.note("\(model) is shown \(file.path) (\(how))")
            }
        case .tool(let use):
            progress.clear()
            output.look(use)
        case .renewed:
            output.note("a file was gone at \(connection.account.name); it is uploaded again")
        case .event(.text(let piece)), .event(.refusal(let piece)):
            progress.clear()
            output.raw(printableLines(piece))
        case .event(.status(let text)):
            if output.verbose { output.note(printable(text)) }
        case .event: break
        }
    }

    private func showChoice(_ choice: Choice) {
        for file in choice.picked { output.note("chose \(choiceText(file))") }
        for file in choice.tooLarge.prefix(3) {
            output.note(
                "left out \(choiceText(file)): it goes beyond the budget; mention it with @ to show it all the same"
            )
        }
        if choice.picked.isEmpty { output.note("--auto chose no file: none has the words of the question") }
    }

    private func showPassages(_ answer: ChatAnswer) {
        guard !answer.passages.isEmpty else {
            output.note("no model is configured, and no synced file has a passage about this")
            return
        }
        output.note("no model is configured; these are the best passages of the synced files")
        for (index, passage) in answer.passages.enumerated() {
            if index > 0 { output.line("") }
            let place = "\(passage.path):\(passage.firstLine)"
            output.line("\(output.painted(place, .green))  \(output.painted(passage.digest.prefix(12), .grey))")
            for line in passage.lines { output.line("    \(printableLines(line))") }
        }
    }
}

/// The document of `chat`.
private struct JSONChat: Encodable {
    struct File: Encodable {
        var path, sha256: String
        var remoteId: String?
    }

    struct Passage: Encodable {
        var path: String
        var line: Int
        var sha256: String
        var text: String
    }

    var ok = true
    var thread: Int64
    var message: Int64
    var answer: String
    var model: String?
    var account: String
    var files: [File]
    var usage: JSONUsage?
    var cost: String?
    var finishReason: String?
    /// Missing where the model looked nothing up.
    var tools: [JSONToolUse]?
    var passages: [Passage]?
    var picked: [JSONPicked]?
    var replaced: [JSONReplaced]?

    init(_ answer: ChatAnswer) {
        thread = answer.thread
        message = answer.message
        self.answer = answer.text
        model = answer.model
        account = answer.account
        files = answer.files.map {
            File(path: $0.path.description, sha256: $0.digest.hex, remoteId: $0.remoteID?.rawValue)
        }
        usage = answer.usage.map(JSONUsage.init)
        cost = answer.usage?.cost?.description
        finishReason = answer.finishReason
        tools = answer.tools.isEmpty ? nil : answer.tools.map(JSONToolUse.init)
        if !answer.picked.isEmpty { picked = answer.picked.map(JSONPicked.init) }
        if !answer.replaced.isEmpty { replaced = answer.replaced.map(JSONReplaced.init) }
        guard answer.model == nil else { return }
        passages = answer.passages.map {
            Passage(
                path: $0.path.description,
                line: $0.firstLine,
                sha256: $0.digest.hex,
                text: $0.lines.joined(separator: "\n")
            )
        }
    }
}
