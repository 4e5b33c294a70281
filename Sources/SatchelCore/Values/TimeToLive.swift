/// How long a remote copy is wanted.
package enum TimeToLive: Hashable, Sendable {
    /// For the chat that needs it: made then, with the shortest life that the provider has, and deleted at its end.
    case session
    /// Expires so long after the upload.
    case seconds(Int64)
    /// Stays until it is deleted.
    case never

    /// Reads `24h`, `90m`, `7d`, `3600s`, a bare number of seconds, `0`, `never` and `-1`; nil for anything else.
    package init?(_ text: some StringProtocol) {
        let trimmed = text.lowercased().filter { $0 != " " }
        if trimmed == "never" || trimmed == "-1" {
            self = .never
            return
        }
        guard let seconds = parseSeconds(trimmed) else { return nil }
        self = seconds == 0 ? .session : .seconds(seconds)
    }
}

extension TimeToLive: CustomStringConvertible {
    package var description: String {
        switch self {
        case .session: "0"
        case .seconds(let seconds): spelledDuration(seconds)
        case .never: "never"
        }
    }
}

/// The longest time that can be asked for, 36500 days in seconds: about a century, from which sums are still instants.
package let longestSeconds: Int64 = 36_500 * 86_400

/// Seconds from `45`, `45s`, `10m`, `24h`, `7d`, `2w`; nil for anything else, negative numbers and more than
/// ``longestSeconds``.
package func parseSeconds(_ text: some StringProtocol) -> Int64? {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard let number = Int64(digits) else { return nil }
    let factor: Int64
    switch text.dropFirst(digits.count) {
    case "", "s": factor = 1
    case "m", "min": factor = 60
    case "h": factor = 3600
    case "d": factor = 86400
    case "w": factor = 604_800
    default: return nil
    }
    let (result, overflow) = number.multipliedReportingOverflow(by: factor)
    return overflow || result > longestSeconds ? nil : result
}

/// `90 s` as `90s`, `5400 s` as `90m`, `86400 s` as `24h`, `259200 s` as `3d`: the largest unit that loses nothing.
package func spelledDuration(_ seconds: Int64) -> String {
    if seconds >= 172_800, seconds % 86400 == 0 { return "\(seconds / 86400)d" }
    if seconds >= 3600, seconds % 3600 == 0 { return "\(seconds / 3600)h" }
    if seconds >= 60, seconds % 60 == 0 { return "\(seconds / 60)m" }
    return "\(seconds)s"
}
