/// Looks for secrets in bytes: private keys, the token formats of providers, passwords in addresses, random values
/// under names that say secret, and the user's own patterns.
///
/// Pure; any bytes may be given, and no byte of them is kept. It is made to err on the side of letting prose and code
/// pass: what it cannot tell from a random identifier it takes only under a telling name.
package struct SecretDetector: Sendable {
    /// Told from other versions in what the manifest remembers: raise it with every change of a rule.
    package static let version = 2
    /// Bytes that a match may need behind its start, and a name in front of it.
    static let reach = 8192

    private let patterns: [SecretPattern]
    private static let shapes = TokenShapes.all
    /// What begins other kinds, in the order in which ``other(_:in:at:)`` tries it.
    private static let others = ["-----BEGIN ", "://", "define(", "password", "\"d\"", "PuTTY-User-Key-File-"]
    private static let anchors = AnchorTable(shapes.map(\.prefix) + others.map { Array($0.utf8) })

    /// - Parameter patterns: what the user counts as secret besides.
    package init(patterns: [SecretPattern] = []) { self.patterns = patterns }

    /// The detector's version and patterns: what was looked at under another one has to be looked at again.
    package var rules: String {
        patterns.isEmpty ? "\(Self.version)" : "\(Self.version) " + patterns.map(\.text).joined(separator: "\n")
    }

    /// The matches that begin within `range`, in no order.
    func matches(in bytes: UnsafeRawBufferPointer, beginningIn range: Range<Int>) -> [SecretMatch] {
        var matches: [SecretMatch] = []
        let shapes = Self.shapes
        Self.anchors.scan(bytes, in: range) { position, index in
            if index < shapes.count {
                if let found = shapes[index].match(bytes, at: position) {
                    let rank = shapes[index].isShared ? SecretMatch.Rank.shared : .exact
                    matches.append(SecretMatch(kind: shapes[index].kind, range: found, rank: rank))
                }
            } else if let found = Self.other(index - shapes.count, in: bytes, at: position) {
                matches.append(found)
            }
        } separator: { position in
            if let found = assignedSecret(bytes, at: position) {
                matches.append(SecretMatch(kind: "assigned-secret", range: found, rank: .guessed))
            }
        }
        for pattern in patterns { matches += pattern.matches(in: bytes, beginningIn: range) }
        return matches
    }

    /// What `others` begins at `position`.
    private static func other(_ index: Int, in bytes: UnsafeRawBufferPointer, at position: Int) -> SecretMatch? {
        switch index {
        case 0: privateKeyBlock(bytes, at: position).map { SecretMatch(kind: "private-key", range: $0) }
        case 1:
            urlPassword(bytes, at: position).map { SecretMatch(kind: "password-in-url", range: $0, rank: .guessed) }
        case 2, 3:
            wordedSecret(bytes, at: position).map { SecretMatch(kind: "assigned-secret", range: $0, rank: .guessed) }
        case 4: webKeySecret(bytes, at: position).map { SecretMatch(kind: "private-key", range: $0) }
        default: puttyKey(bytes, at: position).map { SecretMatch(kind: "private-key", range: $0) }
        }
    }

    /// The match with which a content begins, if it has no marks of its own.
    func match(atBeginningOf bytes: UnsafeRawBufferPointer) -> SecretMatch? {
        binaryPrivateKey(bytes).map { SecretMatch(kind: "private-key", range: $0) }
    }
}
