import Glibc
import SatchelCore
import Synchronization

/// Where a command's words go: results to standard output, everything else to standard error.
///
/// What comes from outside (names, server texts) is escaped before it gets here.
struct Output: Sendable {
    var json = false
    var quiet = false
    var verbose = false
    var color = false
    /// Standard error is a terminal that a progress line may live on.
    var progress = false
    /// Standard output is for events, one JSON object a line, and for nothing else.
    var events = false
    /// How standard output, a terminal, shows pictures; nil where it does not.
    var graphics: TerminalGraphics?

    enum Colour: Int, Sendable {
        case red = 31
        case green = 32
        case yellow = 33
        case grey = 90
    }

    func painted(_ text: String, _ colour: Colour) -> String {
        color ? "\u{1b}[\(colour.rawValue)m\(text)\u{1b}[0m" : text
    }

    /// A line of the result; nothing with `--json`.
    func line(_ text: String) {
        guard !json, !events else { return }
        write(text + "\n", to: STDOUT_FILENO)
    }

    /// A line that `--quiet` leaves out.
    ///
    /// The words are not even made then: there may be one line for each of many files.
    func info(_ text: @autoclosure () -> String) {
        guard !quiet, !json, !events else { return }
        line(text())
    }

    /// Without a line break: streamed answers.
    func raw(_ text: String) {
        guard !json else { return }
        write(text, to: STDOUT_FILENO)
    }

    /// A line for people on standard error; `--quiet` leaves it out.
    func note(_ text: String) {
        guard !quiet else { return }
        write("satchel: \(text)\n", to: STDERR_FILENO)
    }

    /// An error on standard error, always.
    func error(_ text: String) {
        write("satchel: \(text)\n", to: STDERR_FILENO)
    }

    /// Why standard output lacks some of what was written to it, once the disk behind it is full.
    static var lost: CommandFailure? { failure.withLock { $0.map(CommandFailure.init(output:)) } }

    private static let failure = Mutex<Int32?>(nil)

    /// Writes all of it, also to a slow pipe; a reader that went away ends the program as it ends others.
    func write(_ text: String, to descriptor: Int32) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            guard count > 0 else {
                if descriptor == STDOUT_FILENO { Self.failure.withLock { $0 = $0 ?? errno } }
                return
            }
            bytes = bytes.dropFirst(count)
        }
    }
}
