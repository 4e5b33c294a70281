/// Whether the last six of 36 bytes are the CRC32 of the thirty before them, in base 62 with digits first.
///
/// The form that GitHub introduced in 2021 and npm took over; anything else that looks like such a token is none.
func hasTokenChecksum(_ value: UnsafeRawBufferPointer) -> Bool {
    guard value.count == 36 else { return false }
    var crc = ~UInt32(0)
    for byte in value[..<30] {
        crc ^= UInt32(byte)
        for _ in 0..<8 { crc = crc & 1 == 1 ? (crc >> 1) ^ 0xedb8_8320 : crc >> 1 }
    }
    var rest = ~crc
    for index in stride(from: 35, through: 30, by: -1) {
        guard value[index] == base62Digit(UInt8(rest % 62)) else { return false }
        rest /= 62
    }
    return rest == 0
}

/// `0`…`9`, then `A`…`Z`, then `a`…`z`.
private func base62Digit(_ value: UInt8) -> UInt8 {
    switch value {
    case ..<10: UInt8(ascii: "0") + value
    case ..<36: UInt8(ascii: "A") + value - 10
    default: UInt8(ascii: "a") + value - 36
    }
}
