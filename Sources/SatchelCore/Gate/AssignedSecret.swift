/// The range of a random value that is assigned to a name which says that it is secret; nil when it is nothing of the
/// kind.
///
/// `separator` is the place of an `=` or `:`. Taken are `NAME=value`, `name: value`, `"name": "value"`, `name := 'value'`
/// and `name => "value"`; a value without quotes must end with its line or at a space, or it is code.
func assignedSecret(_ bytes: UnsafeRawBufferPointer, at separator: Int) -> Range<Int>? {
    var start = separator + 1
    // `:=`, `=>`, `==` and `::` count at their last byte, or not at all.
    if start < bytes.count, bytes[start] == UInt8(ascii: ">") { start += 1 }
    while start < bytes.count, bytes[start] == 0x20 || bytes[start] == 0x09 { start += 1 }
    guard start + 16 <= bytes.count else { return nil }
    var quote: UInt8 = 0
    if "\"'`".utf8.contains(bytes[start]) { quote = bytes[start] }
    var isEscaped = false
    if bytes[start] == UInt8(ascii: "\\"), bytes[start + 1] == UInt8(ascii: "\"") {
        (quote, isEscaped) = (UInt8(ascii: "\\"), true)
    }
    if quote != 0 { start += isEscaped ? 2 : 1 }
    var end = start
    let most = min(bytes.count, start + 257)
    while end < most, isValueByte(bytes[end]) { end += 1 }
    guard (16...256).contains(end - start), endsWell(bytes, at: end, quote: quote) else { return nil }
    guard let name = nameBefore(bytes, separator), isSecretName(name) else { return nil }
    let value = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
    guard looksRandom(value) || isUUID(value), isPlausible(value, entropy: 3.1), !isWords(value) else { return nil }
    // A member of something, in code: `keys.RSA2048PrivateKey`.
    guard quote != 0 || !value.contains(UInt8(ascii: ".")), !isReference(value) else { return nil }
    return start..<end
}

/// Base 64 in both alphabets, hexadecimal digits, UUIDs and what password generators use beside them.
private func isValueByte(_ byte: UInt8) -> Bool {
    isDigit(byte) || isLetter(byte) || valueSigns.contains(byte)
}

private let valueSigns = ByteSet("+/=_-.~!@#$%^&*?")

private func endsWell(_ bytes: UnsafeRawBufferPointer, at end: Int, quote: UInt8) -> Bool {
    guard end < bytes.count else { return quote == 0 }
    if quote != 0 { return bytes[end] == quote }
    switch bytes[end] {
    case 0x0a, 0x0d: return true
    case 0x20, 0x09:
        // A word after it makes it code or prose; a comment does not.
        return end + 1 < bytes.count && [0x0a, 0x0d, 0x23].contains(bytes[end + 1])
    case UInt8(ascii: "\\"): return end + 1 < bytes.count && "nr".utf8.contains(bytes[end + 1])
    default: return false
    }
}

/// The name in front of the separator, in lower case without its `_` and `-`.
private func nameBefore(_ bytes: UnsafeRawBufferPointer, _ separator: Int) -> [UInt8]? {
    var end = separator
    if end > 0, bytes[end] == UInt8(ascii: "="), bytes[end - 1] == UInt8(ascii: ":") { end -= 1 }
    while end > 0, bytes[end - 1] == 0x20 || bytes[end - 1] == 0x09 { end -= 1 }
    if end > 1, "\"'`]".utf8.contains(bytes[end - 1]) {
        end -= 1
        if "\"'\\".utf8.contains(bytes[end - 1]) { end -= 1 }
    }
    var start = end
    while start > 0, end - start < 64, isWordByte(bytes[start - 1]) || bytes[start - 1] == UInt8(ascii: "-") {
        start -= 1
    }
    guard end - start >= 3 else { return nil }
    return bytes[start..<end].filter { $0 != UInt8(ascii: "_") && $0 != UInt8(ascii: "-") }.map(lowered)
}

private let secretWords: [[UInt8]] = [
    "secret", "password", "passwd", "passphrase", "token", "apikey", "accesskey", "privatekey", "authkey", "signingkey",
    "encryptionkey", "masterkey", "credential", "clientkey", "sharedkey", "storagekey", "sessionkey", "accountkey",
    "servicekey", "deploykey", "licensekey", "webhookkey", "cookiekey", "pwd", "authorization",
].map { Array($0.utf8) }

/// What such a name ends with when its value is about a secret and not one.
private let harmlessEnds: [[UInt8]] = [
    "name", "file", "path", "url", "uri", "type", "id", "ids", "count", "length", "size", "regex", "pattern", "format",
    "header", "prefix", "suffix", "field", "arn", "version", "hash", "sha256", "digest", "label", "endpoint", "expiry",
    "expires", "tokenizer", "class", "ref", "kind", "index", "checksum", "pair", "csrftoken", "pagetoken", "nexttoken",
    "continuationtoken",
].map { Array($0.utf8) }

private func isSecretName(_ name: [UInt8]) -> Bool {
    guard !harmlessEnds.contains(where: name.hasSuffix), !name.hasInfix(Array("public".utf8)) else { return false }
    return secretWords.contains(where: name.hasInfix)
}

extension [UInt8] {
    fileprivate func hasSuffix(_ end: [UInt8]) -> Bool {
        count >= end.count && self[(count - end.count)...] == end[...]
    }

    fileprivate func hasInfix(_ part: [UInt8]) -> Bool {
        guard count >= part.count else { return false }
        return (0...(count - part.count)).contains { self[$0] == part[0] && self[$0..<($0 + part.count)] == part[...] }
    }
}

/// Whether it stands for a value that is kept elsewhere, or is a path or an address.
private func isReference(_ value: UnsafeRawBufferPointer) -> Bool {
    let dots = value.count { $0 == UInt8(ascii: ".") }
    return ".$@%".utf8.contains(value[0]) || dots >= 3 || contains(value, "://")
}
