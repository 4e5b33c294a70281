/// A pattern of the user's own for what must not leave.
///
/// Plain characters stand for themselves. `[A-Z0-9]` and `[^…]` are sets, `.` any byte of a line, `\d` a digit, `\w` a
/// letter, digit or `_`, `\` before any other sign takes its meaning away. `?`, `*`, `+`, `{8}`, `{8,}` and `{8,40}`
/// repeat the one before. There are no groups and no alternatives, so that a match takes time in proportion to the text.
/// What other programs give a meaning, and this does not, is refused: a pattern that never matches protects nothing.
package struct SecretPattern: Hashable, Sendable {
    package let text: String
    private var units: [Unit] = []

    private struct Unit: Hashable, Sendable {
        var set: ByteSet
        var isOptional = false
        var isRepeated = false
    }

    /// Bounds what one pattern may cost.
    private static let mostUnits = 256
    private static let longest = 512

    /// - Throws: ``SecretPatternError`` when it is malformed, too large, uses what is not known here, or begins with
    ///   something that may be left out or may be anything.
    package init(_ text: String) throws(SecretPatternError) {
        self.text = text
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            let set: ByteSet
            switch byte {
            case UInt8(ascii: "["):
                set = try Self.set(&rest)
            case UInt8(ascii: "\\"):
                set = try Self.escape(rest.popFirst())
            case UInt8(ascii: "^") where units.isEmpty, UInt8(ascii: "$") where rest.isEmpty:
                throw .anchor
            case UInt8(ascii: "."):
                set = Self.anyOfLine
            case UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "|"), UInt8(ascii: "{"), UInt8(ascii: "*"),
                UInt8(ascii: "+"), UInt8(ascii: "?"):
                throw .malformed
            default:
                set = ByteSet([byte])
            }
            guard repeatUnit(set, &rest), units.count <= Self.mostUnits else { throw .malformed }
        }
        // A beginning that is always there, and not just anything, keeps the look at each byte short.
        guard let first = units.first, !first.isOptional, first.set != Self.anyOfLine else { throw .malformed }
    }

    private static let anyOfLine: ByteSet = {
        var set = ByteSet()
        set.insert(0...9)
        set.insert(11...255)
        return set
    }()

    private static func escape(_ byte: UInt8?) throws(SecretPatternError) -> ByteSet {
        switch byte {
        case nil: throw .malformed
        case UInt8(ascii: "d"): return ByteSet("0123456789".utf8)
        case UInt8(ascii: "w"): return ByteSet((0...255).filter(isWordByte))
        case UInt8(ascii: "s"): return ByteSet(" \t".utf8)
        case let byte? where byte < 0x80 && isWordByte(byte) && byte != UInt8(ascii: "_"): throw .escape(byte)
        case let byte?: return ByteSet([byte])
        }
    }

    private static func set(_ rest: inout ArraySlice<UInt8>) throws(SecretPatternError) -> ByteSet {
        var set = ByteSet()
        let isNegated = rest.first == UInt8(ascii: "^")
        if isNegated { rest = rest.dropFirst() }
        var isFirst = true
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "]"), !isFirst {
                if isNegated {
                    set.invert()
                    set.remove(0x0a)
                }
                return set
            }
            isFirst = false
            if byte == UInt8(ascii: "\\") {
                set.formUnion(try escape(rest.popFirst()))
            } else if byte == UInt8(ascii: "["), rest.first == UInt8(ascii: ":") {
                throw .namedSet
            } else if rest.first == UInt8(ascii: "-"), let last = rest.dropFirst().first, last != UInt8(ascii: "]") {
                guard byte <= last else { throw .malformed }
                set.insert(byte...last)
                rest = rest.dropFirst(2)
            } else {
                set.insert(byte)
            }
        }
        throw .malformed
    }

    /// Adds the unit as often as what follows says.
    private mutating func repeatUnit(_ set: ByteSet, _ rest: inout ArraySlice<UInt8>) -> Bool {
        switch rest.first {
        case UInt8(ascii: "?"): units.append(Unit(set: set, isOptional: true))
        case UInt8(ascii: "*"): units.append(Unit(set: set, isOptional: true, isRepeated: true))
        case UInt8(ascii: "+"): units.append(Unit(set: set, isRepeated: true))
        case UInt8(ascii: "{"):
            guard let end = rest.firstIndex(of: UInt8(ascii: "}")) else { return false }
            let parts = String(decoding: rest[rest.index(after: rest.startIndex)..<end], as: UTF8.self)
                .split(separator: ",", omittingEmptySubsequences: false)
            guard let least = parts.first.flatMap({ Int($0) }), (0...Self.mostUnits).contains(least) else {
                return false
            }
            for _ in 0..<least { units.append(Unit(set: set)) }
            if parts.count == 2, parts[1].isEmpty {
                units.append(Unit(set: set, isOptional: true, isRepeated: true))
            } else if parts.count == 2 {
                guard let most = Int(parts[1]), (least...Self.mostUnits).contains(most) else { return false }
                for _ in least..<most { units.append(Unit(set: set, isOptional: true)) }
            } else if parts.count > 2 {
                return false
            }
            rest = rest[rest.index(after: end)...]
            return true
        default:
            units.append(Unit(set: set))
            return true
        }
        rest = rest.dropFirst()
        return true
    }

    /// The longest match at each place, none within another.
    func matches(in bytes: UnsafeRawBufferPointer, beginningIn range: Range<Int>) -> [SecretMatch] {
        var found: [SecretMatch] = []
        var states = States(count: units.count)
        var position = range.lowerBound
        while position < range.upperBound, found.count < SecretScan.most {
            if units[0].set.contains(bytes[position]), let end = end(in: bytes, from: position, &states) {
                found.append(SecretMatch(kind: "own-pattern", range: position..<end))
                position = end
            } else {
                position += 1
            }
        }
        return found
    }

    /// The units that may match next, each once; one array for all places, because most of them fail at once.
    private struct States {
        var live: [Int] = []
        var next: [Int] = []
        private var stamps: [Int]
        private var stamp = 0

        init(count: Int) { stamps = [Int](repeating: 0, count: count + 1) }

        mutating func beginStep() {
            stamp += 1
            next.removeAll(keepingCapacity: true)
        }

        mutating func add(_ index: Int) -> Bool {
            guard stamps[index] != stamp else { return false }
            stamps[index] = stamp
            next.append(index)
            return true
        }
    }

    /// Where the longest match that begins at `start` ends: all ways of matching are followed side by side.
    private func end(in bytes: UnsafeRawBufferPointer, from start: Int, _ states: inout States) -> Int? {
        var best: Int?
        var position = start
        let most = min(bytes.count, start + Self.longest)
        states.live = [0]
        while position < most, !states.live.isEmpty {
            let byte = bytes[position]
            position += 1
            states.beginStep()
            for index in states.live where index < units.count && units[index].set.contains(byte) {
                if units[index].isRepeated { enter(index, &states) }
                enter(index + 1, &states)
            }
            if states.next.contains(units.count) { best = position }
            swap(&states.live, &states.next)
        }
        return best
    }

    /// Adds a unit, and those behind it that may be reached without another byte.
    private func enter(_ index: Int, _ states: inout States) {
        var index = index
        while states.add(index), index < units.count, units[index].isOptional { index += 1 }
    }
}

extension ByteSet {
    fileprivate init(_ bytes: some Sequence<UInt8>) {
        self.init()
        for byte in bytes { insert(byte) }
    }
}
