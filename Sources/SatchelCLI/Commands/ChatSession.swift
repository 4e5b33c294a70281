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
    var wishes = ChatWishes()
    /// Whether the model may look into the synced files by itself.
    var usesTools = true

    /// A question as the options of the command have it.
    func question(_ text: String, thread: Int64?) -> ChatQuestion {
        var question = ChatQuestion(prompt: text, thread: thread, system: system, usesTools: usesTools)
        question.auto = choice.budget(workspace.configuration.chat.auto)
        question.versions = choice.versions
        question.wishes = wishes
        return question
    }

    /// Asks one question and prints the answer; `saved` is told its thread as soon as it is written down.
    ///
    /// - Returns: the thread, for the next question.
    func ask(_ question: ChatQuestion, saved: @escaping @Sendable (Int64) -> Void) async throws -> Int64 {
        try await answer(question, saved: saved).thread
    }

    /// As ``ask(_:saved:)``, with how it ended.
    func answer(
        _ question: ChatQuestion,
        saved: @escaping @Sendable (Int64) -> Void = { _ in }
    ) async throws -> (thread: Int64, status: ExitStatus) {
        let progress = ProgressLine(output)
        let printer = AnswerPrinter(output)
        defer { progress.clear() }
        let answer: ChatAnswer
        do {
            answer = try await workspace.ask(question, connection) { event in
                if case .saved(let thread) = event { saved(thread) }
                show(event, progress, printer)
            }
        } catch {
            printer.breakOff()
            throw error
        }
        printer.end()
        output.document(JSONChat(answer))
        if answer.model == nil {
            showPassages(answer)
        } else if wishes.schema != nil {
            output.line(answer.text)
        } else if !answer.text.hasSuffix("\n") {
            output.raw("\n")
        }
        if wishes.schema == nil { output.citations(answer.citations, in: workspace.root) }
        if !answer.outputs.isEmpty, wishes.schema == nil {
            if !output.quiet { await output.outputs(answer.outputs, word: "kept: ", in: workspace) }
        } else {
            for kept in answer.outputs { output.note(kept.line) }
        }
        if let usage = answer.usage, usage.cost != nil || output.progress {
            output.note(moneyText(usage, account: answer.account))
        }
        return (answer.thread, answer.citations.misquotes ? .someFailed : .done)
    }

    /// Says what the question would take.
    func estimate(_ question: ChatQuestion) async throws -> ExitStatus {
        let progress = ProgressLine(output)
        let printer = AnswerPrinter(output)
        defer { progress.clear() }
        let estimate = try await workspace.estimate(question, connection) { event in
            show(event, progress, printer)
        }
        progress.clear()
        output.document(JSONChatEstimate(estimate))
        for line in estimate.lines { output.line(line) }
        return .done
    }

    private func show(_ event: ChatProgress, _ progress: ProgressLine, _ printer: AnswerPrinter) {
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
        case .kept, .saved: break
        case .renewed:
            output.note("a file was gone at \(connection.account.name); it is uploaded again")
        case .event(.text(let piece)), .event(.refusal(let piece)):
            progress.clear()
            // By a schema, only the whole can be checked.
            if wishes.schema == nil { printer.add(piece) }
        case .cited(let number, _):
            if wishes.schema == nil { printer.mark("[\(number)]") }
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
        if choice.picked.isEmpty {
            let reason =
                choice.tooLarge.isEmpty ? "has the words of the question" : "that has the words fits the budget"
            output.note("--auto chose no file: none \(reason)")
        }
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
    var cost, costSource: String?
    var finishReason: String?
    var citations: [JSONCitation]?
    /// Missing where the model looked nothing up.
    var tools: [JSONToolUse]?
    /// Missing where nothing was made.
    var outputs: [JSONOutput]?
    var passages: [Passage]?
    var picked: [JSONPicked]?
    var replaced: [JSONReplaced]?

    init(_ answer: ChatAnswer) {
        ok = !answer.citations.misquotes
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
        costSource = answer.usage?.costSource?.rawValue
        citations = JSONCitation.all(answer.citations)
        finishReason = answer.finishReason
        outputs = JSONOutput.all(answer.outputs)
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
