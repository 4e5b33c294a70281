/// A text that quotations are looked up in.
package struct QuotedText: Sendable {
    private let text: [UInt8]
    /// The text with every run of white space as one space, and for each of its bytes the line it is from.
    private let loose: (bytes: [UInt8], lines: [Int32])

    /// - Parameter bytes: of a text in UTF-8.
    package init(_ bytes: [UInt8]) {
        text = bytes
        loose = loosened(bytes)
    }

    /// The lines of a place, and whether its words are there.
    ///
    /// - Parameters:
    ///   - quote: the words; nil when only the place was told.
    ///   - characters: the place, in code points from the beginning; nil when only the words were told.
    ///   - line: where the words may be said to begin, from 1: of several places there this is the one.
    /// - Returns: no lines when there is nothing to go by.
    package func locate(
        _ quote: String?,
        at characters: Range<Int>?,
        line: Int? = nil
    ) -> (lines: ClosedRange<Int>?, finding: ResolvedCitation.Finding) {
        let told = characters.flatMap(bytes(of:))
        guard let quote, !quote.allSatisfy(\.isWhitespace) else { return (told.map(lines(of:)), .unchecked) }
        if let told, text[told].elementsEqual(quote.utf8) { return (lines(of: told), .found) }
        let wasTold = characters != nil
        if let line, let start = start(ofLine: line),
            let place = range(of: Array(quote.utf8), in: Array(text[start...]))
        {
            let found = lines(of: place.lowerBound + start..<place.upperBound + start)
            if found.contains(line) { return (found, .found) }
        }
        if let place = range(of: Array(quote.utf8), in: text) {
            return (lines(of: place), wasTold ? .moved : .found)
        }
        // Providers and models change white space: only where lines break is not what was quoted.
        let words = trimmed(loosened(Array(quote.utf8)).bytes)
        if let place = range(of: words, in: loose.bytes) {
            let found = Int(loose.lines[place.lowerBound])...Int(loose.lines[place.upperBound - 1])
            let isThere = told.map { lines(of: $0).overlaps(found) } ?? true
            return (found, isThere ? .found : .moved)
        }
        return (nil, .notFound)
    }

    /// The bytes of a range of code points; nil when the text is shorter.
    private func bytes(of characters: Range<Int>) -> Range<Int>? {
        guard characters.lowerBound >= 0 else { return nil }
        var count = 0
        var first: Int?
        for (index, byte) in text.enumerated() where byte & 0xc0 != 0x80 {
            if count == characters.lowerBound { first = index }
            if count == characters.upperBound { return first.map { $0..<index } }
            count += 1
        }
        return count == characters.upperBound ? first.map { $0..<text.count } : nil
    }

    /// Nil when there are fewer lines.
    private func start(ofLine line: Int) -> Int? {
        guard line > 1 else { return line == 1 ? 0 : nil }
        var count = 1
        for (index, byte) in text.enumerated() where byte == 0x0a {
            count += 1
            if count == line { return index + 1 }
        }
        return nil
    }

    private func lines(of place: Range<Int>) -> ClosedRange<Int> {
        let first = 1 + text[..<place.lowerBound].count { $0 == 0x0a }
        // A line feed at its end is no line of its own.
        let inside = text[place].dropLast(text[place].last == 0x0a ? 1 : 0)
        return first...(first + inside.count { $0 == 0x0a })
    }
}

private func loosened(_ bytes: [UInt8]) -> (bytes: [UInt8], lines: [Int32]) {
    var result: [UInt8] = []
    var lines: [Int32] = []
    var line: Int32 = 1
    for byte in bytes {
        let isSpace = byte == 0x20 || (0x09...0x0d).contains(byte)
        if !isSpace || result.last != 0x20 {
            result.append(isSpace ? 0x20 : byte)
            lines.append(line)
        }
        if byte == 0x0a { line += 1 }
    }
    return (result, lines)
}

private func trimmed(_ bytes: [UInt8]) -> [UInt8] {
    var slice = bytes[...]
    while slice.first == 0x20 { slice.removeFirst() }
    while slice.last == 0x20 { slice.removeLast() }
    return Array(slice)
}

/// Where `words` first are in `text`; nil when they are not, or there are none.
private func range(of words: [UInt8], in text: [UInt8]) -> Range<Int>? {
    guard let first = words.first, words.count <= text.count else { return nil }
    return text.withUnsafeBufferPointer { text in
        words.withUnsafeBufferPointer { words in
            for start in 0...(text.count - words.count) where text[start] == first {
                if (1..<words.count).allSatisfy({ text[start + $0] == words[$0] }) {
                    return start..<start + words.count
                }
            }
            return nil
        }
    }
}
