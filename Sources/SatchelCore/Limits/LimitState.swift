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
    /// ``Dollars/ticks``.
    package var dayTicks: Int64 = 0

    package init() {}
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
