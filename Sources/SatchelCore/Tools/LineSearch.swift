/// Finds a text in files, byte by byte.
///
/// ASCII letters of a text without capitals match both cases; everything else matches itself.
package struct LineSearch: Sendable {
    private let needle: [UInt8]
    private let foldsCase: Bool

    package init(_ query: String) {
        foldsCase = !query.utf8.contains { (0x41...0x5a).contains($0) }
        needle = Array(query.utf8)
    }

    /// A line that has the text.
    package struct Hit: Hashable, Sendable {
        /// From 1.
        package var line: Int
        /// How well it fits: whole words and declarations tell more.
        package var weight: Int
    }

    /// Whether the text is there at all.
    package func isFound(in bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBufferPointer { next(in: $0, from: 0) != nil }
    }

    /// Every line that has the text, once.
    package func hits(in text: TextLines) -> [Hit] {
        text.bytes.withUnsafeBufferPointer { bytes in
            var hits: [Hit] = []
            var offset = 0
            while let found = next(in: bytes, from: offset) {
                let hit = Hit(line: text.number(at: found), weight: weight(of: found, in: bytes))
                if hits.last?.line == hit.line {
                    hits[hits.count - 1].weight = max(hits[hits.count - 1].weight, hit.weight)
                } else {
                    hits.append(hit)
                }
                offset = found + 1
            }
            return hits
        }
    }

    private func next(in bytes: UnsafeBufferPointer<UInt8>, from offset: Int) -> Int? {
        guard let first = needle.first, bytes.count >= needle.count else { return nil }
        let other = foldsCase && (0x61...0x7a).contains(first) ? first & 0xdf : first
        var index = offset
        let end = bytes.count - needle.count
        outer: while index <= end {
            guard bytes[index] == first || bytes[index] == other else {
                index += 1
                continue
            }
            for place in 1..<max(needle.count, 1) {
                let byte = bytes[index + place]
                let folded = foldsCase && (0x41...0x5a).contains(byte) ? byte | 0x20 : byte
                guard folded == needle[place] else {
                    index += 1
                    continue outer
                }
            }
            return index
        }
        return nil
    }

    private static let declarations: [[UInt8]] = [
        "func ", "def ", "class ", "struct ", "enum ", "protocol ", "interface ", "trait ", "fn ", "type ",
        "function ", "module ", "impl ", "extension ", "#define ", "# ", "## ", "### ",
    ].map { Array($0.utf8) }

    private func weight(of found: Int, in bytes: UnsafeBufferPointer<UInt8>) -> Int {
        func isWord(_ index: Int) -> Bool {
            guard bytes.indices.contains(index) else { return false }
            let byte = bytes[index]
            return byte == 0x5f || byte >= 0x80 || (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte | 0x20)
        }
        var weight = isWord(found - 1) || isWord(found + needle.count) ? 0 : 1
        var start = found
        while start > 0, found - start < 80, bytes[start - 1] != 0x0a { start -= 1 }
        let before = bytes[start..<found]
        let isDeclared = Self.declarations.contains { word in
            before.count >= word.count && before.suffix(word.count).elementsEqual(word)
        }
        if isDeclared { weight += 2 }
        return weight
    }
}

/// A file with lines that were looked for.
package struct FoundLines: Sendable {
    package var path: WorkspacePath
    package var digest: ContentDigest
    package var text: TextLines
    package var hits: [LineSearch.Hit]

    package init(path: WorkspacePath, digest: ContentDigest, text: TextLines, hits: [LineSearch.Hit]) {
        self.path = path
        self.digest = digest
        self.text = text
        self.hits = hits
    }

    package var weight: Int { hits.map(\.weight).max() ?? 0 }
}

/// The order in which files are shown: the best first, then by path.
package func ranked(_ found: [FoundLines]) -> [FoundLines] {
    found.sorted { ($1.weight, $0.path) < ($0.weight, $1.path) }
}

/// The best lines of some files with those around them, as many as one search may show.
///
/// - Parameters:
///   - found: in the order in which they are to be shown.
///   - limits: how much.
/// - Returns: the text, and the lines that it shows.
package func excerpts(of found: [FoundLines], limits: FileToolLimits) -> (text: String, shown: [ShownLines]) {
    var text = ""
    var shown: [ShownLines] = []
    var places = 0
    for file in found {
        let best = file.hits.sorted { ($1.weight, $0.line) < ($0.weight, $1.line) }
            .prefix(min(limits.placesInFile, limits.places - places))
        guard !best.isEmpty else { break }
        places += best.count
        let marked = Set(best.map(\.line))
        let all = Set(file.hits.map(\.line))
        var last = 0
        for line in marked.sorted() where line > last {
            let first = max(line - limits.around, last + 1)
            var end = line
            // Places that touch are shown as one.
            while let next = (end + 1...end + 2 * limits.around + 1).first(where: marked.contains) { end = next }
            last = min(end + limits.around, file.text.count)
            text += "\n\(file.path):\(line)\n"
            for number in first...last {
                let sign = all.contains(number) ? ">" : " "
                text += "\(sign) \(number)\t\(file.text.line(number, most: limits.lineBytes))\n"
            }
            shown.append(ShownLines(path: file.path, digest: file.digest, first: first, last: last))
        }
        let left = file.hits.count - best.count
        if left > 0 { text += "  … \(left) more in \(file.path)\n" }
    }
    return (text, shown)
}
