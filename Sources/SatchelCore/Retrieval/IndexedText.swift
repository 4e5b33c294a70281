/// What the index of files holds of one file: terms, apart by where they stand.
package struct IndexedText: Hashable, Sendable {
    /// Of the path.
    package var path: String
    /// Of the names that the file defines, and of its headings.
    package var symbols: String
    /// Of everything in it, each at most ``mostRepeats`` times: what is said often does not matter more and more, and
    /// the index stays small.
    package var body: String

    /// Of what a model said of it; empty without a note.
    package var note: String

    private static let mostRepeats = 5

    /// - Parameters:
    ///   - path: of the file.
    ///   - content: its bytes, a text.
    ///   - note: on the content.
    package init(path: WorkspacePath, content: [UInt8], note: String? = nil) {
        self.path = Self.joined(SearchTerms(path.bytes))
        symbols = definitions(in: content).map { Self.joined(SearchTerms(Array($0))) }.joined(separator: " ")
        self.note = note.map { Self.joined(SearchTerms($0)) } ?? ""
        var counts = TermCounts()
        var body: [UInt8] = []
        body.reserveCapacity(content.count * 3 / 2)
        SearchTerms(content).forEachTerm { term in
            guard term.count <= 64, counts.add(term) <= Self.mostRepeats else { return }
            body.append(contentsOf: term)
            body.append(UInt8(ascii: " "))
        }
        self.body = String(decoding: body, as: UTF8.self)
    }

    private static func joined(_ terms: SearchTerms) -> String {
        String(decoding: Array(terms.joined(separator: [UInt8(ascii: " ")])), as: UTF8.self)
    }
}

/// The names that a text defines, in most languages' ways of doing so, and its headings.
///
/// A guess, line by line: what it takes too much is one more word to be found by.
func definitions(in text: [UInt8]) -> [ArraySlice<UInt8>] {
    text.split(separator: UInt8(ascii: "\n")).compactMap { line in
        line.count > 400 ? nil : definition(in: line)
    }
}

private func definition(in line: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    let blank = line.prefix { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
    var rest = line.dropFirst(blank.count)
    guard let first = rest.first else { return nil }
    if first == UInt8(ascii: "#") {
        let level = rest.prefix { $0 == UInt8(ascii: "#") }.count
        rest = rest.dropFirst(level)
        if rest.first == UInt8(ascii: " "), blank.isEmpty { return rest.dropFirst() }
        rest = rest.drop { $0 == UInt8(ascii: " ") }
        guard rest.starts(with: "define ".utf8) else { return nil }
        return name(at: rest.dropFirst(7))
    }
    guard isNameByte(first) else { return nil }
    // `public static func name`: words that change what is defined, then the word that defines.
    for _ in 0..<6 {
        let word = rest.prefix(while: isNameByte)
        guard !word.isEmpty, word.count <= 12 else { break }
        let kind = wordKinds[word.reduce(UInt64(word.count)) { $0 &* 31 &+ UInt64($1) }]
        guard let kind else { break }
        let after = rest.dropFirst(word.count)
        guard after.first == UInt8(ascii: " ") else { break }
        rest = after.drop { $0 == UInt8(ascii: " ") }
        if kind == .defines { return name(at: rest) }
    }
    // A function of C at the beginning of a line: what stands before the parenthesis.
    guard blank.isEmpty, let open = line.firstIndex(of: UInt8(ascii: "(")), line.last != UInt8(ascii: ";") else {
        return nil
    }
    let before = line[..<open]
    let end = before.lastIndex { $0 != UInt8(ascii: " ") } ?? before.startIndex
    let start = before[...end].lastIndex { !isNameByte($0) }.map { $0 + 1 } ?? before.startIndex
    return start <= end ? before[start...end] : nil
}

private func name(at rest: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    let name = rest.prefix { isNameByte($0) || $0 == UInt8(ascii: ".") }
    return name.isEmpty ? nil : name
}

private func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...:
        true
    default: false
    }
}

private enum WordKind { case modifies, defines }

/// By a hash of the word: looked up for each line of every file.
private let wordKinds: [UInt64: WordKind] = {
    let modifiers = [
        "pub", "public", "private", "protected", "internal", "package", "open", "static", "final", "export", "default",
        "async", "abstract", "override", "inline", "extern", "unsafe", "virtual", "constexpr", "mutating",
        "nonisolated", "fileprivate", "indirect", "sealed", "partial",
    ]
    let definers = [
        "func", "def", "class", "struct", "enum", "protocol", "interface", "trait", "impl", "fn", "module",
        "namespace", "type", "typedef", "function", "extension", "actor", "macro", "union", "let", "var", "val",
        "const", "sub", "record",
    ]
    func hash(_ word: String) -> UInt64 { word.utf8.reduce(UInt64(word.utf8.count)) { $0 &* 31 &+ UInt64($1) } }
    return Dictionary(
        modifiers.map { (hash($0), .modifies) } + definers.map { (hash($0), .defines) },
        uniquingKeysWith: { $1 }
    )
}()
