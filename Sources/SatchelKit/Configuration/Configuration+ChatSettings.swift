internal import SatchelCore

extension Configuration {
    static let chatSettings: [Setting<Configuration>] = [
        .scalar(
            "chat.account",
            \.chat.account,
            environment: "SATCHEL_CHAT_ACCOUNT",
            type: "account name",
            expected: "the name of an account",
            "the account that answers, when it is not the default one",
            parse: { isAccountName($0) ? .some($0) : nil },
            show: { $0 }
        ),
        .text(
            "chat.model",
            \.chat.model,
            environment: "SATCHEL_MODEL",
            expected: "the name of a model",
            "the model that answers, where the account names none"
        ),
        .text(
            "chat.system",
            \.chat.system,
            environment: "SATCHEL_CHAT_SYSTEM",
            expected: "a text",
            "what the model is told first"
        ),
        .flag(
            "chat.tools",
            \.chat.tools,
            environment: "SATCHEL_CHAT_TOOLS",
            "let models that can search, read and list the synced files by themselves"
        ),
        .scalar(
            "chat.versions",
            \.chat.versions,
            environment: "SATCHEL_CHAT_VERSIONS",
            type: "`follow` or `pin`",
            expected: "follow or pin",
            "whether a thread is shown a file again when it has changed, or keeps to the version it was shown",
            parse: { VersionRule(rawValue: $0) },
            show: \.rawValue
        ),
        .number(
            "chat.auto_tokens",
            \.chat.auto.tokens,
            in: 100...10_000_000,
            environment: "SATCHEL_CHAT_AUTO_TOKENS",
            "how many tokens of files `chat --auto` chooses for a question at the most"
        ),
        .number(
            "chat.auto_files",
            \.chat.auto.files,
            in: 1...100,
            environment: "SATCHEL_CHAT_AUTO_FILES",
            "how many files `chat --auto` chooses for a question at the most"
        ),
        .scalar(
            "chat.auto_cost",
            \.chat.auto.cost,
            environment: "SATCHEL_CHAT_AUTO_COST",
            type: "dollars",
            expected: "dollars such as 0.05",
            "what the files that `chat --auto` chooses for a question cost as input at the most",
            parse: { Dollars($0).map(Optional.some) },
            show: { $0?.description }
        ),
        .duration(
            "chat.idle_timeout",
            \.chat.idleTimeout,
            environment: "SATCHEL_CHAT_IDLE_TIMEOUT",
            atLeast: .seconds(1),
            "how long a provider may be silent before an answer counts as broken off; at least `1s`"
        ),
        .flag(
            "chat.citations",
            \.chat.citations,
            environment: "SATCHEL_CHAT_CITATIONS",
            "ask for the places that an answer's words are from, where the provider can tell them"
        ),
        .patterns("pin", \.pinned, "paths and globs of files that every thread is shown with its first question"),
    ]
}
