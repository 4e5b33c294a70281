/// Where the detector saw a secret, before it is reduced to what may be told.
struct SecretMatch: Hashable, Sendable {
    var kind: String
    /// Bytes from the start of what was scanned.
    var range: Range<Int>
    var rank = Rank.exact

    /// How much the kind says: of two at the same place, the lower one is told.
    enum Rank: Int, Hashable, Sendable, Comparable {
        /// A format that only one kind has.
        case exact
        /// A beginning that several have.
        case shared
        /// Known by its name or place and its randomness.
        case guessed

        static func < (left: Rank, right: Rank) -> Bool { left.rawValue < right.rawValue }
    }
}
