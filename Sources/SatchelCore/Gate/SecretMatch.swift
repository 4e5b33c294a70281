/// Where the detector saw a secret, before it is reduced to what may be told.
struct SecretMatch: Hashable, Sendable {
    var kind: String
    /// Bytes from the start of what was scanned.
    var range: Range<Int>
    /// Known by its name and its randomness only; one with a format of its own at the same place says more.
    var isGeneric = false
}
