/// How a line that is being typed looks on a terminal of some width.
package struct DrawnLine: Hashable, Sendable {
    /// The rows behind the prompt, broken with `\r\n`.
    package var text: String
    /// Where the cursor belongs, counted from the prompt.
    package var cursorRow, cursorColumn: Int
    /// How many rows are below the first.
    package var lastRow: Int

    /// - Parameters:
    ///   - characters: the line.
    ///   - cursor: before which character it stands.
    ///   - indent: the columns of the prompt.
    ///   - width: the columns of the terminal.
    package init(_ characters: [Character], cursor: Int, indent: Int, width: Int) {
        text = ""
        (cursorRow, cursorColumn) = (0, indent)
        var (row, column) = (0, indent)
        func broken() -> String {
            row += 1
            column = 0
            return "\r\n"
        }
        for (index, character) in characters.enumerated() {
            let columns = columns(of: character)
            if column + columns > width { text += broken() }
            if index == cursor { (cursorRow, cursorColumn) = (row, column) }
            if character == "\n" {
                text += broken()
            } else if columns > 0 {
                text.append(character == "\t" ? " " : character)
                column += columns
            }
        }
        // A terminal goes to the next row only with the next character.
        if column >= width { text += broken() }
        if cursor >= characters.count { (cursorRow, cursorColumn) = (row, column) }
        lastRow = row
    }
}

/// How many columns of a terminal a character takes: none, one or two.
package func columns(of character: Character) -> Int {
    guard let first = character.unicodeScalars.first else { return 0 }
    if first == "\t" { return 1 }
    switch first.properties.generalCategory {
    case .control, .format, .nonspacingMark, .enclosingMark, .lineSeparator, .paragraphSeparator: return 0
    default: break
    }
    // An emoji, also one that a selector or a modifier makes.
    if first.properties.isEmojiPresentation || character.unicodeScalars.contains("\u{fe0f}") { return 2 }
    return wide.contains { $0.contains(first.value) } ? 2 : 1
}

/// East Asian Wide and Fullwidth (Unicode Standard Annex 11), in whole blocks.
private let wide: [ClosedRange<UInt32>] = [
    0x1100...0x115f, 0x2e80...0x303e, 0x3041...0x33ff, 0x3400...0x4dbf, 0x4e00...0x9fff, 0xa000...0xa4cf,
    0xa960...0xa97f, 0xac00...0xd7a3, 0xf900...0xfaff, 0xfe30...0xfe6f, 0xff00...0xff60, 0xffe0...0xffe6,
    0x1f300...0x1f64f, 0x1f900...0x1f9ff, 0x20000...0x3fffd,
]
