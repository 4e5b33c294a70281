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
    start = behindScheme(bytes, at: start)
    guard start + 16 <= bytes.count else { return nil }
    var quote: UInt8 = 0
    if "\"'`".utf8.contains(bytes[start]) { quote = bytes[start] }
    var isEscaped = false
    if bytes[start] == UInt8(ascii: "\\"), bytes[start + 1] == UInt8(ascii: "\"") {
        (quote, isEscaped) = (UInt8(ascii: "\\"), true)
    }
    if quote != 0 { start += isEscaped ? 2 : 1 }
    var end = start
    // Tokens of sessions have some hundred.
    let most = min(bytes.count, start + 1025)
    let signs = quote == 0 ? valueSigns : quotedSigns
    while end < most, isDigit(bytes[end]) || isLetter(bytes[end]) || signs.contains(bytes[end]) { end += 1 }
    guard (16...1024).contains(end - start), let range = nameBefore(bytes, separator) else { return nil }
    let isOption = range.lowerBound > 1 && bytes[range.lowerBound] == UInt8(ascii: "-")
    let isTight = start == separator + 1
    guard endsWell(bytes, at: end, quote: quote, isOption: isOption, isTight: isTight) else { return nil }
    let name = bytes[range].filter { $0 != UInt8(ascii: "_") && $0 != UInt8(ascii: "-") }.map(lowered)
    guard name.count >= 3, isSecretName(name) else { return nil }
    let value = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
    guard looksRandom(value) || isUUID(value) || isHexNoise(value) else { return nil }
    guard isPlausible(value, entropy: 3.1), !isWords(value), !isReference(value) else { return nil }
    // A member of something, in code: `keys.RSA2048PrivateKey`; what is in capitals is given in an environment.
    let mayHaveDots = quote != 0 || isTight && !bytes[range].contains { $0 &- 0x61 < 26 }
    return mayHaveDots || !value.contains(UInt8(ascii: ".")) ? start..<end : nil
}

/// Behind `Bearer ` and the like of a header, and Laravel's `base64:`.
private func behindScheme(_ bytes: UnsafeRawBufferPointer, at start: Int) -> Int {
    guard start < bytes.count, "BbTt".utf8.contains(bytes[start]) else { return start }
    for scheme in schemes where start + scheme.count < bytes.count {
        if scheme.indices.allSatisfy({ bytes[start + $0] == scheme[$0] }) { return start + scheme.count }
    }
    return start
}

private let schemes = ["Bearer ", "bearer ", "Basic ", "Token ", "token ", "base64:"].map { Array($0.utf8) }

/// Base 64 in both alphabets, hexadecimal digits, UUIDs and what password generators use beside them.
private let valueSigns = ByteSet("+/=_-.~!@#$%^&*?")
/// What else may stand between quotes.
private let quotedSigns = ByteSet("+/=_-.~!@#$%^&*?()[]{}|:;,<>")

/// `isOption`: of a command line; `isTight`: nothing stands between the sign and the value.
private func endsWell(
    _ bytes: UnsafeRawBufferPointer,
    at end: Int,
    quote: UInt8,
    isOption: Bool,
    isTight: Bool
) -> Bool {
    guard end < bytes.count else { return quote == 0 }
    if quote != 0 { return bytes[end] == quote }
    switch bytes[end] {
    case 0x0a, 0x0d: return true
    case 0x20, 0x09:
        // A word after it makes it code or prose; a comment does not.
        return isOption || end + 1 < bytes.count && [0x0a, 0x0d, 0x23].contains(bytes[end + 1])
    // The end of a header in a command, or of one of several settings in a row.
    case UInt8(ascii: "'"), UInt8(ascii: "\""): return true
    case UInt8(ascii: ";"): return isTight
    case UInt8(ascii: "\\"): return end + 1 < bytes.count && "nr".utf8.contains(bytes[end + 1])
    default: return false
    }
}

/// The name in front of the separator, with its `_` and `-`.
private func nameBefore(_ bytes: UnsafeRawBufferPointer, _ separator: Int) -> Range<Int>? {
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
    return end - start >= 3 ? start..<end : nil
}

private let secretWords: [[UInt8]] = [
    "secret", "password", "passwd", "passphrase", "token", "apikey", "accesskey", "privatekey", "authkey", "signingkey",
    "encryptionkey", "masterkey", "credential", "clientkey", "sharedkey", "storagekey", "sessionkey", "accountkey",
    "servicekey", "deploykey", "licensekey", "webhookkey", "cookiekey", "pwd", "authorization", "appkey", "adminkey",
].map { Array($0.utf8) }

/// Too short to be looked for within a name.
private let secretEnds: [[UInt8]] = ["dbpass", "userpass", "mysqlpass", "smtppass", "mailpass"].map { Array($0.utf8) }
private let secretNames: [[UInt8]] = ["auth", "pass"].map { Array($0.utf8) }

/// What such a name ends with when its value is about a secret and not one.
private let harmlessEnds: [[UInt8]] = [
    "name", "file", "path", "url", "uri", "type", "id", "ids", "count", "length", "size", "regex", "pattern", "format",
    "header", "prefix", "suffix", "field", "arn", "version", "hash", "sha256", "digest", "label", "endpoint", "expiry",
    "expires", "tokenizer", "class", "ref", "kind", "index", "checksum", "pair", "csrftoken", "pagetoken", "nexttoken",
    "continuationtoken",
].map { Array($0.utf8) }

private func isSecretName(_ name: [UInt8]) -> Bool {
    guard !harmlessEnds.contains(where: name.hasSuffix), !name.hasInfix(Array("public".utf8)) else { return false }
    return secretWords.contains(where: name.hasInfix) || secretEnds.contains(where: name.hasSuffix)
        || secretNames.contains(name)
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
