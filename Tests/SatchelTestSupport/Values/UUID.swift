/// A random-looking UUID of version 4, in lower case, made of a number.
func uuid(_ number: UInt64) -> String {
    let digits = Array(hexadecimal(mixed(number)) + hexadecimal(mixed(number &+ 0x5eed)))
    let groups = [digits[0..<8], digits[8..<12], digits[13..<16], digits[17..<20], digits[20..<32]].map { String($0) }
    return "\(groups[0])-\(groups[1])-4\(groups[2])-a\(groups[3])-\(groups[4])"
}

private func hexadecimal(_ number: UInt64) -> String {
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
}
