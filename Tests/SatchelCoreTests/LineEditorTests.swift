import SatchelCore
import Testing

/// A line that is typed, byte by byte as a terminal sends it.
struct LineEditorTests {
    private func typed(_ text: String, history: [String] = []) -> LineEditor {
        var editor = LineEditor(history: history)
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty { bytes = bytes.dropFirst(editor.take(bytes).count) }
        return editor
    }

    private func text(_ keys: String, history: [String] = []) -> String { String(typed(keys, history: history).text) }

    private func event(_ keys: String) -> LineEditor.Event? {
        var editor = LineEditor()
        return editor.take(Array(keys.utf8)[...]).event
    }

    @Test func keysMoveAndRemove() {
        #expect(text("ab\u{1b}[Dc") == "acb")
        #expect(text("abc\u{7f}\u{7f}d") == "ad")
        #expect(text("bc\u{1}a\u{5}d") == "abcd")
        #expect(text("one two  three\u{17}") == "one two  ")
        #expect(text("one two\u{15}") == "")
        #expect(text("one two\u{1b}[1;5D\u{b}") == "one ")
        #expect(text("one two\u{1b}b\u{1b}b\u{1b}fX") == "oneX two")
        #expect(text("ab\u{1b}OH\u{1b}[3~") == "b")
        #expect(text("\u{7f}\u{1b}[D\u{1b}[3~\u{17}\u{b}") == "")
        #expect(text("abc\u{3}") == "", "Ctrl-C takes back what is typed first")
    }

    @Test func charactersAreWholeWhateverTheirBytes() {
        #expect(text("ü日🐚e\u{301}") == "ü日🐚é")
        #expect(text("日本\u{7f}") == "日" && text("e\u{301}\u{7f}") == "")
        var editor = LineEditor()
        for byte in "ü🐚".utf8 { _ = editor.take([byte]) }
        #expect(String(editor.text) == "ü🐚")
        _ = editor.take([0xff, 0x41])
        #expect(String(editor.text) == "ü🐚\u{fffd}A")
    }

    @Test func earlierLinesComeBack() {
        let up = "\u{1b}[A"
        let down = "\u{1b}[B"
        #expect(text(up, history: ["one", "two"]) == "two")
        #expect(text(up + up + up, history: ["one", "two"]) == "one")
        #expect(text("new" + up + up + down, history: ["one", "two"]) == "two")
        #expect(text("new" + up + down + down, history: ["one"]) == "new", "what was being typed is not lost")
        #expect(text("first\r" + up) == "first" && text("same\rsame\r" + up + up) == "same")
        #expect(text(up) == "" && text(" \r" + up) == "")
    }

    @Test func whatIsPastedIsOneLine() {
        var editor = LineEditor()
        let pasted = Array("see:\u{1b}[200~a\rb\u{1b}[31m\u{3}\n\u{1b}[201~ ok\r".utf8)
        let (event, count) = editor.take(pasted[...])
        #expect(event == .line("see:a\nb\n ok") && count == pasted.count)
    }

    @Test func keysThatAreNoTextAreEvents() {
        #expect(event("\u{4}") == .end && event("a\u{4}") == nil)
        #expect(event("\u{3}") == .interrupt && event("\u{1a}") == .suspend && event("\u{c}") == .clear)
        #expect(event("a\rb") == .line("a"))
        #expect(event("\u{1b}[99;99;99;99;99;99;99~a") == nil, "a key that nobody knows does nothing")
    }

    @Test func aLineIsBrokenWhereTheTerminalEnds() {
        func drawn(_ text: String, cursor: Int? = nil) -> DrawnLine {
            DrawnLine(Array(text), cursor: cursor ?? text.count, indent: 2, width: 8)
        }
        let short = drawn("abc")
        #expect(short.text == "abc" && short.cursorColumn == 5 && short.lastRow == 0)
        let full = drawn("abcdef")
        #expect(full.text == "abcdef\r\n" && (full.cursorRow, full.cursorColumn) == (1, 0))
        let wide = drawn("abcde日x", cursor: 5)
        #expect(wide.text == "abcde\r\n日x" && (wide.cursorRow, wide.cursorColumn, wide.lastRow) == (1, 0, 1))
        let rows = drawn("a\nb\u{202e}", cursor: 0)
        #expect(rows.text == "a\r\nb" && (rows.cursorRow, rows.cursorColumn, rows.lastRow) == (0, 2, 1))
        #expect(columns(of: "e\u{301}") == 1 && columns(of: "🐚") == 2 && columns(of: "\u{7}") == 0)
    }
}
