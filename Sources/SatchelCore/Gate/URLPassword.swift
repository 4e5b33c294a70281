/// The range of the password in `scheme://user:password@host`, whose `://` is at `start`; nil when there is none, or
/// one that only stands for a password.
func urlPassword(_ bytes: UnsafeRawBufferPointer, at start: Int) -> Range<Int>? {
    guard start > 0, isLetter(bytes[start - 1]) else { return nil }
    var colon: Int?
    var position = start + 3
    let most = min(bytes.count, position + 256)
    while position < most {
        switch bytes[position] {
        case UInt8(ascii: "@"):
            guard let colon, position - colon > 8, !isExampleHost(bytes, at: position + 1) else { return nil }
            let value = withoutEscapes(UnsafeRawBufferPointer(rebasing: bytes[(colon + 1)..<position]))
            let isSecret = value.withUnsafeBytes { isPlausible($0, entropy: 2.75) && (isMixed($0) || looksRandom($0)) }
            return isSecret ? (colon + 1)..<position : nil
        case UInt8(ascii: ":"):
            guard colon == nil else { return nil }
            colon = position
        case 0x21, 0x24...0x26, 0x2a...0x2e, 0x30...0x39, 0x3d, 0x41...0x5a, 0x5e, 0x5f, 0x61...0x7a, 0x7e: break
        default: return nil
        }
        position += 1
    }
    return nil
}

/// Without `%40` and the like, whose digits mean nothing.
private func withoutEscapes(_ value: UnsafeRawBufferPointer) -> [UInt8] {
    var result: [UInt8] = []
    var index = 0
    while index < value.count {
        let isEscape = value[index] == UInt8(ascii: "%")
        if !isEscape { result.append(value[index]) }
        index += isEscape ? 3 : 1
    }
    return result
}

/// Letters and digits, neither only at the end, as passwords of programs are: not `password123`.
private func isMixed(_ value: UnsafeRawBufferPointer) -> Bool {
    guard let last = value.lastIndex(where: { !isDigit($0) }) else { return false }
    return value[..<last].contains(where: isDigit) && value.contains(where: isLetter)
}

/// Names that are kept for documentation, and this machine.
private func isExampleHost(_ bytes: UnsafeRawBufferPointer, at start: Int) -> Bool {
    let host = UnsafeRawBufferPointer(rebasing: bytes[start..<min(bytes.count, start + 64)])
    let end = host.firstIndex { !isWordByte($0) && $0 != UInt8(ascii: ".") && $0 != UInt8(ascii: "-") } ?? host.endIndex
    let name = UnsafeRawBufferPointer(rebasing: host[..<end])
    return name.isEmpty || contains(name, "example.") || contains(name, "example") || name.elementsEqual("host".utf8)
}
