/// Why a text is no ``SecretPattern``.
package enum SecretPatternError: Error, Hashable, Sendable {
    case malformed
    /// `^` at the beginning, or `$` at the end.
    case anchor
    /// A `\` before a letter or digit that means nothing here.
    case escape(UInt8)
    /// `[[:upper:]]`.
    case namedSet

    /// What to write instead, where that can be said.
    package var advice: String? {
        switch self {
        case .malformed: nil
        case .anchor:
            "a pattern is looked for anywhere in a line; leave out ^ at its beginning and $ at its end, or write \\^ and "
                + "\\$ for the signs themselves"
        case .escape(let byte):
            "\\\(Character(Unicode.Scalar(byte))) is not known; there are \\d, \\w and \\s, and a \\ before a sign that is "
                + "meant as itself"
        case .namedSet: "sets have no names such as [:upper:]; write [A-Z]"
        }
    }
}
