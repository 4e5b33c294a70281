import SatchelCore

/// Walks the rows of the manifest beside the tree: both are in byte order, so one pass finds every pair.
struct KnownCursor {
    private let known: [KnownFile]
    private var position = 0

    init(_ known: [KnownFile]) {
        self.known = known
    }

    /// The row of `path` without its first `count` bytes; nil when there is none.
    ///
    /// Paths must be asked in ascending order.
    mutating func row(for path: [UInt8], dropping count: Int) -> KnownFile? {
        let found = path.withUnsafeBytes { index(of: UnsafeRawBufferPointer(rebasing: $0[count...])) }
        return found.map { known[$0] }
    }

    private mutating func index(of path: UnsafeRawBufferPointer) -> Int? {
        known.withUnsafeBufferPointer { known in
            var steps = 0
            while position < known.count {
                let order = known[position].path.bytes.withUnsafeBytes { compareBytes($0, path) }
                if order == 0 { return position }
                if order > 0 { return nil }
                position += 1
                steps += 1
                // A scope may begin far into the rows; then halving beats stepping.
                if steps == 16 { position = Self.lowerBound(of: path, in: known, from: position) }
            }
            return nil
        }
    }

    private static func lowerBound(
        of path: UnsafeRawBufferPointer,
        in known: UnsafeBufferPointer<KnownFile>,
        from start: Int
    ) -> Int {
        var low = start
        var high = known.count
        while low < high {
            let middle = low + (high - low) / 2
            if known[middle].path.bytes.withUnsafeBytes({ compareBytes($0, path) }) < 0 {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
    }
}
