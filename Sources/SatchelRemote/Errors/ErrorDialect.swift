import SatchelCore

/// What one provider means by its refusals where that is not what nearly everybody means.
struct ErrorDialect: Sendable {
    /// A refusal, taken apart.
    struct Refusal {
        /// Nil inside a stream that began with 200 and names none.
        var status: Int?
        var reply: ErrorReply
        var hint: RetryHint
        var subject: Refusals.Subject
    }

    /// Nil leaves it to the common meaning.
    var kind: @Sendable (Refusal) -> ProviderError.Kind? = { _ in nil }

    static let common = ErrorDialect()
}
