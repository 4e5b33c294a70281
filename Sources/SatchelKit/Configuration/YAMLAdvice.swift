internal import SatchelCore

/// A sentence for the parser's complaint, with what people most often did to get it.
///
/// - Parameters:
///   - problem: libyaml's words.
///   - text: the whole file.
///   - line: where it gave up, from 1.
///   - column: from 1, in Unicode scalars.
/// - Returns: the sentence, in lower case and without a full stop.
func yamlAdvice(_ problem: String, text: String, line: Int, column: Int) -> String {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    let row = lines.indices.contains(line - 1) ? lines[line - 1] : ""
    let here = Array(row.unicodeScalars)
    if row.prefix(while: { $0 == " " || $0 == "\t" }).contains("\t") || here[checked: column - 1] == "\t" {
        return "a tab; YAML is indented with spaces"
    }
    let value = firstValue(of: row)
    switch (value.first, problem) {
    case ("*", _), (_, "found undefined alias"):
        return "a value that starts with * must be quoted: \"\(withoutKeys(String(value)))\""
    case ("!", _), ("&", _), ("@", _), ("`", _), ("%", _):
        return "a value that starts with \(value.prefix(1)) must be quoted: \"\(withoutKeys(String(value)))\""
    default: break
    }
    switch problem {
    case "mapping values are not allowed in this context":
        return "a \": \" where none can stand; indent this line like its neighbours, or quote the value"
    case "could not find expected ':'":
        return "expected \"key: value\"; is a colon or the space behind it missing?"
    case "did not find expected key", "did not find expected '-' indicator":
        return "expected a key or a list item here; indent this line like its neighbours"
    case "did not find expected ',' or '}'", "did not find expected ',' or ']'":
        return "expected a comma or the closing bracket; quote text that has brackets or a \": \" in it"
    case "but found another document":
        return "a second document; keep one, without \"---\" in between"
    case let problem where problem.hasPrefix("Maximum nesting level"):
        return "nested too deeply to be a configuration"
    default:
        return "not valid YAML: \(problem)"
    }
}

/// What stands behind `- ` or `key: ` in a line.
private func firstValue(of row: Substring) -> Substring {
    var rest = row.drop { $0 == " " }
    if rest.hasPrefix("- ") {
        rest = rest.dropFirst(2)
    } else if let colon = rest.firstIndex(of: ":"), !rest.hasPrefix("*") {
        rest = rest[rest.index(after: colon)...]
    }
    rest = rest.drop { $0 == " " || $0 == "[" }
    return rest.prefix { !",]\r ".contains($0) }
}

extension Array {
    fileprivate subscript(checked index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}
