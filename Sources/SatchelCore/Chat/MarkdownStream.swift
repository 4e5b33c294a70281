/// Turns Markdown that comes in pieces into text for a terminal: headings and strong words bold, code in a colour, bullets
/// for lists, a bar for quotations.
///
/// It holds back no more than the characters that could still mean two things, so words appear as they come. Lines are
/// not broken, and what it does not know stays as it is.
package struct MarkdownStream: Sendable {
    private enum Style: Int, CaseIterable {
        case bold = 1
        case italic = 3
        case heading = 4
        case code = 36
        case quote = 90
    }

    private var waiting: [Character] = []
    private var isLineStart = true
    private var styles: Set<Style> = []
    /// The marks that opened the block of code.
    private var fence: String?
    /// The length of the run of ` that opened a piece of code.
    private var codeRun = 0
    private var previous: Character = "\n"

    package init() {}

    /// What can be shown now.
    package mutating func take(_ piece: String) -> String {
        var text = ""
        // Something between its words has taken the look of a block of code back.
        if fence != nil { set(.code, true, &text) }
        waiting += Array(piece)
        return text + drain(isFinal: false)
    }

    /// The rest, with all looks taken back.
    package mutating func finish() -> String {
        var text = drain(isFinal: true)
        if !styles.isEmpty {
            styles = []
            codeRun = 0
            text += reset
        }
        return text
    }

    private let reset = "\u{1b}[0m"

    private mutating func drain(isFinal: Bool) -> String {
        var text = ""
        while !waiting.isEmpty {
            let count = waiting.count
            if isLineStart {
                guard beginLine(&text, isFinal: isFinal) else { break }
            } else {
                guard takeInline(&text, isFinal: isFinal) else { break }
            }
            // Nothing was taken, and nothing changed: more has to come.
            if waiting.count == count, isLineStart { break }
        }
        return text
    }

    // MARK: Blocks

    /// Decides what kind of line begins; false when too little of it is there.
    private mutating func beginLine(_ text: inout String, isFinal: Bool) -> Bool {
        let indent = waiting.prefix { $0 == " " }.count
        let words = waiting[indent...]
        let hasEnd = words.contains("\n") || isFinal
        guard let first = words.first else { return isFinal ? pass(&text) : false }
        if first == "`" || first == "~" {
            let run = words.prefix { $0 == first }.count
            if run == words.count, run < 3, !hasEnd { return false }
            if run >= 3 {
                guard hasEnd else { return false }
                return takeFence(&text, mark: String(repeating: first, count: run), indent: indent)
            }
        }
        if fence != nil { return pass(&text) }
        let marks = words.prefix { $0 == "#" }.count
        if (1...6).contains(marks) {
            guard words.count > marks || hasEnd else { return false }
            if words.dropFirst(marks).first == " " {
                waiting.removeFirst(indent + marks + 1)
                set(.bold, true, &text)
                set(.heading, marks == 1, &text)
                isLineStart = false
                return true
            }
        }
        if "-*+".contains(first) {
            guard words.count > 1 || hasEnd else { return false }
            if words.dropFirst().first == " " {
                text += String(repeating: " ", count: indent) + "• "
                waiting.removeFirst(indent + 2)
                isLineStart = false
                return true
            }
        }
        if first == ">" {
            guard words.count > 1 || hasEnd else { return false }
            set(.quote, true, &text)
            text += "│ "
            waiting.removeFirst(indent + (words.dropFirst().first == " " ? 2 : 1))
            isLineStart = false
            return true
        }
        return pass(&text)
    }

    private mutating func pass(_ text: inout String) -> Bool {
        isLineStart = false
        return true
    }

    private mutating func takeFence(_ text: inout String, mark: String, indent: Int) -> Bool {
        let line = waiting.prefix { $0 != "\n" }
        let info = String(line.dropFirst(indent + mark.count))
        if let open = fence {
            guard mark.hasPrefix(open), info.allSatisfy({ $0 == " " }) else { return pass(&text) }
            fence = nil
            set(.code, false, &text)
        } else {
            fence = mark
            if !info.isEmpty {
                set(.quote, true, &text)
                text += info.drop { $0 == " " }
                set(.quote, false, &text)
            }
            set(.code, true, &text)
        }
        waiting.removeFirst(line.count)
        // The line of the fence itself is not shown, unless it names the language.
        if waiting.first == "\n" {
            waiting.removeFirst()
            if fence != nil, !info.isEmpty { text += "\n" }
        }
        return true
    }

    // MARK: Words

    /// Takes one character, or one mark; false when too little of it is there.
    private mutating func takeInline(_ text: inout String, isFinal: Bool) -> Bool {
        guard let first = waiting.first else { return false }
        if first == "\n" {
            endLine(&text)
            return true
        }
        guard fence == nil else { return show(first, &text) }
        switch first {
        case "`":
            guard let run = wholeRun(of: first, isFinal: isFinal) else { return false }
            if codeRun == 0 || codeRun == run {
                codeRun = codeRun == 0 ? run : 0
                waiting.removeFirst(run)
                set(.code, codeRun > 0, &text)
                previous = "`"
                return true
            }
        case "*" where codeRun == 0:
            guard let run = wholeRun(of: first, isFinal: isFinal) else { return false }
            let next = waiting.dropFirst(run).first ?? " "
            let style: Style = run == 1 ? .italic : .bold
            let closes = styles.contains(style) && !previous.isWhitespace
            let opens = !styles.contains(style) && !next.isWhitespace
            if run <= 2, closes || opens {
                waiting.removeFirst(run)
                set(style, opens, &text)
                previous = "*"
                return true
            }
            for _ in 0..<run { _ = show("*", &text) }
            return true
        case "\\" where codeRun == 0:
            guard waiting.count > 1 || isFinal else { return false }
            if waiting.count > 1, "*_`#[]()<>\\".contains(waiting[1]) { waiting.removeFirst() }
        default: break
        }
        return show(waiting.first ?? first, &text)
    }

    /// How often the mark stands in a row; nil when the row may go on.
    private func wholeRun(of mark: Character, isFinal: Bool) -> Int? {
        let run = waiting.prefix { $0 == mark }.count
        return run < waiting.count || isFinal ? run : nil
    }

    private mutating func show(_ character: Character, _ text: inout String) -> Bool {
        text.append(character)
        previous = character
        waiting.removeFirst()
        return true
    }

    private mutating func endLine(_ text: inout String) {
        if fence == nil, !styles.isEmpty {
            styles = []
            codeRun = 0
            text += reset
        }
        text += "\n"
        waiting.removeFirst()
        previous = "\n"
        isLineStart = true
    }

    private mutating func set(_ style: Style, _ isOn: Bool, _ text: inout String) {
        guard styles.contains(style) != isOn else { return }
        if isOn { styles.insert(style) } else { styles.remove(style) }
        if isOn {
            text += "\u{1b}[\(style.rawValue)m"
            return
        }
        text += reset
        for style in Style.allCases where styles.contains(style) { text += "\u{1b}[\(style.rawValue)m" }
    }
}
