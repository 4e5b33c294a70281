import ArgumentParser
import Glibc
import SatchelCore
import SatchelKit

struct Tail: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tail",
        abstract: "Show an answer that another satchel is writing, until it is complete.",
        discussion: """
            Without a number: the answer that is being written, or else the last one. Ctrl-C stops looking, not the \
            answer. Exit code 1 when the answer broke off.

            EXAMPLES
              satchel tail
              satchel tail 42
              satchel tail --json
            """
    )

    @Argument(help: "The answer's number, as chat --json and thread show --json tell it.")
    var message: Int64?

    @OptionGroup var options: GlobalOptions

    struct Document: Encodable {
        var ok: Bool
        var thread, message: Int64
        var status, answer: String
        var error: String?
        var citations: [JSONCitation]?
    }

    func run() async throws {
        let command = self
        try await runCommand(options) { output in
            let workspace = try Workspace(command.options.context)
            let printer = AnswerPrinter(output)
            let answer = try await workspace.follow(command.message) { printer.add($0) }
            printer.end()
            output.document(
                Document(
                    ok: answer.status == .success,
                    thread: answer.thread,
                    message: answer.message,
                    status: answer.status.rawValue,
                    answer: answer.text,
                    error: answer.error,
                    citations: JSONCitation.all(answer.citations)
                )
            )
            if !answer.text.hasSuffix("\n") { output.raw("\n") }
            for note in CitationText(root: workspace.root, output: output).lines(answer.citations) {
                output.info(note)
            }
            if answer.status == .success { output.ending(answer.finishReason) }
            if answer.status == .failed { output.note("it broke off: \(printable(answer.error ?? "failed"))") }
            return answer.status == .success ? .done : .someFailed
        }
    }
}
