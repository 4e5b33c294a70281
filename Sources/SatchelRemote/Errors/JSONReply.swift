import FoundationEssentials

/// Decodes JSON from a stranger; nil for anything that is not what `Value` wants.
///
/// Nesting is counted before the decoder sees it, because the decoder recurses and a server must not choose how deep.
func decodeReply<Value: Decodable>(_ type: Value.Type, from bytes: some Collection<UInt8>) -> Value? {
    guard isShallow(bytes) else { return nil }
    return try? JSONDecoder().decode(type, from: Data(bytes))
}

/// Whether brackets outside of strings nest at most `depth` deep.
func isShallow(_ bytes: some Collection<UInt8>, depth: Int = 64) -> Bool {
    var level = 0
    var isString = false
    var isEscaped = false
    for byte in bytes {
        if isString {
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                isString = false
            }
            continue
        }
        switch byte {
        case UInt8(ascii: "\""): isString = true
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            level += 1
            if level > depth { return false }
        case UInt8(ascii: "}"), UInt8(ascii: "]"): level -= 1
        default: break
        }
    }
    return true
}

extension KeyedDecodingContainer {
    /// The value when it is there and of that type; servers of all kinds call themselves compatible.
    func lenient<Value: Decodable>(_ type: Value.Type, _ key: Key) -> Value? {
        (try? decodeIfPresent(type, forKey: key)) ?? nil
    }

    /// The entries of a list that can be read: one odd entry must not hide all others.
    ///
    /// - Throws: when there is no list.
    func readable<Element: Decodable>(_ type: [Element].Type, _ key: Key) throws -> [Element] {
        try decode([Readable<Element>].self, forKey: key).compactMap(\.value)
    }

    /// A whole number, also when it is written as `1.0` or `"1"`.
    func lenientNumber(_ key: Key) -> Int64? {
        if let number = lenient(Int64.self, key) { return number }
        if let number = lenient(Double.self, key) { return Int64(exactly: number.rounded(.down)) }
        return lenient(String.self, key).flatMap { Int64($0) }
    }
}

/// A value, or nil where it cannot be read.
private struct Readable<Value: Decodable>: Decodable {
    var value: Value?

    init(from decoder: any Decoder) throws { value = try? Value(from: decoder) }
}
