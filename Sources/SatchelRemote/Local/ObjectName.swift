import Glibc
import SatchelCore

/// Where an object lies below the store's folder: `ab/cdef…`, the digest with its first two digits split off.
///
/// A C string in place, because a hundred thousand of them are made in one go.
struct ObjectName {
    /// 2 digits, a slash, 62 digits, NUL.
    private let characters: [CChar]

    init(_ digest: ContentDigest) {
        characters = [CChar](unsafeUninitializedCapacity: 66) { buffer, count in
            var at = 0
            func put(_ nibble: UInt8) {
                buffer[at] = CChar(bitPattern: nibble < 10 ? 0x30 + nibble : 0x57 + nibble)
                at += 1
            }
            for (index, byte) in digest.bytes.enumerated() {
                put(byte >> 4)
                put(byte & 15)
                guard index == 0 else { continue }
                buffer[at] = CChar(UInt8(ascii: "/"))
                at += 1
            }
            buffer[at] = 0
            count = at + 1
        }
    }

    /// The digest of a file called `rest` in the folder called `shard`; nil for anything that is no object.
    static func digest(shard: String, rest: String) -> ContentDigest? {
        guard shard.utf8.count == 2,
            (shard + rest).utf8.allSatisfy({ $0 < UInt8(ascii: "A") || $0 > UInt8(ascii: "F") })
        else { return nil }
        return ContentDigest(hex: shard + rest)
    }

    static func shard(_ number: Int) -> String {
        let digits = String(number, radix: 16)
        return number < 16 ? "0" + digits : digits
    }

    func withCString<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
        characters.withUnsafeBufferPointer { buffer in
            // Never empty, so there always is a base address.
            buffer.baseAddress.map(body) ?? "".withCString(body)
        }
    }
}
