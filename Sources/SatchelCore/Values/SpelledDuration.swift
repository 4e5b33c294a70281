/// A length of time from `250ms` or anything that ``parseSeconds(_:)`` reads; nil for anything else.
package func parseDuration(_ text: some StringProtocol) -> Duration? {
    let trimmed = text.lowercased().filter { $0 != " " }
    if trimmed.hasSuffix("ms") {
        let digits = trimmed.dropLast(2)
        guard digits.allSatisfy({ $0.isASCII && $0.isNumber }), let milliseconds = Int64(digits),
            milliseconds <= longestSeconds * 1000
        else { return nil }
        return .milliseconds(milliseconds)
    }
    return parseSeconds(trimmed).map { .seconds($0) }
}

/// The length of time as configuration writes it: `250ms`, `3s`, `30m`, `24h`; shorter than a millisecond is lost.
package func spelledDuration(_ duration: Duration) -> String {
    let (seconds, attoseconds) = duration.components
    let milliseconds = attoseconds / 1_000_000_000_000_000
    return milliseconds == 0 ? spelledDuration(seconds) : "\(seconds * 1000 + milliseconds)ms"
}
