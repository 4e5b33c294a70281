/// Words of an answer that stand in quotation marks, or in a block of code.
package struct Quotation: Hashable, Sendable {
    package var text: String
    /// Code points of the answer before it.
    package var offset: Int
    /// The words that it may be said to be from: of its paragraph, or before its block of code.
    package var surroundings: String

    /// Whether the surroundings name this file: by its path, or by its name alone.
    package func claims(_ path: String) -> Bool { claim(of: path) != nil }

    /// The line of this file that the surroundings name, as in `notes.md:12`.
    package func line(in path: String) -> Int? { claim(of: path).flatMap(\.self) }

    /// Nil when the file is not named; nil inside when no line is.
    private func claim(of path: String) -> Int?? {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        return find(path) ?? find(name)
    }

    private func find(_ path: String) -> Int?? {
        guard !path.isEmpty else { return nil }
        var rest = surroundings[...]
        while let range = rest.firstRange(of: path) {
            let before = rest[..<range.lowerBound].last ?? surroundings[..<range.lowerBound].last
            let after = rest[range.upperBound...].first
            let isPart = { (character: Character?) in
                character.map { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "-" } ?? false
            }
            rest = rest[range.upperBound...]
            guard !isPart(before), !isPart(after) else { continue }
            let digits = after == ":" ? rest.dropFirst().prefix { $0.isASCII && $0.isNumber } : ""
            return .some(Int(digits))
        }
        return nil
    }
}

/// The quotations of an answer in Markdown, in their order.
///
/// Code in fences counts as a whole; “…”, "…", «…» and `…` count from twelve characters on, so that a name or a word in
/// quotation marks is none.
package func quotations(in answer: String) -> [Quotation] {
    var found: [Quotation] = []
    var offset = 0
    var paragraph: [(text: String, offset: Int)] = []
    var fence: (mark: String, info: String, lines: [String], offset: Int, before: String)?

    func endParagraph() {
        guard !paragraph.isEmpty else { return }
        let whole = paragraph.map(\.text).joined(separator: "\n")
        found += marked(in: whole, from: paragraph[0].offset)
        paragraph = []
    }

    for line in answer.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
        let start = offset
        offset += line.unicodeScalars.count + 1
        let words = line.drop { $0 == " " }
        if let open = fence {
            if words.hasPrefix(open.mark), words.allSatisfy({ $0 == open.mark.first || $0 == " " }) {
                let text = open.lines.joined(separator: "\n")
                if !text.allSatisfy(\.isWhitespace) {
                    found.append(quotation(text, open.offset, open.info + "\n" + open.before))
                }
                fence = nil
            } else {
                fence?.lines.append(line)
            }
        } else if words.hasPrefix("```") || words.hasPrefix("~~~") {
            let mark = String(words.prefix { $0 == words.first })
            let before = paragraph.map(\.text).joined(separator: "\n")
            endParagraph()
            let kept = before.isEmpty ? lastLine(of: answer, before: start) : before
            fence = (mark, String(words.dropFirst(mark.count)), [], offset, kept)
        } else if words.isEmpty {
            endParagraph()
        } else {
            paragraph.append((line, start))
        }
    }
    endParagraph()
    return found
}

/// The last line with words before a place: `From src/main.swift:`, an empty line, then the code.
private func lastLine(of answer: String, before offset: Int) -> String {
    let scalars = answer.unicodeScalars
    let before = String(scalars.prefix(offset))
    return before.split(separator: "\n").last { !$0.allSatisfy(\.isWhitespace) }.map(String.init) ?? ""
}

private let marks: [Character: Character] = ["“": "”", "\"": "\"", "«": "»", "`": "`", "„": "“"]
private let shortest = 12

private func marked(in paragraph: String, from start: Int) -> [Quotation] {
    var found: [Quotation] = []
    var index = paragraph.startIndex
    while index < paragraph.endIndex {
        let inside = paragraph.index(after: index)
        guard let close = marks[paragraph[index]], let end = paragraph[inside...].firstIndex(of: close) else {
            index = inside
            continue
        }
        let text = String(paragraph[inside..<end])
        if text.count >= shortest {
            let place = start + paragraph.unicodeScalars.distance(from: paragraph.startIndex, to: inside)
            // Its own words name nothing, so a path in quotation marks is not a quotation from itself.
            let around = paragraph[..<index] + " " + paragraph[paragraph.index(after: end)...]
            found.append(quotation(text, place, String(around)))
        }
        index = paragraph.index(after: end)
    }
    return found
}

private func quotation(_ text: String, _ offset: Int, _ surroundings: String) -> Quotation {
    Quotation(text: text, offset: offset, surroundings: surroundings)
}
