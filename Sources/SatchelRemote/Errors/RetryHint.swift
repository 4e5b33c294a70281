/// What the headers of a refusal say about trying again.
struct RetryHint: Hashable, Sendable {
    /// `x-should-retry`; nil when the server leaves it open.
    var shouldRetry: Bool?
    /// Seconds.
    var after: Double?

    /// Reads the headers as OpenAI's SDKs do: milliseconds before seconds before a date; then what the body says, and at
    /// last when the limits say that they are reset.
    ///
    /// - Parameters:
    ///   - head: a date in it is what a `Retry-After` date is measured from, so that no clock of ours plays a part.
    ///   - reply: what the body says, which counts where no header does.
    ///   - now: seconds since 1970, for a server that sends no `Date`.
    init(_ head: HTTPHead, _ reply: ErrorReply = ErrorReply(), now: Double) {
        after = reply.retryDelay
        switch head["x-should-retry"]?.lowercased() {
        case "true": shouldRetry = true
        case "false": shouldRetry = false
        default: shouldRetry = nil
        }
        if let milliseconds = head["retry-after-ms"].flatMap(Double.init), milliseconds.isFinite {
            after = max(milliseconds / 1000, 0)
        } else if let text = head["retry-after"] {
            if let seconds = Double(text), seconds.isFinite {
                after = max(seconds, 0)
            } else if let moment = secondsSince1970(httpDate: text) {
                let from = head["date"].flatMap { secondsSince1970(httpDate: $0) } ?? now
                after = max(moment - from, 0)
            }
        } else if after == nil, head.status == 429 {
            after = rateLimitReset(head, now: now)
        }
    }
}

/// Seconds since 1970 of `Sat, 21 Nov 2026 02:00:57 GMT` (RFC 9110's preferred form); nil for anything else.
func secondsSince1970(httpDate text: String) -> Double? {
    let words = text.split(separator: " ")
    let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
    guard words.count == 6, words[5] == "GMT", let day = Int(words[1]), (1...31).contains(day),
        let month = months.firstIndex(of: words[2].lowercased()), let year = Int(words[3]), (1970...9999).contains(year)
    else { return nil }
    let clock = words[4].split(separator: ":").compactMap { Int($0) }
    guard clock.count == 3, (0..<24).contains(clock[0]), (0..<60).contains(clock[1]), (0...60).contains(clock[2]) else {
        return nil
    }
    // Days of the Gregorian calendar, counted in years that begin in March so that leap days come last.
    let marchYear = month < 2 ? year - 1 : year
    let marchMonth = (month + 10) % 12
    let days =
        365 * marchYear + marchYear / 4 - marchYear / 100 + marchYear / 400 + (153 * marchMonth + 2) / 5 + day - 719_469
    return Double(days * 86400 + clock[0] * 3600 + clock[1] * 60 + clock[2])
}
