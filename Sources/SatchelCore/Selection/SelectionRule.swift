/// One line of an ignore file or of the configuration that decided about a path.
package struct SelectionRule: Hashable, Sendable {
    /// As a person would open it: `.gitignore`, `src/.gitignore`, `satchel.yaml`, `~/.config/git/ignore`.
    package var file: String
    /// From 1; 0 when the rule stands in no file, such as a built-in default.
    package var line: Int
    package var pattern: String

    package init(file: String, line: Int, pattern: String) {
        self.file = file
        self.line = line
        self.pattern = pattern
    }
}

extension SelectionRule: CustomStringConvertible {
    package var description: String {
        line > 0 ? "\(file):\(line) \(printable(pattern))" : "\(file) \(printable(pattern))"
    }
}
