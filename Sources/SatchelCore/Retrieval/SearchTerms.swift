/// The terms of some text by which files are found: identifiers are split where people read them as words.
///
/// `parseHTTPHeader_v2` gives `parsehttpheaderv2`, `parse`, `http`, `header`, `v` and `2`: the whole of it finds the very
/// name, the parts find it from a question in plain words. Everything that is not ASCII counts as a letter.
package struct SearchTerms: Sequence {
    private let bytes: [UInt8]

    package init(_ bytes: [UInt8]) { self.bytes = bytes }

    package init(_ text: String) { bytes = Array(text.utf8) }

    package func makeIterator() -> IndexingIterator<[[UInt8]]> {
        var terms: [[UInt8]] = []
        forEachTerm { terms.append(Array($0)) }
        return terms.makeIterator()
    }

    /// Hands over each term without making an array of it; it is gone when `body` returns.
    package func forEachTerm(_ body: (UnsafeBufferPointer<UInt8>) -> Void) {
        bytes.withUnsafeBufferPointer { bytes in
            var word = SplitWord()
            var position = 0
            while position < bytes.count {
                guard Self.isWord(bytes[position]) else {
                    position += 1
                    continue
                }
                let start = position
                while position < bytes.count, Self.isWord(bytes[position]) { position += 1 }
                word.split(UnsafeBufferPointer(rebasing: bytes[start..<position]))
                word.forEachTerm(body)
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

/// An identifier, in small letters and without its underscores, and where its parts begin.
private struct SplitWord {
    private var letters: [UInt8] = []
    private var beginnings: [Int] = []

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

    mutating func split(_ word: UnsafeBufferPointer<UInt8>) {
        letters.removeAll(keepingCapacity: true)
        beginnings.removeAll(keepingCapacity: true)
        var last = Kind.separator
        for (index, byte) in word.enumerated() {
            let kind = Kind(byte)
            guard kind != .separator else {
                last = kind
                continue
            }
            let begins =
                switch (last, kind) {
                case (.separator, _), (.lower, .upper), (.digit, .upper), (.digit, .lower), (.lower, .digit),
                    (.upper, .digit):
                    true
                // The last capital of several belongs to the word behind it: `HTTPHeader`.
                case (.upper, .upper): index + 1 < word.count && Kind(word[index + 1]) == .lower
                default: false
                }
            if begins { beginnings.append(letters.count) }
            letters.append(kind == .upper ? byte | 0x20 : byte)
            last = kind
        }
    }

    /// The whole, then its parts where there are several.
    func forEachTerm(_ body: (UnsafeBufferPointer<UInt8>) -> Void) {
        guard !beginnings.isEmpty else { return }
        letters.withUnsafeBufferPointer { letters in
            body(letters)
            guard beginnings.count > 1 else { return }
            for (place, start) in beginnings.enumerated() {
                let end = place + 1 < beginnings.count ? beginnings[place + 1] : letters.count
                body(UnsafeBufferPointer(rebasing: letters[start..<end]))
            }
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
