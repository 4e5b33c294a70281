/// How many lines two versions of a text differ by.
package struct LineChanges: Hashable, Sendable {
    package var added: Int
    package var removed: Int

    package init(added: Int, removed: Int) {
        self.added = added
        self.removed = removed
    }
}

/// Counts the lines that a shortest edit from one text to the other adds and removes.
///
/// Myers' greedy O(ND) search, which needs the differences only, not the edit itself.
///
/// - Parameters:
///   - old: bytes of a text; lines end with a line feed.
///   - new: bytes of a text.
///   - most: differences after which it gives up: two texts that have little in common take the square of their length.
/// - Returns: nil when there are more differences than `most`.
package func lineChanges(from old: [UInt8], to new: [UInt8], most: Int = 4000) -> LineChanges? {
    var (a, b) = numbered(lines(of: old), lines(of: new))
    while let last = a.last, last == b.last {
        a.removeLast()
        b.removeLast()
    }
    let head = zip(a, b).prefix { $0 == $1 }.count
    a.removeFirst(head)
    b.removeFirst(head)
    guard let edits = editDistance(a, b, most: most) else { return nil }
    // What is added less what is removed is the difference of the lengths; their sum is the distance.
    let added = (edits + b.count - a.count) / 2
    return LineChanges(added: added, removed: edits - added)
}

private func lines(of bytes: [UInt8]) -> [ArraySlice<UInt8>] {
    var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    if lines.last?.isEmpty == true { lines.removeLast() }
    return lines
}

/// Equal lines become equal numbers: they are compared many times.
private func numbered(_ old: [ArraySlice<UInt8>], _ new: [ArraySlice<UInt8>]) -> ([Int], [Int]) {
    var numbers: [ArraySlice<UInt8>: Int] = [:]
    func number(_ line: ArraySlice<UInt8>) -> Int {
        if let known = numbers[line] { return known }
        numbers[line] = numbers.count
        return numbers.count - 1
    }
    return (old.map(number), new.map(number))
}

private func editDistance(_ a: [Int], _ b: [Int], most: Int) -> Int? {
    if a.isEmpty || b.isEmpty { return a.count + b.count }
    let limit = min(a.count + b.count, most)
    // By diagonal: how far into `a` the furthest path with so many edits has come.
    var furthest = [Int](repeating: 0, count: 2 * limit + 3)
    let middle = limit + 1
    for edits in 0...limit {
        for diagonal in stride(from: -edits, through: edits, by: 2) {
            let (left, right) = (furthest[middle + diagonal - 1], furthest[middle + diagonal + 1])
            var x = diagonal == -edits || (diagonal != edits && left < right) ? right : left + 1
            var y = x - diagonal
            while x < a.count, y >= 0, y < b.count, a[x] == b[y] {
                x += 1
                y += 1
            }
            furthest[middle + diagonal] = x
            if diagonal == a.count - b.count, x >= a.count { return edits }
        }
    }
    return nil
}
