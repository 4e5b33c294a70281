internal import FoundationEssentials

/// Whether a text is one JSON value and nothing else.
package func isJSON(_ text: String) -> Bool {
    var depth = 0
    for byte in text.utf8 where "[{]}".utf8.contains(byte) {
        // Brackets inside of strings count too: nothing sensible nests, or writes, as deep.
        depth += byte == UInt8(ascii: "[") || byte == UInt8(ascii: "{") ? 1 : -1
        if depth > 500 { return false }
    }
    return (try? JSONDecoder().decode(AnyJSON.self, from: Data(text.utf8))) != nil
}

/// Takes any value and keeps nothing of it.
private struct AnyJSON: Decodable {
    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() || (try? container.decode(Bool.self)) != nil
            || (try? container.decode(Double.self)) != nil || (try? container.decode(String.self)) != nil
            || (try? container.decode([AnyJSON].self)) != nil
        {
            return
        }
        _ = try container.decode([String: AnyJSON].self)
    }
}
