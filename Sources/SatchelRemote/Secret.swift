package import SatchelCore

/// An API key: it goes into a request header and nowhere else.
///
/// Printing, interpolating or dumping it shows `sk-…a1b2`.
package struct Secret: Sendable {
    let value: String

    /// Drops white space round the key, which key commands and files leave there; nil when nothing is left.
    package init?(_ text: String) {
        let space = Set(" \t\r\n".unicodeScalars)
        var scalars = text.unicodeScalars[...]
        while let first = scalars.first, space.contains(first) { scalars.removeFirst() }
        while let last = scalars.last, space.contains(last) { scalars.removeLast() }
        guard !scalars.isEmpty else { return nil }
        value = String(scalars)
    }

    /// Tells keys apart without telling them: the first 16 hexadecimal digits of the SHA-256.
    package func fingerprint(_ hashing: any Hashing) -> String {
        hashing.digest(of: Array(value.utf8)).prefix(16)
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { mask(value) }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(reflecting: description) }
}

/// A key with all but its kind and last four characters hidden; wholly hidden when it is too short for that.
func mask(_ key: some StringProtocol) -> String {
    guard key.count >= 16 else { return "…" }
    return "\(key.prefix(3))…\(key.suffix(4))"
}

/// `text` without the given secrets and without anything that looks like a key.
func masked(_ text: String, hiding secrets: [String] = []) -> String {
    var result = text
    // The longest first, so that a key that contains another is hidden whole. Three characters are no secret.
    for secret in secrets.sorted(by: { $0.utf8.count > $1.utf8.count }) where secret.utf8.count > 3 {
        result = result.split(separator: secret, omittingEmptySubsequences: false).joined(separator: mask(secret))
    }
    var output = ""
    var rest = result[...]
    while let start = rest.firstIndex(where: isKeyCharacter) {
        output += rest[..<start]
        let end = rest[start...].firstIndex { !isKeyCharacter($0) } ?? rest.endIndex
        let word = rest[start..<end]
        output += keyPrefixes.contains(where: word.hasPrefix) && word.utf8.count >= 12 ? mask(word) : String(word)
        rest = rest[end...]
    }
    return output + rest
}

/// How the keys of OpenAI, Anthropic, OpenRouter, xAI, Google, Groq, Hugging Face and Replicate begin.
private let keyPrefixes = ["sk-", "sk_", "xai-", "AIza", "gsk_", "hf_", "r8_", "pk-", "sess-"]

private func isKeyCharacter(_ character: Character) -> Bool {
    character.isASCII && (character.isLetter || character.isNumber || character == "-" || character == "_")
}
