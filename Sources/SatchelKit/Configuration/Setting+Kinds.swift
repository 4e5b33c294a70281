internal import SatchelCore

extension Setting {
    /// A length of time, of at least `least`; with `canBeNever` also `0`.
    static func duration(
        _ name: String,
        _ path: any WritableKeyPath<Root, Duration> & Sendable,
        environment: String? = nil,
        atLeast least: Duration? = nil,
        canBeNever: Bool = false,
        _ summary: String
    ) -> Setting {
        let bounds = least.map { ", at least \(spelledDuration($0))\(canBeNever ? " or 0 for never" : "")" } ?? ""
        return .scalar(
            name,
            path,
            environment: environment,
            type: "duration",
            expected: "a duration such as 250ms, 10m or 24h\(bounds), at most \(spelledDuration(longestSeconds))",
            summary,
            parse: { text in
                guard let duration = parseDuration(text) else { return nil }
                return duration >= least ?? .zero || (canBeNever && duration == .zero) ? duration : nil
            },
            show: { spelledDuration($0) }
        )
    }

    static func size(
        _ name: String,
        _ path: any WritableKeyPath<Root, ByteCount> & Sendable,
        environment: String? = nil,
        _ summary: String
    ) -> Setting {
        .scalar(
            name,
            path,
            environment: environment,
            type: "size",
            expected: "a size such as 10MB, 512KiB or 1.5G",
            summary,
            parse: { ByteCount($0) },
            show: \.spelled
        )
    }

    static func flag(
        _ name: String,
        _ path: any WritableKeyPath<Root, Bool> & Sendable,
        environment: String? = nil,
        _ summary: String
    ) -> Setting {
        .scalar(
            name,
            path,
            environment: environment,
            type: "`true` or `false`",
            expected: "true or false",
            summary,
            parse: { truth($0) },
            show: { $0 ? "true" : "false" }
        )
    }

    static func number(
        _ name: String,
        _ path: any WritableKeyPath<Root, Int> & Sendable,
        in range: ClosedRange<Int>,
        environment: String? = nil,
        _ summary: String
    ) -> Setting {
        .scalar(
            name,
            path,
            environment: environment,
            type: "number from \(range.lowerBound) to \(range.upperBound)",
            expected: "a number from \(range.lowerBound) to \(range.upperBound)",
            summary,
            parse: { wholeNumber($0, in: range) },
            show: { "\($0)" }
        )
    }

    static func text(
        _ name: String,
        _ path: any WritableKeyPath<Root, String?> & Sendable,
        environment: String? = nil,
        expected: String,
        _ summary: String
    ) -> Setting {
        .scalar(
            name,
            path,
            environment: environment,
            type: "text",
            expected: expected,
            summary,
            // An empty text takes back what a file of lower precedence says.
            parse: { .some($0.isEmpty ? nil : $0) },
            show: { $0 }
        )
    }

    static func patterns(
        _ name: String,
        _ path: any WritableKeyPath<Root, [SelectionRule]> & Sendable,
        _ summary: String
    ) -> Setting {
        .list(
            name,
            path,
            type: "list of patterns",
            expected: "a list of patterns such as [\"*.log\", \"build/\"]",
            itemExpected: "a pattern such as \"*.log\"",
            summary,
            item: { text, origin, line in
                text.contains("\n") ? nil : SelectionRule(file: origin, line: line, pattern: text)
            },
            show: \.pattern
        )
    }
}

/// `true`, `yes`, `on`, `1` and their opposites.
private func truth(_ text: String) -> Bool? {
    switch text.lowercased() {
    case "true", "yes", "on", "1": true
    case "false", "no", "off", "0": false
    default: nil
    }
}

/// A number in plain digits, `1_000` too.
func wholeNumber(_ text: String, in range: ClosedRange<Int>) -> Int? {
    guard let number = Int(text.filter { $0 != "_" }), range.contains(number) else { return nil }
    return number
}
