/// Decides the ``MediaType`` of content while it is read once, in pieces of any size.
///
/// Media by their magic numbers; then text is what is valid UTF-8 without NUL. Names play no part here: `.ts` is as
/// likely TypeScript as a transport stream.
package struct ContentSniffer: Sendable {
    private var head: [UInt8] = []
    private var count = 0
    private var isText = true
    /// Bytes of a UTF-8 sequence still to come, and the range the next one must lie in.
    private var pending = 0
    private var lower: UInt8 = 0x80
    private var upper: UInt8 = 0xbf

    private static let headSize = 16

    package init() {}

    /// Takes the next piece.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        if head.count < Self.headSize { head.append(contentsOf: bytes.prefix(Self.headSize - head.count)) }
        count += bytes.count
        if isText { isText = validate(bytes) }
    }

    /// The type, once all pieces are there.
    package consuming func finish() -> MediaType {
        if count == 0 { return .empty }
        if let media = Self.magic(head) { return media }
        if isText, pending == 0 { return .text }
        if count % 2 == 0, head.starts(with: [0xff, 0xfe]) || head.starts(with: [0xfe, 0xff]) { return .utf16 }
        return .binary
    }

    /// The media type that the first bytes announce, if any.
    private static func magic(_ head: [UInt8]) -> MediaType? {
        if head.starts(with: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]) { return .png }
        if head.starts(with: [0xff, 0xd8, 0xff]) { return .jpeg }
        if head.starts(with: "GIF87a".utf8) || head.starts(with: "GIF89a".utf8) { return .gif }
        if head.starts(with: "RIFF".utf8), head.dropFirst(8).starts(with: "WEBP".utf8) { return .webp }
        if head.starts(with: "%PDF-".utf8) { return .pdf }
        if head.starts(with: [0x50, 0x4b, 0x03, 0x04]) { return .zip }
        return nil
    }

    /// Continues UTF-8 validation over `bytes`; false at the first NUL or malformed byte (RFC 3629's table).
    private mutating func validate(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var index = 0
        let end = bytes.count
        while index < end {
            if pending == 0 {
                // Eight ASCII bytes at a time, none of them NUL: what most source code is.
                while index + 8 <= end {
                    let word = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
                    if (word | (word &- 0x0101_0101_0101_0101)) & 0x8080_8080_8080_8080 != 0 { break }
                    index += 8
                }
                guard index < end else { break }
            }
            let byte = bytes[index]
            index += 1
            if pending > 0 {
                guard byte >= lower, byte <= upper else { return false }
                (lower, upper) = (0x80, 0xbf)
                pending -= 1
                continue
            }
            switch byte {
            case 0x01...0x7f: break
            case 0xc2...0xdf: pending = 1
            case 0xe0: (pending, lower) = (2, 0xa0)
            case 0xed: (pending, upper) = (2, 0x9f)
            case 0xe1...0xef: pending = 2
            case 0xf0: (pending, lower) = (3, 0x90)
            case 0xf4: (pending, upper) = (3, 0x8f)
            case 0xf1...0xf3: pending = 3
            default: return false
            }
        }
        return true
    }
}
