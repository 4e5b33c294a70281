import FoundationEssentials

/// Seconds until every limit that a 429 says is used up is there again; nil when no header tells.
///
/// OpenAI sends `x-ratelimit-remaining-requests: 0` with `x-ratelimit-reset-requests: 6m0s`, and the same of `tokens`;
/// Anthropic `anthropic-ratelimit-requests-remaining` with a moment (RFC 3339) in `…-reset`.
///
/// - Parameters:
///   - head: a date in it is what a moment is measured from, so that no clock of ours plays a part.
///   - now: seconds since 1970, for a server that sends no `Date`.
/// - Returns: seconds from 0 up.
func rateLimitReset(_ head: HTTPHead, now: Double) -> Double? {
    let names =
        ["requests", "tokens", "project-tokens"].map { ("x-ratelimit-remaining-\($0)", "x-ratelimit-reset-\($0)") }
        + ["requests", "tokens", "input-tokens", "output-tokens", "files"].map {
            ("anthropic-ratelimit-\($0)-remaining", "anthropic-ratelimit-\($0)-reset")
        }
    let from = head["date"].flatMap { secondsSince1970(httpDate: $0) } ?? now
    return names.compactMap { remaining, reset -> Double? in
        guard head[remaining].flatMap({ Int($0) }) == 0, let text = head[reset] else { return nil }
        if let seconds = seconds(goDuration: text) { return seconds }
        return (try? Date(text, strategy: .iso8601)).map { max($0.timeIntervalSince1970 - from, 0) }
    }.max()
}

/// Seconds of `1s`, `6m0s`, `1h2m3s`, `20ms`; nil for anything else.
private func seconds(goDuration text: String) -> Double? {
    var rest = text[...]
    var total = 0.0
    guard !rest.isEmpty else { return nil }
    while !rest.isEmpty {
        let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let unit = rest.dropFirst(digits.count).prefix { $0.isASCII && $0.isLetter }
        guard let number = Double(digits), !unit.isEmpty else { return nil }
        switch unit {
        case "ms": total += number / 1000
        case "s": total += number
        case "m": total += number * 60
        case "h": total += number * 3600
        default: return nil
        }
        rest = rest.dropFirst(digits.count + unit.count)
    }
    return total
}
