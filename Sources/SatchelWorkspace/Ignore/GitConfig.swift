/// The settings of one git configuration file in their order, as far as a reader of `core.excludesFile` needs them.
///
/// Follows the syntax of git-config(1). Git refuses a malformed file; here what stood before the mistake counts,
/// since nothing but one path is wanted of it.
struct GitConfig {
    struct Setting: Equatable {
        /// `section.key` in lower case; `section.subsection.key` with the subsection as it stands.
        var name: String
        /// Empty for a key without `=`.
        var value: String
    }

    private(set) var settings: [Setting] = []

    init(parsing bytes: [UInt8]) {
        var rest = bytes[...]
        if rest.starts(with: [0xef, 0xbb, 0xbf]) { rest = rest.dropFirst(3) }
        var section = ""
        while true {
            rest = rest.drop(while: isSpace)
            guard let first = rest.first else { return }
            switch first {
            case UInt8(ascii: "#"), UInt8(ascii: ";"):
                rest = rest.drop { $0 != UInt8(ascii: "\n") }
            case UInt8(ascii: "["):
                rest.removeFirst()
                guard let name = Self.parseSection(&rest) else { return }
                section = name
            default:
                let key = rest.prefix(while: isKeyByte)
                rest = rest[key.endIndex...].drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
                guard !key.isEmpty else { return }
                var value = ""
                if rest.first == UInt8(ascii: "=") {
                    rest.removeFirst()
                    guard let parsed = Self.parseValue(&rest) else { return }
                    value = parsed
                }
                settings.append(
                    Setting(name: section + "." + String(decoding: key, as: UTF8.self).lowercased(), value: value)
                )
            }
        }
    }

    /// Reads `core]` or `remote "origin"]`.
    private static func parseSection(_ rest: inout ArraySlice<UInt8>) -> String? {
        let name = rest.prefix { isKeyByte($0) || $0 == UInt8(ascii: ".") }
        var section = String(decoding: name, as: UTF8.self).lowercased()
        rest = rest[name.endIndex...].drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        if rest.first == UInt8(ascii: "\"") {
            rest.removeFirst()
            var subsection: [UInt8] = []
            while true {
                guard var byte = rest.popFirst(), byte != UInt8(ascii: "\n") else { return nil }
                if byte == UInt8(ascii: "\"") { break }
                if byte == UInt8(ascii: "\\") {
                    guard let escaped = rest.popFirst() else { return nil }
                    byte = escaped
                }
                subsection.append(byte)
            }
            section += "." + String(decoding: subsection, as: UTF8.self)
        }
        return rest.popFirst() == UInt8(ascii: "]") ? section : nil
    }

    /// Reads a value up to the end of its line: quotes, escapes, comments, and lines continued by a backslash.
    private static func parseValue(_ rest: inout ArraySlice<UInt8>) -> String? {
        var value: [UInt8] = []
        // What follows the last byte that is kept for certain: unquoted spaces at the end go.
        var kept = 0
        var isQuoted = false
        while let byte = rest.popFirst(), byte != UInt8(ascii: "\n") {
            switch byte {
            case UInt8(ascii: "\""):
                isQuoted.toggle()
                kept = value.count
            case UInt8(ascii: "\\"):
                guard var escaped = rest.popFirst() else { return nil }
                if escaped == UInt8(ascii: "\r"), rest.first == UInt8(ascii: "\n") { escaped = rest.removeFirst() }
                switch escaped {
                case UInt8(ascii: "\n"): continue
                case UInt8(ascii: "n"): value.append(UInt8(ascii: "\n"))
                case UInt8(ascii: "t"): value.append(UInt8(ascii: "\t"))
                case UInt8(ascii: "b"): value.append(0x08)
                case UInt8(ascii: "\\"), UInt8(ascii: "\""): value.append(escaped)
                default: return nil
                }
                kept = value.count
            case UInt8(ascii: "#") where !isQuoted, UInt8(ascii: ";") where !isQuoted:
                rest = rest.drop { $0 != UInt8(ascii: "\n") }
            case _ where isSpace(byte) && !isQuoted:
                if !value.isEmpty { value.append(byte) }
            default:
                value.append(byte)
                kept = value.count
            }
        }
        return isQuoted ? nil : String(decoding: value.prefix(kept), as: UTF8.self)
    }
}

private func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0d).contains(byte) }

private func isKeyByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
        true
    default: false
    }
}
