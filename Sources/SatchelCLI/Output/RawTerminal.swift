import Glibc
import Synchronization

/// The terminal's way of giving each key at once, and its way back, which must be found however the program ends.
final class RawTerminal: Sendable {
    static let shared = RawTerminal()

    /// What the terminal was like before.
    private let before = Mutex<termios?>(nil)

    /// Gives keys as they are typed, without showing them; pasted text comes with marks around it.
    ///
    /// - Returns: whether the terminal can.
    func enter() -> Bool {
        before.withLock { before in
            var state = termios()
            guard before == nil, tcgetattr(STDIN_FILENO, &state) == 0 else { return before != nil }
            before = state
            state.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG | IEXTEN)
            state.c_iflag &= ~tcflag_t(ICRNL | INLCR | IXON)
            // What was typed ahead stays.
            guard tcsetattr(STDIN_FILENO, TCSADRAIN, &state) == 0 else {
                before = nil
                return false
            }
            say("\u{1b}[?2004h")
            return true
        }
    }

    /// Makes the terminal what it was.
    func leave() {
        before.withLock { before in
            guard var state = before else { return }
            say("\u{1b}[?2004l")
            tcsetattr(STDIN_FILENO, TCSADRAIN, &state)
            before = nil
        }
    }

    /// In columns, as it is now.
    static var width: Int {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return max(8, Int(size.ws_col))
    }

    private func say(_ text: String) {
        let bytes = Array(text.utf8)
        _ = write(STDOUT_FILENO, bytes, bytes.count)
    }
}
