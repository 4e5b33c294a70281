internal import SatchelCore

/// A value of a configuration file with the place it stands at.
///
/// Everything after the parser works on this type, so that Yams is known to one file only.
struct YAMLNode: Sendable {
    enum Content: Sendable {
        /// `isPlain`: written without quotes, so that `~` and nothing at all mean nothing.
        case scalar(String, isPlain: Bool)
        case list([YAMLNode])
        case mapping([(key: YAMLNode, value: YAMLNode)])
    }

    var content: Content
    /// From 1; 0 for what stands in no file.
    var line = 0
    /// From 1, in Unicode scalars; 0 for what stands in no file.
    var column = 0
}

extension YAMLNode {
    /// True for `key:`, `key: ~` and `key: null`.
    var isNothing: Bool {
        guard case .scalar(let text, isPlain: true) = content else { return false }
        return text.isEmpty || text == "~" || text == "null"
    }

    /// The text of a scalar that says something.
    var text: String? {
        guard case .scalar(let text, _) = content, !isNothing else { return nil }
        return text
    }

    /// What stands here, as the end of `expected …, found …`.
    var found: String {
        switch content {
        case .scalar where isNothing: "nothing"
        case .scalar(let text, _): "\"\(withoutKeys(text))\""
        case .list: "a list"
        case .mapping: "a mapping"
        }
    }
}

/// What somebody wrote, for an error text: printable, at most 40 characters, and of a word that may be a key or has a
/// password in it no more than the beginning.
///
/// Keys come to stand in the wrong places: as a value, and as a name.
func withoutKeys(_ text: String) -> String {
    let words = printable(text).split(separator: " ", omittingEmptySubsequences: false)
    let shown = words.map { mayBeKey($0) ? $0.prefix(4) + "…" : $0 }.joined(separator: " ")
    return shown.count <= 40 ? shown : shown.prefix(39) + "…"
}

/// True for long words with both letters and digits in them, and for addresses with a user.
private func mayBeKey(_ word: Substring) -> Bool {
    if word.contains("@"), word.contains("://") { return true }
    return word.utf8.count >= 16 && word.contains(where: \.isNumber) && word.contains(where: \.isLetter)
}
