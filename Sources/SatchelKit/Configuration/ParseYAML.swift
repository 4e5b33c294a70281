internal import SatchelCore
internal import Yams

/// What keeps a hostile file from costing more than a moment: one nested alias doubles the whole below it.
private let aliasLimit = 16
private let nodeLimit = 100_000
private let depthLimit = 16

/// Reads one YAML document, nil when it says nothing.
///
/// - Parameters:
///   - bytes: the file as it is on disk.
///   - file: what error texts call it.
/// - Returns: the document's root.
/// - Throws: ``ConfigurationError`` with line, column and what to do.
func parseYAML(_ bytes: [UInt8], file: String) throws(ConfigurationError) -> YAMLNode? {
    let text = try decode(bytes, file: file)
    guard aliasCount(in: text) <= aliasLimit else {
        throw ConfigurationError(file, "more than \(aliasLimit) aliases (*name); write the values out")
    }
    do {
        // The encoding is given because Yams otherwise asks the environment; `.basic` leaves every scalar as written.
        guard let root = try Parser(yaml: text, resolver: .basic, encoding: .utf8).singleRoot() else { return nil }
        var budget = nodeLimit
        let node = try convert(root, file: file, depth: 0, budget: &budget)
        return node.isNothing ? nil : node
    } catch let error as YamlError {
        throw yamlProblem(error, text: text, file: file)
    } catch let error as ConfigurationError {
        throw error
    } catch {
        throw ConfigurationError(file, "not valid YAML: \(error)")
    }
}

/// The text of a file, without a byte order mark.
private func decode(_ bytes: [UInt8], file: String) throws(ConfigurationError) -> String {
    let content = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? bytes[3...] : bytes[...]
    let isControl = { (byte: UInt8) in (byte < 0x20 && byte != 9 && byte != 10 && byte != 13) || byte == 0x7f }
    if let bad = content.firstIndex(where: isControl) {
        let byte = String(content[bad], radix: 16)
        throw ConfigurationError(
            position(of: bad, in: content, file: file),
            "a control character (byte 0x\(byte)) cannot stand in a configuration; remove it"
        )
    }
    guard let text = String(validating: content, as: UTF8.self) else {
        let repaired = String(decoding: content, as: UTF8.self)
        let valid = zip(repaired.utf8, content).prefix { $0 == $1 }.count
        throw ConfigurationError(
            position(of: content.startIndex + valid, in: content, file: file),
            "not UTF-8 text; save the file as UTF-8"
        )
    }
    return text
}

/// `satchel.yaml:3:7` for a byte; the column counts characters.
private func position(of index: Int, in bytes: ArraySlice<UInt8>, file: String) -> String {
    let before = bytes[..<index]
    let line = before.count { $0 == UInt8(ascii: "\n") } + 1
    let start = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? before.startIndex
    return "\(file):\(line):\(String(decoding: before[start...], as: UTF8.self).unicodeScalars.count + 1)"
}

/// How often a name that `&name` defines somewhere is used as `*name`, counted generously: in text and comments too.
private func aliasCount(in text: String) -> Int {
    // Taking every configuration apart cost a watch's start two milliseconds; hardly one names an anchor.
    guard text.utf8.contains(UInt8(ascii: "&")) else { return 0 }
    let words = text.split { " \t\r\n,[]{}:?-\"'".contains($0) }
    let anchors = Set(words.filter { $0.first == "&" }.map { $0.dropFirst() })
    return anchors.isEmpty ? 0 : words.count { $0.first == "*" && anchors.contains($0.dropFirst()) }
}

private func convert(
    _ node: Node,
    file: String,
    depth: Int,
    budget: inout Int
) throws(ConfigurationError) -> YAMLNode {
    let line = node.mark?.line ?? 0
    let column = node.mark?.column ?? 0
    budget -= 1
    guard budget >= 0, depth <= depthLimit else {
        throw ConfigurationError("\(file):\(line):\(column)", "nested too deeply or too large to be a configuration")
    }
    switch node {
    case .scalar(let scalar):
        // `- !keep.md` is a tag and nothing, where a pattern was meant.
        let tag = scalar.tag.rawValue
        if scalar.string.isEmpty, tag.hasPrefix("!") {
            throw ConfigurationError(
                "\(file):\(line):\(column)",
                "a value that starts with ! must be quoted: \"\(withoutKeys(tag))\""
            )
        }
        let isPlain = scalar.style == .plain || scalar.style == .any
        return YAMLNode(content: .scalar(scalar.string, isPlain: isPlain), line: line, column: column)
    case .sequence(let sequence):
        var items: [YAMLNode] = []
        for item in sequence {
            items.append(try convert(item, file: file, depth: depth + 1, budget: &budget))
        }
        return YAMLNode(content: .list(items), line: line, column: column)
    case .mapping(let mapping):
        var pairs: [(key: YAMLNode, value: YAMLNode)] = []
        for (key, value) in mapping {
            let key = try convert(key, file: file, depth: depth + 1, budget: &budget)
            pairs.append((key, try convert(value, file: file, depth: depth + 1, budget: &budget)))
        }
        return YAMLNode(content: .mapping(pairs), line: line, column: column)
    case .alias:
        // The parser has put the anchor's value in its place; this is what only an emitter makes.
        throw ConfigurationError("\(file):\(line):\(column)", "an alias of nothing")
    }
}

/// The parser's complaint as one line that says what to do.
private func yamlProblem(_ error: YamlError, text: String, file: String) -> ConfigurationError {
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
        .composer(_, let problem, let mark, _):
        // What it says of aliases is said behind the asterisk.
        let isAlias = problem.hasPrefix("did not find expected alphabetic")
        let place = "\(file):\(mark.line):\(isAlias ? mark.column - 1 : mark.column)"
        return ConfigurationError(place, yamlAdvice(problem, text: text, line: mark.line, column: mark.column))
    case .duplicatedKeysInMapping(let keys, let context):
        return duplicate(keys.first ?? "", text: text, first: context.mark, file: file)
    case .reader(let problem, _, _, _):
        return ConfigurationError(file, "not valid YAML: \(problem)")
    default:
        return ConfigurationError(file, "not valid YAML: \(error)")
    }
}

/// The parser tells the first place only; the second is the next line with that key at the same depth.
private func duplicate(_ key: String, text: String, first: Mark, file: String) -> ConfigurationError {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    let indent = String(repeating: " ", count: max(first.column - 1, 0))
    let second = lines.indices.first { index in
        guard index >= first.line, lines[index].hasPrefix(indent) else { return false }
        let line = lines[index].dropFirst(indent.count)
        return [key, "\"\(key)\"", "'\(key)'"].contains { line.hasPrefix($0 + ":") }
    }
    let place = "\(file):\(second.map { $0 + 1 } ?? first.line):\(first.column)"
    let other = second == nil ? "" : "; the first is in line \(first.line)"
    return ConfigurationError([
        ConfigurationProblem(place: place, key: withoutKeys(key), message: "written twice\(other); keep one")
    ])
}
