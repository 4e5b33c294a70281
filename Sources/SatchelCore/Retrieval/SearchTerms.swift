/// The terms of some text by which files are found: identifiers are split where people read them as words.
///
/// `parseHTTPHeader_v2` gives `parsehttpheaderv2`, `parse`, `http`, `header`, `v` and `2`: the whole of it finds the very
/// name, the parts find it from a question in plain words. Everything that is not ASCII counts as a letter.
package struct SearchTerms: Sequence, IteratorProtocol {
    private let bytes: [UInt8]
    private var position = 0
    /// Parts of the identifier that was read last, the next one at the end.
    private var pending: [[UInt8]] = []

    package init(_ bytes: [UInt8]) { self.bytes = bytes }

    package init(_ text: String) { bytes = Array(text.utf8) }

    package mutating func next() -> [UInt8]? {
        if let part = pending.popLast() { return part }
        while position < bytes.count, !Self.isWord(bytes[position]) { position += 1 }
        guard position < bytes.count else { return nil }
        let start = position
        while position < bytes.count, Self.isWord(bytes[position]) { position += 1 }
        split(bytes[start..<position])
        return pending.popLast() ?? next()
    }

    private mutating func split(_ word: ArraySlice<UInt8>) {
        var parts: [[UInt8]] = []
        var part: [UInt8] = []
        var last = Kind.separator
        for (index, byte) in zip(word.indices, word) {
            let kind = Kind(byte)
            let next = index + 1 < word.endIndex ? Kind(word[index + 1]) : .separator
            let begins =
                switch (last, kind) {
                case (.lower, .upper), (.digit, .upper), (.digit, .lower), (.lower, .digit), (.upper, .digit): true
                // The last capital of several belongs to the word behind it: `HTTPHeader`.
                case (.upper, .upper): next == .lower
                default: false
                }
            if begins || kind == .separator, !part.isEmpty {
                parts.append(part)
                part = []
            }
            if kind != .separator { part.append(kind == .upper ? byte | 0x20 : byte) }
            last = kind
        }
        if !part.isEmpty { parts.append(part) }
        pending = parts.reversed()
        if parts.count > 1 { pending.append(Array(parts.joined())) }
    }

    private enum Kind {
        case lower, upper, digit, separator

        init(_ byte: UInt8) {
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): self = .upper
            case UInt8(ascii: "0")...UInt8(ascii: "9"): self = .digit
            case UInt8(ascii: "_"): self = .separator
            default: self = .lower
            }
        }
    }

    fileprivate static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...:
            true
        default: false
        }
    }
}

/// The terms of a question worth looking for, each once, in their order; the most common English words only when there
/// is nothing else.
package func questionTerms(_ question: String) -> [String] {
    var seen: Set<String> = []
    let all = SearchTerms(question).map { String(decoding: $0, as: UTF8.self) }.filter { seen.insert($0).inserted }
    let content = all.filter { !commonWords.contains($0) && $0.utf8.count > 1 }
    return content.isEmpty ? all : content
}
