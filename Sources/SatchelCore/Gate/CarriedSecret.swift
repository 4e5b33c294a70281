/// Secrets that stand behind a word which says so, without a sign of assignment: `login me password …` of `.netrc`,
/// `<password>…</password>`, `define('AUTH_KEY', '…')`.
///
/// `start` is the place of the word.
func wordedSecret(_ bytes: UnsafeRawBufferPointer, at start: Int) -> Range<Int>? {
    if hasText(bytes, "define(", at: start) {
        let end = min(bytes.count, start + 96)
        guard let comma = bytes[start..<end].firstIndex(of: UInt8(ascii: ",")) else { return nil }
        return assignedSecret(bytes, at: comma)
    }
    let word = "password".utf8.count
    guard hasText(bytes, "password", at: start), start + word + 16 < bytes.count else { return nil }
    let value = start + word + 1
    switch bytes[start + word] {
    case 0x20:
        // Only where a machine and a login stand before it: prose speaks of passwords too.
        let before = UnsafeRawBufferPointer(rebasing: bytes[max(0, start - 160)..<start])
        guard contains(before, "machine "), contains(before, "login ") else { return nil }
        guard let range = randomValue(bytes, from: value, ends: { $0 <= 0x20 }) else { return nil }
        // Brackets and quotes are of code that writes such a file.
        return bytes[range].contains(where: brackets.contains) ? nil : range
    case UInt8(ascii: ">"):
        guard start > 0, [UInt8(ascii: "<"), UInt8(ascii: ":")].contains(bytes[start - 1]) else { return nil }
        return randomValue(bytes, from: value) { $0 == UInt8(ascii: "<") }
    default: return nil
    }
}

private let brackets = ByteSet("{}[]()<>\"'`\\")

/// The private part of a JSON web key, whose `"d"` is at `start`: only beside a `"kty"`.
func webKeySecret(_ bytes: UnsafeRawBufferPointer, at start: Int) -> Range<Int>? {
    var value = start + 3
    while value < bytes.count, [0x20, UInt8(ascii: ":")].contains(bytes[value]) { value += 1 }
    guard value > start + 3, value < bytes.count, bytes[value] == UInt8(ascii: "\"") else { return nil }
    guard let range = randomValue(bytes, from: value + 1, ends: { $0 == UInt8(ascii: "\"") }), range.count >= 40 else {
        return nil
    }
    let around = max(0, start - 2048)..<min(bytes.count, range.upperBound + 2048)
    return contains(UnsafeRawBufferPointer(rebasing: bytes[around]), "\"kty\"") ? range : nil
}

/// A private key of PuTTY whose first line begins at `start`.
func puttyKey(_ bytes: UnsafeRawBufferPointer, at start: Int) -> Range<Int>? {
    guard hasText(bytes, "PuTTY-User-Key-File-", at: start) else { return nil }
    let end = min(bytes.count, start + 4096)
    return contains(UnsafeRawBufferPointer(rebasing: bytes[start..<end]), "\nPrivate-Lines:") ? start..<end : nil
}

/// From `start` to the first byte that ends it, when that can be a secret.
private func randomValue(
    _ bytes: UnsafeRawBufferPointer,
    from start: Int,
    ends isEnd: (UInt8) -> Bool
) -> Range<Int>? {
    let most = min(bytes.count, start + 1024)
    let end = bytes[min(start, most)..<most].firstIndex(where: isEnd) ?? most
    guard end - start >= 12 else { return nil }
    let value = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
    guard value.allSatisfy({ $0 > 0x20 && $0 < 0x7f }), looksRandom(value) || isHexNoise(value) else { return nil }
    return isPlausible(value, entropy: 2.75) && !isWords(value) ? start..<end : nil
}

/// Whether `text` stands at `start`.
func hasText(_ bytes: UnsafeRawBufferPointer, _ text: StaticString, at start: Int) -> Bool {
    let count = text.utf8CodeUnitCount
    guard start + count <= bytes.count else { return false }
    return (0..<count).allSatisfy { bytes[start + $0] == text.utf8Start[$0] }
}
