/// A place in a content that looks like a secret: where it is and of which kind, never what it says.
package struct SecretFinding: Hashable, Codable, Sendable {
    /// The stable word, such as `github-token` or `private-key`.
    package var kind: String
    /// From 1.
    package var line: Int
    /// Bytes from the start of the line, from 1.
    package var column: Int
    /// 16 hexadecimal digits of the SHA-256 of kind and value: the same wherever the secret stands, and what `allow`
    /// names.
    package var fingerprint: String

    package init(kind: String, line: Int, column: Int, fingerprint: String) {
        self.kind = kind
        self.line = line
        self.column = column
        self.fingerprint = fingerprint
    }
}

extension SecretFinding: CustomStringConvertible {
    package var description: String { "line \(line): \(kind) (fingerprint \(fingerprint))" }
}
