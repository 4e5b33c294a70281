internal import SatchelCore

extension AccountConfiguration {
    /// `limits: {uploads_per_minute: 100, bandwidth: 2MB}`.
    static let limitsSetting = members(
        "limits",
        \.limits,
        "how fast the account may be used, by all your processes together",
        example: "{uploads_per_minute: 100, bandwidth: 2MB}",
        [
            number("requests_per_minute", \.requestsPerMinute, upTo: 1_000_000),
            number("uploads_per_minute", \.uploadsPerMinute, upTo: 1_000_000),
            number("tokens_per_minute", \.tokensPerMinute, upTo: 1_000_000_000),
            number("concurrency", \.concurrency, upTo: 64),
            Member(
                name: "bandwidth",
                expected: "bytes a second such as 2MB",
                set: { text, limits in
                    guard let size = ByteCount(text.hasSuffix("/s") ? String(text.dropLast(2)) : text), size.bytes > 0
                    else { return false }
                    limits.bandwidth = size
                    return true
                },
                show: { $0.bandwidth?.spelled }
            ),
        ]
    )

    /// `budget: {bytes_per_day: 1GB, money_per_day: 0.50 USD}`.
    static let budgetSetting = members(
        "budget",
        \.budget,
        "what the account may take in a day of UTC; nothing is begun that would go beyond it",
        example: "{bytes_per_day: 1GB, money_per_day: 0.50 USD}",
        // A folder that was cloned must not raise what its user allows himself.
        tighten: { user, workspace in
            if let most = user.bytes { workspace.bytes = min(most, workspace.bytes ?? most) }
            if let most = user.uploads { workspace.uploads = min(most, workspace.uploads ?? most) }
            if let most = user.money, workspace.money.map({ $0.ticks > most.ticks }) ?? true { workspace.money = most }
        },
        [
            Member(
                name: "bytes_per_day",
                expected: "a size such as 1GB",
                set: { text, budget in
                    guard let size = ByteCount(text) else { return false }
                    budget.bytes = size
                    return true
                },
                show: { $0.bytes?.spelled }
            ),
            number("uploads_per_day", \.uploads, from: 0, upTo: 100_000_000),
            Member(
                name: "money_per_day",
                expected: "dollars such as 0.50 USD",
                set: { text, budget in
                    guard let money = Dollars(text) else { return false }
                    budget.money = money
                    return true
                },
                show: { $0.money?.description }
            ),
        ]
    )

    /// One entry of a setting with several.
    private struct Member<Value>: Sendable {
        var name: String
        var expected: String
        /// False when the text is not what it takes.
        var set: @Sendable (String, inout Value) -> Bool
        var show: @Sendable (Value) -> String?
    }

    private static func number<Value>(
        _ name: String,
        _ path: any WritableKeyPath<Value, Int?> & Sendable,
        from least: Int = 1,
        upTo most: Int
    ) -> Member<Value> {
        Member(
            name: name,
            expected: "a number from \(least) to \(most)",
            set: { text, value in
                guard let number = Int(text.filter { $0 != "_" }), (least...most).contains(number) else { return false }
                value[keyPath: path] = number
                return true
            },
            show: { $0[keyPath: path].map { "\($0)" } }
        )
    }

    private static func members<Value>(
        _ name: String,
        _ path: any WritableKeyPath<AccountConfiguration, Value> & Sendable,
        _ summary: String,
        example: String,
        tighten: @escaping @Sendable (_ user: Value, _ workspace: inout Value) -> Void = { _, _ in },
        _ members: [Member<Value>]
    ) -> Setting<AccountConfiguration> {
        Setting(
            name: name,
            environment: nil,
            type: members.map { "`\($0.name)`" }.joined(separator: ", "),
            expected: "settings such as \(example)",
            summary: summary,
            isPersonal: false,
            read: { (input, account) throws(Mismatch) in
                if input.node.isNothing { return }
                guard case .mapping(let pairs) = input.node.content else { throw Mismatch() }
                let before = account[keyPath: path]
                for (key, node) in pairs {
                    guard let word = key.text, let member = members.first(where: { $0.name == word }) else {
                        let names = members.map(\.name)
                        let meant = key.text.flatMap { nearestName(to: $0, among: names) }
                        throw Mismatch(
                            "there is no \(key.found) in \(name); "
                                + (meant.map { "did you mean \($0)?" } ?? "there are \(names.joined(separator: ", "))"),
                            at: key
                        )
                    }
                    guard let text = node.text, member.set(text, &account[keyPath: path]) else {
                        throw Mismatch("\(word): expected \(member.expected), found \(node.found)", at: node)
                    }
                }
                if input.source.isWorkspace { tighten(before, &account[keyPath: path]) }
            },
            show: { account in
                let shown = members.compactMap { member in
                    member.show(account[keyPath: path]).map { "\(member.name): \($0)" }
                }
                return shown.isEmpty ? .unset : .list(shown)
            }
        )
    }
}
