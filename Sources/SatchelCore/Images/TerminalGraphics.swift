import FoundationEssentials

/// How a terminal shows pictures between its lines.
package enum TerminalGraphics: Hashable, Sendable {
    /// The graphics protocol of kitty, which ghostty speaks too; PNG only.
    case kitty
    /// The inline images of iTerm2 (OSC 1337), which WezTerm speaks too.
    case iTerm

    /// What the terminal says of itself in the environment; nil where it says nothing, or tmux or screen is between.
    package init?(_ environment: [String: String]) {
        let term = environment["TERM"] ?? ""
        guard environment["TMUX"] == nil, environment["STY"] == nil, !term.hasPrefix("screen"), !term.hasPrefix("tmux")
        else { return nil }
        let program = environment["TERM_PROGRAM"] ?? ""
        if program == "iTerm.app" || program == "WezTerm" {
            self = .iTerm
        } else if term == "xterm-kitty" || term == "xterm-ghostty" || program == "ghostty"
            || environment["KITTY_WINDOW_ID"] != nil
        {
            self = .kitty
        } else {
            return nil
        }
    }

    /// Larger pictures are not sent to a terminal.
    package static let largest = 8 << 20

    /// Bytes of text in one escape sequence of kitty's.
    private static let chunk = 4096

    /// The picture as what the terminal is to be sent; nil where it cannot show it.
    ///
    /// - Parameters:
    ///   - bytes: a whole picture.
    ///   - columns: how wide it is to be, in characters; its height follows.
    /// - Returns: escape sequences and nothing else: the picture's bytes are in them as base64.
    package func picture(_ bytes: [UInt8], columns: Int = 40) -> String? {
        let media = sniffedMedia(of: bytes)
        guard media.isImage, bytes.count <= Self.largest, (1...1000).contains(columns) else { return nil }
        let text = Data(bytes).base64EncodedString()
        switch self {
        case .iTerm:
            let head = "\u{1b}]1337;File=inline=1;size=\(bytes.count);width=\(columns);preserveAspectRatio=1"
            return "\(head):\(text)\u{07}"
        case .kitty:
            guard media == .png else { return nil }
            // `q=2`: an answer of the terminal would be typed into whatever reads from it next.
            var head = "a=T,f=100,c=\(columns),q=2,"
            var result = ""
            var rest = text.utf8[...]
            repeat {
                let piece = rest.prefix(Self.chunk)
                rest = rest.dropFirst(Self.chunk)
                result += "\u{1b}_G\(head)m=\(rest.isEmpty ? 0 : 1);\(String(decoding: piece, as: UTF8.self))\u{1b}\\"
                head = ""
            } while !rest.isEmpty
            return result
        }
    }
}
