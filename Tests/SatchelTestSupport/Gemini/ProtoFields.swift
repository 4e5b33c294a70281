import FoundationEssentials

/// The members of one JSON object, read as protocol buffers read JSON: a name in either of its two spellings, each
/// once, and none that the message does not have.
struct ProtoFields {
    private var members: [String: JSONValue] = [:]
    let place: String

    /// - Parameters:
    ///   - value: an object; nothing and null are one without members.
    ///   - place: `contents[0].parts[1]`, for messages.
    ///   - known: the names in lower camel case.
    /// - Throws: the 400 that an unknown name gets.
    init(_ value: JSONValue?, at place: String, known: Set<String>) throws(GeminiFailure) {
        self.place = place
        guard let value, !value.isNull else { return }
        guard let object = value.object else { throw .badValue(value, "expected an object", at: place) }
        for name in object.keys.sorted() {
            let spelled = Self.camelCase(name)
            guard known.contains(spelled) else { throw .unknownName(name, at: place) }
            guard members[spelled] == nil else { throw .badValue(.string(name), "given twice", at: place) }
            if let member = object[name], !member.isNull { members[spelled] = member }
        }
    }

    subscript(name: String) -> JSONValue? { members[name] }

    var names: Set<String> { Set(members.keys) }

    func path(_ name: String) -> String { place.isEmpty ? name : "\(place).\(name)" }

    func string(_ name: String) throws(GeminiFailure) -> String? {
        guard let value = members[name] else { return nil }
        guard let text = value.string else { throw .badValue(value, "TYPE_STRING", at: path(name)) }
        return text
    }

    /// A number, or one in quotes: 64 bits are written both ways.
    func int(_ name: String) throws(GeminiFailure) -> Int64? {
        guard let value = members[name] else { return nil }
        guard let number = value.int ?? value.string.flatMap({ Int64($0) }) else {
            throw .badValue(value, "TYPE_INT64", at: path(name))
        }
        return number
    }

    func bool(_ name: String) throws(GeminiFailure) -> Bool? {
        guard let value = members[name] else { return nil }
        guard let truth = value.bool else { throw .badValue(value, "TYPE_BOOL", at: path(name)) }
        return truth
    }

    func number(_ name: String) throws(GeminiFailure) -> Double? {
        switch members[name] {
        case nil: nil
        case .int(let number): Double(number)
        case .number(let number): number
        case .some(let value): throw .badValue(value, "TYPE_FLOAT", at: path(name))
        }
    }

    func list(_ name: String) throws(GeminiFailure) -> [JSONValue] {
        guard let value = members[name] else { return [] }
        guard let elements = value.array else { throw .badValue(value, "expected a list", at: path(name)) }
        return elements
    }

    func bytes(_ name: String) throws(GeminiFailure) -> [UInt8]? {
        guard let value = members[name] else { return nil }
        guard let text = value.string, let data = Data(base64Encoded: text) else {
            throw .badValue(value, "TYPE_BYTES", at: path(name))
        }
        return Array(data)
    }

    private static func camelCase(_ name: String) -> String {
        guard name.contains("_") else { return name }
        let words = name.split(separator: "_", omittingEmptySubsequences: true)
        return words.enumerated().map {
            $0.offset == 0 ? String($0.element) : $0.element.prefix(1).uppercased() + $0.element.dropFirst()
        }
        .joined()
    }
}
