/// The SHA-256 of some content: its identity everywhere in Satchel.
package struct ContentDigest: Sendable {
    /// The 32 bytes as four big-endian words: inline, so that a hundred thousand digests cost no allocation each.
    private let words: (UInt64, UInt64, UInt64, UInt64)

    package static let byteCount = 32

    /// SHA-256 of no bytes at all.
    package static let ofNothing = ContentDigest(
        words: (0xe3b0_c442_98fc_1c14, 0x9afb_f4c8_996f_b924, 0x27ae_41e4_649b_934c, 0xa495_991b_7852_b855)
    )

    private init(words: (UInt64, UInt64, UInt64, UInt64)) { self.words = words }

    /// Nil unless there are exactly 32 bytes.
    package init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count == Self.byteCount else { return nil }
        func word(_ index: Int) -> UInt64 {
            UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self))
        }
        words = (word(0), word(1), word(2), word(3))
    }

    package init?(_ bytes: [UInt8]) {
        guard let digest = bytes.withUnsafeBytes({ ContentDigest($0) }) else { return nil }
        self = digest
    }

    /// Nil unless `hex` is 64 hexadecimal digits.
    package init?(hex: some StringProtocol) {
        let digits = Array(hex.utf8)
        guard digits.count == Self.byteCount * 2 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.byteCount)
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = hexValue(digits[index]), let low = hexValue(digits[index + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        self.init(bytes)
    }

    package var bytes: [UInt8] {
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 4) { buffer in
            buffer[0] = words.0.bigEndian
            buffer[1] = words.1.bigEndian
            buffer[2] = words.2.bigEndian
            buffer[3] = words.3.bigEndian
            return Array(UnsafeRawBufferPointer(buffer))
        }
    }

    package var hex: String {
        String(unsafeUninitializedCapacity: Self.byteCount * 2) { buffer in
            for (index, byte) in bytes.enumerated() {
                buffer[index * 2] = hexDigit(byte >> 4)
                buffer[index * 2 + 1] = hexDigit(byte & 15)
            }
            return Self.byteCount * 2
        }
    }

    /// The first `count` hexadecimal digits: for people, and inside upload names.
    package func prefix(_ count: Int) -> String { String(hex.prefix(count)) }

    /// The first eight bytes as a number: uniformly spread, which is what makes interpolation search work on digests.
    package var leadingWord: UInt64 { words.0 }
}

extension ContentDigest: Hashable, Comparable {
    package static func == (left: Self, right: Self) -> Bool { left.words == right.words }

    package static func < (left: Self, right: Self) -> Bool { left.words < right.words }

    /// One word suffices: the digest is already uniformly distributed.
    package func hash(into hasher: inout Hasher) { hasher.combine(words.0) }
}

extension ContentDigest: CustomStringConvertible {
    package var description: String { hex }
}

private func hexDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
}

private func hexValue(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
    default: nil
    }
}
