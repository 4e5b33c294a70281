/// A set of byte values: what a `[…]` in a glob accepts.
struct ByteSet: Hashable, Sendable {
    private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

    func contains(_ byte: UInt8) -> Bool {
        let bit = UInt64(1) << UInt64(byte & 63)
        switch byte >> 6 {
        case 0: return words.0 & bit != 0
        case 1: return words.1 & bit != 0
        case 2: return words.2 & bit != 0
        default: return words.3 & bit != 0
        }
    }

    mutating func insert(_ byte: UInt8) {
        let bit = UInt64(1) << UInt64(byte & 63)
        switch byte >> 6 {
        case 0: words.0 |= bit
        case 1: words.1 |= bit
        case 2: words.2 |= bit
        default: words.3 |= bit
        }
    }

    mutating func insert(_ range: ClosedRange<UInt8>) {
        for byte in range { insert(byte) }
    }

    mutating func remove(_ byte: UInt8) {
        guard contains(byte) else { return }
        let bit = UInt64(1) << UInt64(byte & 63)
        switch byte >> 6 {
        case 0: words.0 ^= bit
        case 1: words.1 ^= bit
        case 2: words.2 ^= bit
        default: words.3 ^= bit
        }
    }

    mutating func formUnion(_ other: ByteSet) {
        words.0 |= other.words.0
        words.1 |= other.words.1
        words.2 |= other.words.2
        words.3 |= other.words.3
    }

    mutating func invert() {
        words = (~words.0, ~words.1, ~words.2, ~words.3)
    }

    static func == (left: ByteSet, right: ByteSet) -> Bool { left.words == right.words }

    func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
        hasher.combine(words.2)
        hasher.combine(words.3)
    }
}

extension ByteSet {
    /// The members of a POSIX class such as `alpha`, for ASCII only as in git; nil for a name that is none.
    init?(posixClass name: ArraySlice<UInt8>) {
        self.init()
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        let upper = UInt8(ascii: "A")...UInt8(ascii: "Z")
        let lower = UInt8(ascii: "a")...UInt8(ascii: "z")
        switch String(decoding: name, as: UTF8.self) {
        case "alnum":
            insert(digits)
            insert(upper)
            insert(lower)
        case "alpha":
            insert(upper)
            insert(lower)
        case "blank":
            insert(0x20)
            insert(0x09)
        case "cntrl":
            insert(0x00...0x1f)
            insert(0x7f)
        case "digit": insert(digits)
        case "graph": insert(0x21...0x7e)
        case "lower": insert(lower)
        case "print": insert(0x20...0x7e)
        case "punct":
            insert(0x21...0x2f)
            insert(0x3a...0x40)
            insert(0x5b...0x60)
            insert(0x7b...0x7e)
        case "space":
            // Git's own table: vertical tab and form feed are no space there.
            insert(0x09)
            insert(0x0a)
            insert(0x0d)
            insert(0x20)
        case "upper": insert(upper)
        case "xdigit":
            insert(digits)
            insert(UInt8(ascii: "A")...UInt8(ascii: "F"))
            insert(UInt8(ascii: "a")...UInt8(ascii: "f"))
        default: return nil
        }
    }
}
