import SatchelCore
import Synchronization

/// Prints an answer while it comes: Markdown with its looks on a terminal, as it is anywhere else.
final class AnswerPrinter: Sendable {
    private let output: Output
    private let stream = Mutex(MarkdownStream())
    private let isWithinLine = Mutex(false)

    init(_ output: Output) {
        self.output = output
    }

    func add(_ piece: String) {
        let text = printableLines(piece)
        if let last = text.last { isWithinLine.withLock { $0 = last != "\n" } }
        output.raw(output.color ? stream.withLock { $0.take(text) } : text)
    }

    /// Something between the words that is not theirs.
    func mark(_ text: String) {
        output.raw(output.color ? stream.withLock { $0.finish() } + output.painted(text, .grey) : text)
    }

    /// The answer is over.
    func end() {
        if output.color { output.raw(stream.withLock { $0.finish() }) }
    }

    /// The answer breaks off: what is said about that begins a line.
    func breakOff() {
        end()
        if isWithinLine.withLock(\.self) { output.raw("\n") }
    }
}

extension Output {
    /// Says so when an answer that was given earlier is not whole, by the stable word of its end.
    func ending(_ code: String?) {
        if let ending = unusualEnding(code) { note("the answer is not whole: \(ending)") }
    }
}
