/// What is remembered of an account's use, for every process alike.
///
/// Instants are seconds since 1970.
package struct LimitState: Hashable, Sendable {
    package var requests = RateWindow()
    package var uploads = RateWindow()
    package var tokens = RateWindow()
    /// When what was sent is paid off at the bandwidth; in the past when it is.
    package var bytesPaidAt = 0.0
    /// The same for requests at the rate that was learned from refusals.
    package var requestsPaidAt = 0.0
    /// Nothing is sent before: the provider said so.
    package var pausedUntil = 0.0
    /// Requests a minute that the provider was content with, at ``ceilingAt``; nil while it never complained.
    package var ceiling: Double?
    package var ceilingAt = 0.0
    /// Requests since ``windowStart``, which is how fast we are.
    package var windowStart = 0.0
    package var windowRequests = 0
    /// When it was last written.
    package var updatedAt = 0.0
    /// Days since 1970, and what was taken in that day.
    package var day: Int64 = 0
    package var dayBytes: Int64 = 0
    package var dayUploads: Int64 = 0
    package var dayMoney = Dollars.zero

    package init() {}
}

extension LimitState {
    /// What somebody else was told by the provider counts here too.
    package mutating func takeRefusals(of other: LimitState) {
        pausedUntil = max(pausedUntil, other.pausedUntil)
        guard other.ceilingAt > ceilingAt else { return }
        (ceiling, ceilingAt) = (other.ceiling, other.ceilingAt)
    }

    /// Counts what was counted in `own` since it was the same as `base`.
    package mutating func take(_ own: LimitState, since base: LimitState) {
        requests.take(own.requests, since: base.requests)
        uploads.take(own.uploads, since: base.uploads)
        tokens.take(own.tokens, since: base.tokens)
        requestsPaidAt = max(requestsPaidAt, own.requestsPaidAt)
        bytesPaidAt = max(bytesPaidAt, own.bytesPaidAt)
        takeRefusals(of: own)
        if own.windowStart > windowStart {
            (windowStart, windowRequests) = (own.windowStart, own.windowRequests)
        }
        updatedAt = max(updatedAt, own.updatedAt)
        if own.day > day {
            (day, dayBytes, dayUploads, dayMoney) = (own.day, 0, 0, .zero)
        }
        guard own.day == day else { return }
        let start = base.day == day ? base : LimitState()
        dayBytes = max(0, dayBytes + own.dayBytes - start.dayBytes)
        dayUploads = max(0, dayUploads + own.dayUploads - start.dayUploads)
        dayMoney = Dollars(clamping: dayMoney.ticks + own.dayMoney.ticks - start.dayMoney.ticks)
    }
}

/// Whether a request may go out.
package enum LimitDecision: Hashable, Sendable {
    /// It may, and it is counted.
    case go
    /// Not before that instant (seconds since 1970); nothing is counted. The words say which limit it is.
    case wait(until: Double, String)
    /// The budget of the day is used up; the words say which, and what to do.
    case stop(String)
}
