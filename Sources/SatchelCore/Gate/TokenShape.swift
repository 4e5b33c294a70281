/// The published form of one kind of token: a fixed beginning, then so many bytes of an alphabet.
struct TokenShape: Sendable {
    var kind: String
    /// At least three bytes.
    var prefix: [UInt8]
    var alphabet: ByteSet
    /// Bytes behind the prefix.
    var length: ClosedRange<Int>
    /// Bits per byte, at least; prose and placeholders have less.
    var entropy: Double
    /// What else the format promises of the whole token.
    var check: Check
    /// Other kinds begin like this too, and go on.
    var isShared = false

    enum Check: Sendable {
        case none
        /// The last six of 36 bytes are a CRC32 of those before them, in base 62.
        case checksum
        /// Digits among letters, as chance mixes them: for prefixes that words also begin with.
        case random
        /// Eight digits or more, in whatever order.
        case digits
        /// Three parts between dots, of which the first two are base64 of JSON.
        case webToken
        /// Hexadecimal digits and hyphens of a UUID.
        case uuid
        /// Digits, a colon, then the body: the prefix stands in the middle.
        case digitsBefore
    }

    init(
        _ kind: String,
        _ prefix: String,
        _ alphabet: ByteSet,
        _ length: ClosedRange<Int>,
        entropy: Double = 3,
        check: Check = .none,
        isShared: Bool = false
    ) {
        self.kind = kind
        self.prefix = Array(prefix.utf8)
        self.alphabet = alphabet
        self.length = length
        self.entropy = entropy
        self.check = check
        self.isShared = isShared
    }

    /// The range of a whole token of this shape whose prefix begins at `start`; nil when it is none.
    func match(_ bytes: UnsafeRawBufferPointer, at start: Int) -> Range<Int>? {
        let body = start + prefix.count
        guard body + length.lowerBound <= bytes.count else { return nil }
        for index in prefix.indices where bytes[start + index] != prefix[index] { return nil }
        guard check == .digitsBefore || startsWord(bytes, at: start) else { return nil }
        var end = body
        let most = min(bytes.count, body + length.upperBound + 1)
        while end < most, alphabet.contains(bytes[end]) { end += 1 }
        guard length.contains(end - body) else { return nil }
        let value = UnsafeRawBufferPointer(rebasing: bytes[body..<end])
        switch check {
        case .checksum:
            if end - body == 36 { return hasTokenChecksum(value) ? start..<end : nil }
        case .random:
            guard looksRandom(value) else { return nil }
        case .digits:
            guard value.count(where: isDigit) >= 8 else { return nil }
        case .webToken:
            guard isWebToken(value) else { return nil }
        case .uuid:
            guard isUUID(value) else { return nil }
        case .digitsBefore:
            var first = start
            while first > 0, start - first <= 12, isDigit(bytes[first - 1]) { first -= 1 }
            guard (8...12).contains(start - first), startsWord(bytes, at: first) else { return nil }
            guard isPlausible(value, entropy: entropy) else { return nil }
            return first..<end
        case .none: break
        }
        return isPlausible(value, entropy: entropy) ? start..<end : nil
    }
}

/// Whether a token may begin at `start`: not in the middle of a word, but right behind an escape such as `\n`.
func startsWord(_ bytes: UnsafeRawBufferPointer, at start: Int) -> Bool {
    guard start > 0, isWordByte(bytes[start - 1]) else { return true }
    return start > 1 && bytes[start - 2] == UInt8(ascii: "\\")
}

/// Letters, digits and `_`.
func isWordByte(_ byte: UInt8) -> Bool {
    isDigit(byte) || isLetter(byte) || byte == UInt8(ascii: "_")
}

func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- 0x61 < 26 }
