/// One step of a compiled glob.
struct GlobStep: Sendable {
    enum Kind: UInt8, Sendable {
        /// Exactly ``GlobStep/byte``.
        case byte
        /// `?`: one byte that is no `/`.
        case any
        /// `[…]`: one byte of the set, never a `/`.
        case set
        /// `*`: any run of bytes without `/`.
        case star
        /// `**/`: nothing, or everything up to and with some later `/`.
        case folders
        /// `**` before an escaped slash: any run of bytes.
        case deep
        /// `**` at the end: all the rest.
        case rest
    }

    var kind: Kind
    var byte: UInt8 = 0
    /// Index into ``GlobProgram/sets``.
    var set: UInt32 = 0
}

/// The steps of many globs in two flat arrays, so that running one touches no reference count.
struct GlobProgram: Sendable {
    private(set) var steps: [GlobStep] = []
    private(set) var sets: [ByteSet] = []

    /// Appends the steps of `pattern` and returns where they lie; nil for a pattern that can match nothing, which
    /// is what git makes of an unclosed `[`, an unknown `[:class:]` and a `\` at the end.
    mutating func compile(_ pattern: ArraySlice<UInt8>) -> Range<Int>? {
        let start = steps.count
        var rest = pattern
        var previous: UInt8 = UInt8(ascii: "/")
        while let first = rest.popFirst() {
            switch first {
            case UInt8(ascii: "?"):
                steps.append(GlobStep(kind: .any))
            case UInt8(ascii: "*"):
                appendStars(after: previous, &rest)
            case UInt8(ascii: "["):
                guard let set = Self.parseSet(&rest) else {
                    steps.removeSubrange(start...)
                    return nil
                }
                steps.append(GlobStep(kind: .set, set: UInt32(sets.count)))
                sets.append(set)
            case UInt8(ascii: "\\"):
                guard let escaped = rest.popFirst() else {
                    steps.removeSubrange(start...)
                    return nil
                }
                steps.append(GlobStep(kind: .byte, byte: escaped))
            default:
                steps.append(GlobStep(kind: .byte, byte: first))
            }
            previous = rest.startIndex > pattern.startIndex ? pattern[rest.startIndex - 1] : previous
        }
        return start..<steps.count
    }

    /// Reads the rest of a run of stars; two or more that fill a whole component cross folders.
    private mutating func appendStars(after previous: UInt8, _ rest: inout ArraySlice<UInt8>) {
        var count = 1
        while rest.first == UInt8(ascii: "*") {
            rest.removeFirst()
            count += 1
        }
        guard count > 1, previous == UInt8(ascii: "/") else {
            steps.append(GlobStep(kind: .star))
            return
        }
        if rest.isEmpty {
            steps.append(GlobStep(kind: .rest))
        } else if rest.first == UInt8(ascii: "/") {
            rest.removeFirst()
            steps.append(GlobStep(kind: .folders))
        } else if rest.starts(with: "\\/".utf8) {
            steps.append(GlobStep(kind: .deep))
        } else {
            steps.append(GlobStep(kind: .star))
        }
    }

    /// Reads a bracket expression after its `[`, up to and with its `]`; nil when it is malformed.
    private static func parseSet(_ rest: inout ArraySlice<UInt8>) -> ByteSet? {
        var set = ByteSet()
        let isNegated = rest.first == UInt8(ascii: "!") || rest.first == UInt8(ascii: "^")
        if isNegated { rest.removeFirst() }
        // The byte a range may start from; a `]` in first place stands for itself.
        var previous: UInt8?
        var isFirst = true
        while true {
            guard var byte = rest.popFirst() else { return nil }
            if byte == UInt8(ascii: "]"), !isFirst { break }
            isFirst = false
            if byte == UInt8(ascii: "\\") {
                guard let escaped = rest.popFirst() else { return nil }
                byte = escaped
            } else if byte == UInt8(ascii: "-"), let low = previous, let next = rest.first, next != UInt8(ascii: "]") {
                rest.removeFirst()
                var high = next
                if high == UInt8(ascii: "\\") {
                    guard let escaped = rest.popFirst() else { return nil }
                    high = escaped
                }
                if low <= high { set.insert(low...high) }
                previous = nil
                continue
            } else if byte == UInt8(ascii: "["), rest.first == UInt8(ascii: ":") {
                // The name reaches to the next `]`; without a `:` before that it was an ordinary `[`.
                let inner = rest.dropFirst()
                guard let close = inner.firstIndex(of: UInt8(ascii: "]")) else { return nil }
                if close > inner.startIndex, inner[close - 1] == UInt8(ascii: ":") {
                    guard let named = ByteSet(posixClass: inner[..<(close - 1)]) else { return nil }
                    set.formUnion(named)
                    rest = inner[(close + 1)...]
                    previous = nil
                    continue
                }
            }
            set.insert(byte)
            previous = byte
        }
        if isNegated { set.invert() }
        set.remove(UInt8(ascii: "/"))
        return set
    }
}

extension GlobProgram {
    /// Whether the steps in `range` match all of `text`.
    ///
    /// Two places to come back to are enough: a later `*` makes an earlier one within its component needless, and a
    /// later `**/` every star before it.
    static func matches(
        _ text: UnsafeRawBufferPointer,
        steps: UnsafeBufferPointer<GlobStep>,
        range: Range<Int>,
        sets: UnsafeBufferPointer<ByteSet>
    ) -> Bool {
        let slash = UInt8(ascii: "/")
        let end = text.count
        var position = 0
        var step = range.lowerBound
        var starStep = -1
        var starPosition = 0
        var deepStep = -1
        var deepPosition = 0
        var deepByFolders = false
        while true {
            if step == range.upperBound {
                if position == end { return true }
            } else {
                let current = steps[step]
                var advances = false
                switch current.kind {
                case .byte: advances = position < end && text[position] == current.byte
                case .any: advances = position < end && text[position] != slash
                case .set: advances = position < end && sets[Int(current.set)].contains(text[position])
                case .rest: return true
                case .star:
                    step += 1
                    (starStep, starPosition) = (step, position)
                    continue
                case .folders, .deep:
                    step += 1
                    starStep = -1
                    (deepStep, deepPosition, deepByFolders) = (step, position, current.kind == .folders)
                    continue
                }
                if advances {
                    position += 1
                    step += 1
                    continue
                }
            }
            if starStep >= 0, starPosition < end, text[starPosition] != slash {
                starPosition += 1
                (position, step) = (starPosition, starStep)
                continue
            }
            starStep = -1
            guard deepStep >= 0 else { return false }
            if deepByFolders {
                while deepPosition < end, text[deepPosition] != slash { deepPosition += 1 }
            }
            guard deepPosition < end else { return false }
            deepPosition += 1
            (position, step) = (deepPosition, deepStep)
        }
    }
}
