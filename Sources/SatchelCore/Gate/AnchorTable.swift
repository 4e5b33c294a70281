/// Finds the places where any of up to 64 beginnings may stand, looking at three bytes at a time.
///
/// Each byte value has a mask of the beginnings that have it at that place; where the masks of three neighbours share a
/// bit, the beginning of that bit is there. That is one pass whatever the number of beginnings.
struct AnchorTable: Sendable {
    private let first: [UInt64]
    private let second: [UInt64]
    private let third: [UInt64]
    /// What to try for each bit, as indices into the beginnings.
    private let groups: [[Int]]

    /// `anchors` are of three bytes or more; those that share their first three share a bit.
    init(_ anchors: [[UInt8]]) {
        var masks = Array(repeating: [UInt64](repeating: 0, count: 256), count: 3)
        var groups: [[Int]] = []
        var bits: [[UInt8]: Int] = [:]
        for (index, anchor) in anchors.enumerated() {
            let start = Array(anchor.prefix(3))
            // More beginnings than bits: the last ones share, and are told apart when they are tried.
            let bit = bits[start] ?? (groups.count < 64 ? groups.count : index % 64)
            if bit == groups.count { groups.append([]) }
            bits[start] = bit
            groups[bit].append(index)
            for place in 0..<3 { masks[place][Int(start[place])] |= 1 << UInt64(bit) }
        }
        (first, second, third) = (masks[0], masks[1], masks[2])
        self.groups = groups
    }

    /// Calls `found` with each position in `range` and the index of each beginning that may stand there, and
    /// `separator` with each position of `=` and `:`.
    @inline(__always)
    func scan(
        _ bytes: UnsafeRawBufferPointer,
        in range: Range<Int>,
        found: (Int, Int) -> Void,
        separator: (Int) -> Void
    ) {
        let end = min(range.upperBound, bytes.count)
        guard range.lowerBound < end else { return }
        first.withUnsafeBufferPointer { first in
            second.withUnsafeBufferPointer { second in
                third.withUnsafeBufferPointer { third in
                    var position = range.lowerBound
                    while position < end {
                        let byte = bytes[position]
                        if byte == 0x3d || byte == 0x3a { separator(position) }
                        let one = first[Int(byte)]
                        if one != 0, position + 2 < bytes.count {
                            var mask = one & second[Int(bytes[position + 1])] & third[Int(bytes[position + 2])]
                            while mask != 0 {
                                for index in groups[mask.trailingZeroBitCount] { found(position, index) }
                                mask &= mask - 1
                            }
                        }
                        position += 1
                    }
                }
            }
        }
    }
}
