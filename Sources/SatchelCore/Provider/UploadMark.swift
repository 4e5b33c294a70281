/// Eight characters that one upload has and no other: 40 bits of chance.
///
/// No digit or letter outside of base 32, and never sixteen of them, so that it is not taken for the digest's digits.
package struct UploadMark: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    package init(using generator: inout some RandomNumberGenerator) {
        let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567")
        description = String((0..<8).map { _ in alphabet[Int.random(in: 0..<32, using: &generator)] })
    }

    package init() {
        var generator = SystemRandomNumberGenerator()
        self.init(using: &generator)
    }
}
