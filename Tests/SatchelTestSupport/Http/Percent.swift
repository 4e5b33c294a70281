/// The bytes behind `%41`; nil when an escape is malformed.
func percentDecoded(_ text: some StringProtocol, plusIsSpace: Bool = false) -> String? {
    var result: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
        if byte == UInt8(ascii: "%") {
            let digits = rest.prefix(2)
            guard digits.count == 2, let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16) else {
                return nil
            }
            result.append(value)
            rest = rest.dropFirst(2)
        } else {
            result.append(plusIsSpace && byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
        }
    }
    return String(validating: result, as: UTF8.self)
}

/// `a=1&b=2` in its order; nil when something in it is malformed.
func queryItems(_ query: some StringProtocol) -> [LoopbackRequest.QueryItem]? {
    var result: [LoopbackRequest.QueryItem] = []
    for pair in query.split(separator: "&", omittingEmptySubsequences: true) {
        let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard let name = percentDecoded(halves[0], plusIsSpace: true),
            let value = percentDecoded(halves.count > 1 ? halves[1] : "", plusIsSpace: true)
        else { return nil }
        result.append(.init(name: name, value: value))
    }
    return result
}
