/// Bytes as printable text: backslash doubled, control characters and bytes that are not UTF-8 as `\xHH`.
///
/// Reversible by ``unescaped(_:)``, and safe to print on a terminal: no byte of it moves the cursor or sets a colour.
package func escaped(_ bytes: some Collection<UInt8>) -> String {
    var result = ""
    result.reserveCapacity(bytes.count)
    var rest = Array(bytes)[...]
    while let first = rest.first {
        if first < 0x80 {
            if first == UInt8(ascii: "\\") {
                result += "\\\\"
            } else if first < 0x20 || first == 0x7f {
                result += hexEscape(first)
            } else {
                result.unicodeScalars.append(Unicode.Scalar(first))
            }
            rest = rest.dropFirst()
            continue
        }
        let length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2
        let candidate = rest.prefix(length)
        if candidate.count == length, let text = String(validating: candidate, as: UTF8.self),
            let scalar = text.unicodeScalars.first, !isInvisible(scalar)
        {
            result += text
            rest = rest.dropFirst(length)
        } else {
            result += hexEscape(first)
            rest = rest.dropFirst()
        }
    }
    return result
}

/// The bytes that ``escaped(_:)`` was given; nil when an escape is malformed.
package func unescaped(_ text: String) -> [UInt8]? {
    var result: [UInt8] = []
    var bytes = Array(text.utf8)[...]
    while let byte = bytes.popFirst() {
        guard byte == UInt8(ascii: "\\") else {
            result.append(byte)
            continue
        }
        switch bytes.popFirst() {
        case UInt8(ascii: "\\"):
            result.append(UInt8(ascii: "\\"))
        case UInt8(ascii: "x"):
            let digits = bytes.prefix(2)
            guard digits.count == 2, let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16) else {
                return nil
            }
            result.append(value)
            bytes = bytes.dropFirst(2)
        default:
            return nil
        }
    }
    return result
}

/// Text from elsewhere (a server, a file name inside a message) made safe to print; line breaks become spaces.
package func printable(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
        if scalar == "\n" || scalar == "\r" || scalar == "\t" {
            result += " "
        } else if scalar.value < 0x20 || scalar.value == 0x7f || isInvisible(scalar) {
            continue
        } else {
            result.unicodeScalars.append(scalar)
        }
    }
    return result
}

/// C1 controls and the marks that reorder or hide text on a terminal.
private func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x80...0x9f, 0x200e, 0x200f, 0x2028, 0x2029, 0x202a...0x202e, 0x2066...0x2069, 0xfeff: true
    default: false
    }
}

private func hexEscape(_ byte: UInt8) -> String {
    let digits = String(byte, radix: 16)
    return "\\x" + (digits.count == 1 ? "0" + digits : digits)
}
