/// The range of a private key in binary form with which a content begins; nil when it is none.
///
/// DER of PKCS #1, PKCS #8 (also encrypted), SEC 1 and PKCS #12, and the secret-key packets of OpenPGP (RFC 9580, 5.5).
/// They have no marks that could be looked for in the middle of something, but files of them begin like nothing else.
func binaryPrivateKey(_ bytes: UnsafeRawBufferPointer) -> Range<Int>? {
    guard bytes.count >= 40 else { return nil }
    if let length = derLength(bytes), isPrivateKey(derBody: UnsafeRawBufferPointer(rebasing: bytes[length.start...])) {
        return 0..<min(bytes.count, length.start + length.count)
    }
    return isSecretKeyPacket(bytes) ? 0..<min(bytes.count, 512) : nil
}

/// Where the body of the sequence begins, and its bytes.
private func derLength(_ bytes: UnsafeRawBufferPointer) -> (start: Int, count: Int)? {
    guard bytes[0] == 0x30 else { return nil }
    switch bytes[1] {
    case ..<0x80: return (2, Int(bytes[1]))
    case 0x81: return (3, Int(bytes[2]))
    case 0x82: return (4, Int(bytes[2]) << 8 | Int(bytes[3]))
    default: return nil
    }
}

private func isPrivateKey(derBody body: UnsafeRawBufferPointer) -> Bool {
    func has(_ expected: [UInt8], at start: Int) -> Bool {
        body.count >= start + expected.count && expected.indices.allSatisfy { body[start + $0] == expected[$0] }
    }
    // An algorithm identifier: a short sequence that begins with an object identifier.
    func hasAlgorithm(at start: Int) -> Bool {
        body.count > start + 4 && body[start] == 0x30 && body[start + 1] < 0x80 && body[start + 2] == 0x06
    }
    // PKCS #5 encryption, then the octets that are encrypted.
    if hasAlgorithm(at: 0), has([0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05], at: 4) { return true }
    if has([0x02, 0x01, 0x00], at: 0) || has([0x02, 0x01, 0x01], at: 0) {
        // RSA and DSA: a large number follows. PKCS #8: an algorithm. SEC 1: octets as long as the curve.
        if body[2] == 0, has([0x02, 0x81], at: 3) || has([0x02, 0x82], at: 3) { return true }
        if body[2] == 1, body[3] == 0x04, [0x1c, 0x20, 0x30, 0x42].contains(body[4]) { return true }
        return hasAlgorithm(at: 3)
    }
    guard has([0x02, 0x01, 0x03, 0x30], at: 0) else { return false }
    // PKCS #12 holds "data" or "signed data" of PKCS #7.
    let data: [UInt8] = [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07]
    return (5...8).contains { has(data, at: $0) }
}

private func isSecretKeyPacket(_ bytes: UnsafeRawBufferPointer) -> Bool {
    let start: Int
    switch bytes[0] {
    case 0x94: start = 2
    case 0x95:
        // None has more than sixteen kibibytes.
        guard bytes[1] < 0x40 else { return false }
        start = 3
    case 0xc5: start = bytes[1] < 192 ? 2 : bytes[1] < 224 ? 3 : 6
    default: return false
    }
    guard [4, 5, 6].contains(bytes[start]) else { return false }
    // Made between 1990 and 2040, with an algorithm that signs or encrypts.
    let year = bytes[start + 1]
    return (0x25...0x83).contains(year) && [1, 16, 17, 18, 19, 22, 25, 26, 27, 28].contains(bytes[start + 5])
}
