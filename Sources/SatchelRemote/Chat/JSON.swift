import FoundationEssentials

/// A JSON value to be sent, written down as a literal.
enum JSON: Hashable, Sendable {
    case null
    case string(String)
    case int(Int)
    case number(Double)
    case bool(Bool)
    case array([JSON])
    case object([String: JSON])
    /// JSON as somebody wrote it, already checked: the order of members can mean something.
    case raw(String)

    /// The same value always as the same bytes: keys sorted.
    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        write(to: &bytes)
        return bytes
    }

    private func write(to bytes: inout [UInt8]) {
        switch self {
        case .string(let text): Self.write(text, to: &bytes)
        case .int(let number): bytes += String(number).utf8
        case .bool(let truth): bytes += (truth ? "true" : "false").utf8
        case .raw(let text): bytes += text.utf8
        case .null: bytes += "null".utf8
        // Only a number that was read as one gets here: it is finite.
        case .number(let number): bytes += "\(number)".utf8
        case .array(let elements):
            bytes.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                element.write(to: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let members):
            bytes.append(UInt8(ascii: "{"))
            for (index, member) in members.sorted(by: { $0.key < $1.key }).enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                Self.write(member.key, to: &bytes)
                bytes.append(UInt8(ascii: ":"))
                member.value.write(to: &bytes)
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }

    private static func write(_ text: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): bytes += #"\""#.utf8
            case UInt8(ascii: "\\"): bytes += #"\\"#.utf8
            case 0x0a: bytes += #"\n"#.utf8
            case 0x0d: bytes += #"\r"#.utf8
            case 0x09: bytes += #"\t"#.utf8
            case 0x00..<0x20:
                let digits = String(byte, radix: 16)
                bytes += "\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)".utf8
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}

extension JSON {
    /// The value with members added or replaced at places such as `reasoning.effort`, each as JSON text.
    func adding(_ options: [String: String]) -> JSON {
        options.sorted { $0.key < $1.key }.reduce(self) { value, option in
            value.setting(option.key.split(separator: ".").map(String.init)[...], to: .raw(option.value))
        }
    }

    private func setting(_ place: ArraySlice<String>, to value: JSON) -> JSON {
        guard let name = place.first else { return value }
        var members: [String: JSON] = [:]
        if case .object(let own) = self { members = own }
        members[name] = (members[name] ?? .object([:])).setting(place.dropFirst(), to: value)
        return .object(members)
    }
}

extension JSON: Decodable {
    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let truth = try? container.decode(Bool.self) {
            self = .bool(truth)
        } else if let number = try? container.decode(Int.self) {
            self = .int(number)
        } else if let number = try? container.decode(Double.self) {
            self = .number(number)
        } else if let text = try? container.decode(String.self) {
            self = .string(text)
        } else if let elements = try? container.decode([JSON].self) {
            self = .array(elements)
        } else {
            self = .object(try container.decode([String: JSON].self))
        }
    }

    /// What a stranger wrote; nil when it is no JSON.
    init?(parsing text: String) {
        guard let value = decodeReply(JSON.self, from: Array(text.utf8)) else { return nil }
        self = value
    }

    var text: String { String(decoding: bytes, as: UTF8.self) }

    var isObject: Bool { if case .object = self { true } else { false } }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    init(stringLiteral value: String) { self = .string(value) }
    init(integerLiteral value: Int) { self = .int(value) }
    init(booleanLiteral value: Bool) { self = .bool(value) }
    init(arrayLiteral elements: JSON...) { self = .array(elements) }

    init(dictionaryLiteral members: (String, JSON)...) {
        self = .object(Dictionary(members, uniquingKeysWith: { $1 }))
    }
}
