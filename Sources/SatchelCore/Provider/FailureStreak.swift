/// Tells an account that does nothing at the moment from single files with bad luck.
///
/// One upload that a busy server gave up on says little about the next. Many in a row, each after its own retries and
/// with none arriving between them, say that the others would only wait for the same.
package struct FailureStreak: Hashable, Sendable {
    /// So many uploads in a row.
    package static let longest = 8

    private var length = 0

    package init() {}

    /// Takes note of how one upload ended.
    ///
    /// - Parameter error: what it met; nil when it arrived.
    /// - Returns: true when going on is pointless.
    package mutating func isHopeless(after error: ProviderError?) -> Bool {
        guard let error else {
            length = 0
            return false
        }
        if error.concernsAccount { return true }
        switch error.kind {
        case .rateLimited, .temporary, .answerLost, .forbidden: length += 1
        // About the file, not about the account: it neither begins a streak nor ends one.
        default: return false
        }
        return length >= Self.longest
    }
}
