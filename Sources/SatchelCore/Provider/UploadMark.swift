/// Eight characters that one upload has and no other: 40 bits of chance.
///
/// In base 32; shorter than the digits of the digest, so that it is not taken for them.
package struct UploadMark: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    /// A new one.
    package init() {
        let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567")
        description = String((0..<8).map { _ in alphabet[Int.random(in: 0..<32)] })
    }
}
