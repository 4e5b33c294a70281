/// A text in lines, where they begin.
package struct TextLines: Sendable {
    package let bytes: [UInt8]
    /// Where each line begins, and the end of the text.
    private let starts: [Int]

    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
        var starts = [0]
        bytes.withUnsafeBufferPointer { buffer in
            for (index, byte) in buffer.enumerated() where byte == 0x0a { starts.append(index + 1) }
        }
        // A line feed ends a line; it does not begin one.
        if starts.last != bytes.count { starts.append(bytes.count) }
        self.starts = starts
    }

    package var count: Int { starts.count - 1 }

    /// A line without its end, from 1, cut short where it is longer than `most` bytes.
    package func line(_ number: Int, most: Int) -> String {
        var range = starts[number - 1]..<starts[number]
        while let last = bytes[range].last, last == 0x0a || last == 0x0d { range = range.dropLast(1) }
        let whole = String(decoding: bytes[range.prefix(most + 4)], as: UTF8.self)
        return range.count <= most ? whole : beginning(of: whole, bytes: most) + "… (\(range.count) bytes)"
    }

    /// The line that has the byte at `offset`, from 1.
    package func number(at offset: Int) -> Int {
        var (low, high) = (0, count)
        while low + 1 < high {
            let middle = (low + high) / 2
            if starts[middle] <= offset { low = middle } else { high = middle }
        }
        return low + 1
    }
}

/// Lines of a file with their numbers, as many as one call may read.
///
/// - Parameters:
///   - lines: the file.
///   - path: as the model knows it.
///   - first: the first line wanted, from 1; nil for the first.
///   - last: the last line wanted; nil for as many as there may be.
///   - limits: how many.
/// - Returns: what the model is told, and which lines that shows.
/// - Throws: ``ToolRefusal`` when there are no such lines.
package func numbered(
    _ lines: TextLines,
    of path: String,
    first: Int?,
    last: Int?,
    limits: FileToolLimits
) throws(ToolRefusal) -> (text: String, shown: ClosedRange<Int>) {
    let first = max(1, first ?? 1)
    guard first <= lines.count else {
        throw ToolRefusal("\(path) has \(lines.count) lines")
    }
    let wanted = min(last.map { max($0, first) } ?? .max, lines.count)
    var text = ""
    var number = first
    while number <= wanted, number - first < limits.readLines {
        let line = "\(number)\t\(lines.line(number, most: limits.readBytes / 8))\n"
        guard number == first || text.utf8.count + line.utf8.count <= limits.readBytes else { break }
        text += line
        number += 1
    }
    let end = number - 1
    let rest = end < wanted ? "; ask again from line \(number)" : ""
    return ("\(path), lines \(first) to \(end) of \(lines.count)\(rest):\n\(text)", first...end)
}
