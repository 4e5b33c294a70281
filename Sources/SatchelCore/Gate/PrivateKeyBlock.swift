/// The range of a private key that begins with `-----BEGIN` at `start`; nil when it is none, or only its first line.
///
/// Also within strings of code and JSON, where line breaks are written as `\n`, and encrypted: a passphrase can be
/// guessed.
func privateKeyBlock(_ bytes: UnsafeRawBufferPointer, at start: Int) -> Range<Int>? {
    guard start + begin.count <= bytes.count, begin.indices.allSatisfy({ bytes[start + $0] == begin[$0] }) else {
        return nil
    }
    // The label of the first line, such as `RSA PRIVATE KEY` or `PGP PRIVATE KEY BLOCK`.
    var position = start + begin.count
    let mostLabel = min(bytes.count, position + 48)
    let label = position
    while position < mostLabel, bytes[position] != UInt8(ascii: "-") {
        guard isLetter(bytes[position]) || bytes[position] == 0x20 || isDigit(bytes[position]) else { return nil }
        position += 1
    }
    let name = UnsafeRawBufferPointer(rebasing: bytes[label..<position])
    // OpenVPN's is in hexadecimal digits, in shorter lines.
    let isStatic = contains(name, "Static key")
    guard isStatic || contains(name, "PRIVATE KEY") else { return nil }
    while position < bytes.count, bytes[position] == UInt8(ascii: "-") { position += 1 }
    // The body: base 64 with anything between its lines but another dash.
    let end = min(bytes.count, position + 4096)
    var run = 0
    var longest = 0
    var body: [UInt8] = []
    while position < end {
        let byte = bytes[position]
        if byte == UInt8(ascii: "\\"), position + 1 < end, "nr".utf8.contains(bytes[position + 1]) {
            run = 0
            position += 2
            continue
        }
        if byte == UInt8(ascii: "-"), position + 1 < end, bytes[position + 1] == byte { break }
        if isBase64(byte) {
            run += 1
            longest = max(longest, run)
            if run >= 8 || !body.isEmpty { body.append(byte) }
        } else {
            run = 0
        }
        if body.count > 256 { break }
        position += 1
    }
    // Every such key has a whole line of it. Rows of one letter are no mark of an example here: those of OpenSSH that
    // no passphrase guards have several, made of zeros.
    let isKey = body.withUnsafeBytes { body in
        shannonEntropy(of: body) >= (isStatic ? 3.5 : 4) && !hasExampleWord(body) && !isPeriodic(body)
    }
    return longest >= (isStatic ? 32 : 40) && isKey ? start..<position : nil
}

private let begin = Array("-----BEGIN ".utf8)

private func isBase64(_ byte: UInt8) -> Bool {
    isDigit(byte) || isLetter(byte) || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "/")
}

/// Whether `text` stands somewhere in `bytes`.
func contains(_ bytes: UnsafeRawBufferPointer, _ text: String) -> Bool {
    let wanted = Array(text.utf8)
    guard wanted.count <= bytes.count else { return false }
    return (0...(bytes.count - wanted.count)).contains { start in
        wanted.indices.allSatisfy { bytes[start + $0] == wanted[$0] }
    }
}
