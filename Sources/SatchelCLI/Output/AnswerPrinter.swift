import SatchelCore
import Synchronization

/// Prints an answer while it comes: Markdown with its looks on a terminal, as it is anywhere else.
final class AnswerPrinter: Sendable {
    private let output: Output
    private let stream = Mutex(MarkdownStream())

    init(_ output: Output) {
        self.output = output
    }

    func add(_ piece: String) {
        let text = printableLines(piece)
        output.raw(output.color ? stream.withLock { $0.take(text) } : text)
    }

    /// Something between the words that is not theirs.
    func mark(_ text: String) {
        output.raw(output.color ? stream.withLock { $0.finish() } + output.painted(text, .grey) : text)
    }

    /// The answer is over, or breaks off.
    func end() {
        if output.color { output.raw(stream.withLock { $0.finish() }) }
    }
}
