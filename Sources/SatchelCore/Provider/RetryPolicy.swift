/// When a failed request is sent again, and after how long.
///
/// The figures are those of the official 2026 SDKs: two retries, 0.5 s doubled up to 8 s with up to a quarter less at
/// random, a server's own wish honoured up to two minutes.
package struct RetryPolicy: Hashable, Sendable {
    package var retries: Int
    /// Seconds.
    package var firstDelay: Double
    package var longestDelay: Double
    package var longestWish: Double

    package init(retries: Int = 2, firstDelay: Double = 0.5, longestDelay: Double = 8, longestWish: Double = 120) {
        self.retries = retries
        self.firstDelay = firstDelay
        self.longestDelay = longestDelay
        self.longestWish = longestWish
    }

    /// Seconds to wait before try number `attempt + 1`; nil to give up.
    ///
    /// - Parameters:
    ///   - error: what the last try met.
    ///   - attempt: how many tries there were, from 1.
    ///   - jitter: a random number from 0 up to 1.
    /// - Returns: seconds, from 0 up; nil to give up.
    package func delay(after error: ProviderError, attempt: Int, jitter: Double) -> Double? {
        guard !error.isFinal else { return nil }
        let wish: Double?
        switch error.kind {
        case .rateLimited(let seconds), .temporary(let seconds): wish = seconds
        case .unreachable, .answerLost: wish = nil
        default: return nil
        }
        guard attempt <= retries else { return nil }
        if let wish {
            return wish <= longestWish ? max(wish, 0) : nil
        }
        var delay = firstDelay
        for _ in 1..<max(attempt, 1) { delay = min(delay * 2, longestDelay) }
        return min(delay, longestDelay) * (1 - 0.25 * jitter)
    }
}
