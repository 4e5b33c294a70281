/// A line that is being typed at a terminal: what keys do to it, and how it is drawn.
///
/// Bytes come as the terminal sends them. What is pasted, where the terminal says so, is taken as text with its line
/// breaks, so that ten lines are one question and not ten.
package struct LineEditor: Sendable {
    package enum Event: Hashable, Sendable {
        /// Enter: this is the line.
        case line(String)
        /// Ctrl-D where nothing is typed.
        case end
        /// Ctrl-C where nothing is typed.
        case interrupt
        /// Ctrl-Z.
        case suspend
        /// Ctrl-L.
        case clear
    }

    package private(set) var text: [Character] = []
    /// Before which character of the text the next one goes.
    package private(set) var cursor = 0
    /// What was typed before, the last one last.
    private var history: [String]
    /// Which of the history is being looked at; its count for what is being typed.
    private var place: Int
    private var draft: [Character] = []
    /// Bytes of a key or character that is not complete.
    private var pending: [UInt8] = []
    private var isPasting = false

    package init(history: [String] = []) {
        self.history = history
        place = history.count
    }

    /// Does what these bytes say, up to the first event.
    ///
    /// - Returns: the event, and how many bytes it took to get there.
    package mutating func take(_ bytes: ArraySlice<UInt8>) -> (event: Event?, count: Int) {
        for (index, byte) in bytes.enumerated() {
            pending.append(byte)
            if let event = completed() { return (event, index + 1) }
        }
        return (nil, bytes.count)
    }

    // MARK: - Keys

    private mutating func completed() -> Event? {
        guard let first = pending.first else { return nil }
        if first == 0x1b { return escape() }
        guard first >= 0x80 else {
            pending = []
            return isPasting ? paste(first) : key(first)
        }
        let length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1
        guard pending.count >= length || pending.dropFirst().contains(where: { $0 & 0xc0 != 0x80 }) else { return nil }
        for scalar in String(decoding: pending, as: UTF8.self).unicodeScalars { insert(scalar) }
        pending = []
        return nil
    }

    private mutating func paste(_ byte: UInt8) -> Event? {
        if byte == 0x0d || byte == 0x0a { insert("\n") } else { insert(Unicode.Scalar(byte)) }
        return nil
    }

    private mutating func key(_ byte: UInt8) -> Event? {
        switch byte {
        case 0x0d, 0x0a: return submit()
        case 0x01: cursor = 0
        case 0x02: cursor = max(0, cursor - 1)
        case 0x03:
            if text.isEmpty { return .interrupt }
            replace(with: [])
        case 0x04:
            if text.isEmpty { return .end }
            remove(cursor..<min(cursor + 1, text.count))
        case 0x05: cursor = text.count
        case 0x06: cursor = min(text.count, cursor + 1)
        case 0x08, 0x7f: remove(max(0, cursor - 1)..<cursor)
        case 0x0b: remove(cursor..<text.count)
        case 0x0c: return .clear
        case 0x0e: look(by: 1)
        case 0x10: look(by: -1)
        case 0x15: remove(0..<cursor)
        case 0x17: remove(wordStart..<cursor)
        case 0x1a: return .suspend
        default: insert(Unicode.Scalar(byte))
        }
        return nil
    }

    /// Keys that are several bytes: `ESC [ … final`, `ESC O final`, `ESC letter`.
    private mutating func escape() -> Event? {
        guard pending.count > 1 else { return nil }
        let isLong = pending[1] == UInt8(ascii: "[")
        let final = pending[pending.count - 1]
        if isLong || pending[1] == UInt8(ascii: "O") {
            guard pending.count > 2, (0x40...0x7e).contains(final) || pending.count > 16 else { return nil }
        }
        let name = String(decoding: pending.dropFirst(), as: UTF8.self)
        pending = []
        if isPasting {
            isPasting = name != "[201~"
            return nil
        }
        switch name {
        case "[A", "OA": look(by: -1)
        case "[B", "OB": look(by: 1)
        case "[C", "OC": cursor = min(text.count, cursor + 1)
        case "[D", "OD": cursor = max(0, cursor - 1)
        case "[H", "OH", "[1~", "[7~": cursor = 0
        case "[F", "OF", "[4~", "[8~": cursor = text.count
        case "[3~": remove(cursor..<min(cursor + 1, text.count))
        case "[1;5D", "[1;3D", "b": cursor = wordStart
        case "[1;5C", "[1;3C", "f": cursor = wordEnd
        case "\u{7f}": remove(wordStart..<cursor)
        case "\r", "\n": insert("\n")
        case "[200~": isPasting = true
        default: break
        }
        return nil
    }

    // MARK: - Changes

    private mutating func insert(_ scalar: Unicode.Scalar) {
        switch scalar.properties.generalCategory {
        case .control: guard scalar == "\n" || scalar == "\t" else { return }
        default: break
        }
        // An accent or the rest of a flag joins what stands before it.
        if cursor > 0 {
            let joined = "\(text[cursor - 1])\(Character(scalar))"
            if joined.count == 1 {
                text[cursor - 1] = Character(joined)
                return
            }
        }
        text.insert(Character(scalar), at: cursor)
        cursor += 1
    }

    private mutating func remove(_ range: Range<Int>) {
        text.removeSubrange(range)
        cursor = range.lowerBound
    }

    private mutating func replace(with other: [Character]) {
        text = other
        cursor = other.count
    }

    private mutating func submit() -> Event {
        let line = String(text)
        if line.contains(where: { !$0.isWhitespace }), line != history.last { history.append(line) }
        place = history.count
        draft = []
        replace(with: [])
        return .line(line)
    }

    private mutating func look(by step: Int) {
        let next = place + step
        guard (0...history.count).contains(next) else { return }
        if place == history.count { draft = text }
        place = next
        replace(with: place == history.count ? draft : Array(history[place]))
    }

    private var wordStart: Int {
        let end = text[..<cursor].lastIndex { !$0.isWhitespace } ?? 0
        return (text[..<end].lastIndex { $0.isWhitespace } ?? -1) + 1
    }

    private var wordEnd: Int {
        let start = text[cursor...].firstIndex { !$0.isWhitespace } ?? text.count
        return text[start...].firstIndex { $0.isWhitespace } ?? text.count
    }
}
