import Dispatch
import Glibc
import SatchelCore

/// What is typed, line by line, read on a thread of its own, and only when a line is wanted: an editor may have the
/// terminal meanwhile.
///
/// Where both sides are a terminal the line can be edited, earlier ones come back with the arrow keys, and what is pasted
/// is one line whatever it holds. Cancelling the task ends the waiting for a line.
final class TerminalLines: Sendable {
    let lines: AsyncStream<String>
    private let wanted = DispatchSemaphore(value: 0)

    /// - Parameters:
    ///   - prompt: drawn before each line, in plain ASCII.
    ///   - history: lines to come back to, the last one last.
    ///   - output: where the prompt and the line are drawn.
    init(prompt: String, history: [String], output: Output) {
        // One line at a time is asked for, so that one place is enough; unbounded all the same, to lose none.
        let (stream, continuation) = AsyncStream.makeStream(of: String.self)
        lines = stream
        let isDumb = getenv("TERM").map { String(cString: $0) == "dumb" } ?? true
        let isEdited = isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1 && !isDumb
        DispatchQueue(label: "satchel.terminal").async { [wanted] in
            var typing = TypedLine(prompt: prompt, editor: LineEditor(history: history), output: output)
            wanted.wait()
            if !isEdited { output.write(prompt, to: STDOUT_FILENO) }
            while let line = isEdited ? typing.read() : readLine() {
                continuation.yield(line)
                wanted.wait()
                if !isEdited { output.write(prompt, to: STDOUT_FILENO) }
            }
            continuation.finish()
        }
    }

    func wantLine() { wanted.signal() }
}

/// A line while it is typed.
private struct TypedLine {
    let prompt: String
    var editor: LineEditor
    let output: Output
    /// Read, but behind the end of the last line.
    private var ahead: ArraySlice<UInt8> = []
    /// The row of the cursor, counted from the prompt.
    private var row = 0

    init(prompt: String, editor: LineEditor, output: Output) {
        (self.prompt, self.editor, self.output) = (prompt, editor, output)
    }

    /// The next line; nil at the end of input.
    mutating func read() -> String? {
        guard RawTerminal.shared.enter() else { return nil }
        defer { RawTerminal.shared.leave() }
        row = 0
        draw()
        while true {
            if ahead.isEmpty {
                var buffer = [UInt8](repeating: 0, count: 4096)
                let count = Glibc.read(STDIN_FILENO, &buffer, buffer.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return nil }
                ahead = buffer[..<count]
            }
            let (event, count) = editor.take(ahead)
            ahead = ahead.dropFirst(count)
            switch event {
            case nil: draw()
            case .line(let line):
                draw(finished: line)
                return line
            case .end:
                draw()
                return nil
            case .interrupt:
                output.write("\r\n", to: STDOUT_FILENO)
                RawTerminal.shared.leave()
                // As the terminal would have it: what a signal does is decided in one place.
                kill(getpid(), SIGINT)
                while true { pause() }
            case .suspend:
                RawTerminal.shared.leave()
                stopProcess()
                guard RawTerminal.shared.enter() else { return nil }
                row = 0
                draw()
            case .clear:
                output.write("\u{1b}[H\u{1b}[2J", to: STDOUT_FILENO)
                row = 0
                draw()
            }
        }
    }

    /// Draws the line anew; a finished one with the cursor behind it.
    private mutating func draw(finished: String? = nil) {
        let text = finished.map(Array.init) ?? editor.text
        let drawn = DrawnLine(
            text,
            cursor: finished == nil ? editor.cursor : text.count,
            indent: prompt.utf8.count,
            width: RawTerminal.width
        )
        var bytes = "\r"
        if row > 0 { bytes += "\u{1b}[\(row)A" }
        bytes += "\u{1b}[J\(prompt)\(drawn.text)"
        if drawn.lastRow > drawn.cursorRow { bytes += "\u{1b}[\(drawn.lastRow - drawn.cursorRow)A" }
        bytes += "\r"
        if drawn.cursorColumn > 0 { bytes += "\u{1b}[\(drawn.cursorColumn)C" }
        row = drawn.cursorRow
        if finished != nil { bytes += "\r\n" }
        output.write(bytes, to: STDOUT_FILENO)
    }
}

/// Stops the process as Ctrl-Z does, and returns when it goes on.
///
/// The signal goes to this thread, which takes none otherwise: then all have stopped before it does anything else. Sent
/// to the process it would come to some other thread, some time later.
private func stopProcess() {
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGTSTP)
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    raise(SIGTSTP)
}
