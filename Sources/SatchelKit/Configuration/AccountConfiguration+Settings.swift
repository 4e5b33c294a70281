internal import SatchelCore

extension AccountConfiguration {
    /// Every key of an account below `accounts: NAME:`, in the order of documentation and listings.
    package static let settings: [Setting<AccountConfiguration>] = [
        kindSetting,
        .scalar(
            "base_url",
            \.baseURL,
            type: "address",
            expected: "an http or https address without a key in it, such as http://127.0.0.1:8080/v1",
            "where the service is; when unset, the provider's own",
            isSecret: true,
            parse: { SatchelKit.baseURL($0).map { .some($0) } },
            show: { $0 }
        ),
        .text("model", \.model, expected: "the name of a model", "the model that chats use"),
        keyEnvironmentSetting,
        keyCommandSetting,
        literalKeySetting,
        .text("organisation", \.organisation, expected: "a text", "the organisation requests are billed to"),
        .text("project", \.project, expected: "a text", "the project requests belong to"),
        .text(
            "api_version",
            \.apiVersion,
            expected: "a version such as v1beta",
            "which version of the provider's API is spoken, where it has several (gemini: `v1beta`)"
        ),
        .scalar(
            "ttl",
            \.ttl,
            type: "duration, `0` or `never`",
            expected: "a duration such as 24h, 0 or never",
            "how long copies of this account are wanted, instead of the general `ttl`",
            parse: { TimeToLive($0).map { .some($0) } },
            show: { $0?.description }
        ),
        .scalar(
            "max_bytes",
            \.maxBytes,
            type: "size",
            expected: "a size such as 10MB, 512KiB or 1.5G",
            "how much the copies of this workspace may take in the account, all together",
            parse: { ByteCount($0).map { .some($0) } },
            show: { $0?.spelled }
        ),
        headersSetting,
        limitsSetting,
        budgetSetting,
    ]

    private static let kindSetting = Setting<AccountConfiguration>(
        name: "kind",
        environment: nil,
        type: "one of " + ProviderID.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", "),
        expected: "one of \(kindNames)",
        summary: "which provider it is; may be left out where the account's name says it",
        isPersonal: false,
        read: { (input, account) throws(Mismatch) in
            // Also when it is none: that is told, and it is not missing then.
            account.kindIsGiven = true
            guard let text = input.node.text else { throw Mismatch() }
            guard let kind = ProviderID(rawValue: text) else {
                let meant = nearestName(to: text, among: ProviderID.allCases.map(\.rawValue))
                throw Mismatch(
                    "expected one of \(kindNames), found \(input.node.found)"
                        + (meant.map { "; did you mean \($0)?" } ?? "")
                )
            }
            account.kind = kind
        },
        show: { .text($0.kind.rawValue) }
    )

    private static let keyEnvironmentSetting = Setting<AccountConfiguration>(
        name: "key_env",
        environment: nil,
        type: "name of a variable, or a list of them",
        expected: "the name of an environment variable such as OPENAI_API_KEY",
        summary: "the variable that holds the key; of several the first that is set",
        isPersonal: false,
        read: { (input, account) throws(Mismatch) in
            let nodes =
                switch input.node.content {
                case .list(let nodes): nodes
                case .scalar, .mapping: [input.node]
                }
            account.keyEnvironment = []
            for node in nodes {
                guard let name = node.text, isVariableName(name) else {
                    // What stands here may be the key itself, so it is not repeated.
                    throw Mismatch("expected the name of an environment variable such as OPENAI_API_KEY", at: node)
                }
                account.keyEnvironment.append(name)
            }
        },
        show: { $0.keyEnvironment.isEmpty ? .unset : .list($0.keyEnvironment) }
    )

    private static let keyCommandSetting = Setting<AccountConfiguration>(
        name: "key_command",
        environment: nil,
        type: "command as a list of words, or a line for `/bin/sh`",
        expected: "a command such as [pass, show, openai]",
        summary: "the program that prints the key, when no variable holds it",
        isPersonal: false,
        read: { (input, account) throws(Mismatch) in
            guard case .list(let nodes) = input.node.content else {
                guard let line = input.node.text else { throw Mismatch() }
                account.keyCommand = .shell(line)
                return
            }
            var words: [String] = []
            for node in nodes {
                guard let word = commandWord(node) else {
                    throw Mismatch("expected a word of a command, found \(node.found)", at: node)
                }
                words.append(word)
            }
            guard words.first?.isEmpty == false else { throw Mismatch() }
            account.keyCommand = .arguments(words)
        },
        show: { $0.keyCommand.map { .text($0.description) } ?? .unset }
    )

    /// `api_key`: in a file that others read too it is refused with a word on what to do instead.
    private static let literalKeySetting = Setting<AccountConfiguration>(
        name: "api_key",
        environment: nil,
        type: "key",
        expected: "a key",
        summary: "the key itself; only in your own file, and only when nobody else may read it (mode 0600)",
        isPersonal: false,
        read: { (input, account) throws(Mismatch) in
            guard !input.source.isWorkspace else {
                throw Mismatch(
                    "a key in a workspace file is shared with everyone who gets the folder; remove it (and revoke it if "
                        + "it was committed), then name its environment variable in key_env, or use key_command"
                )
            }
            guard input.isPrivate else {
                throw Mismatch(
                    "others may read this file; make it private with chmod 600, or use key_env or key_command instead"
                )
            }
            guard let key = input.node.text.flatMap({ ResolvedKey($0) }) else {
                throw Mismatch("expected a key of printable characters without spaces")
            }
            account.literalKey = key
        },
        show: { $0.literalKey.map { .text($0.description) } ?? .unset }
    )

    private static let headersSetting = Setting<AccountConfiguration>(
        name: "headers",
        environment: nil,
        type: "names with values",
        expected: "headers such as {X-Team: docs}",
        summary: "sent with every request",
        isPersonal: false,
        read: { (input, account) throws(Mismatch) in
            // Names and values may be secrets, so they are not repeated.
            guard case .mapping(let pairs) = input.node.content else {
                throw Mismatch("expected headers such as {X-Team: docs}")
            }
            account.headers = []
            for (key, value) in pairs {
                guard let name = key.text, isHeaderName(name) else {
                    throw Mismatch("expected the name of a header, of letters, digits, _ and -", at: key)
                }
                guard !carriesKey(name) else {
                    throw Mismatch("\(name) is set from the account's key; use key_env or key_command", at: key)
                }
                guard !framesMessages(name) else {
                    throw Mismatch("\(name) belongs to the connection, not to the account; remove it", at: key)
                }
                guard let text = value.text, text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7f }) else {
                    throw Mismatch("expected one line of printable characters for \(withoutKeys(name))", at: value)
                }
                account.headers.append(Header(name: name, value: text))
            }
        },
        show: { $0.headers.isEmpty ? .unset : .list($0.headers.map { "\($0.name): ••••" }) }
    )
}

/// `local, openai, …`.
let kindNames = ProviderID.allCases.map(\.rawValue).joined(separator: ", ")

private func isVariableName(_ text: String) -> Bool {
    guard let first = text.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else { return false }
    // A name of lower-case letters is legal too, but a key pasted here by mistake most often has `-` or starts `sk`.
    return text.utf8.count <= 128 && text.utf8.allSatisfy { isTokenByte($0) && $0 != UInt8(ascii: "-") }
}

private func isHeaderName(_ text: String) -> Bool { !text.isEmpty && text.utf8.allSatisfy(isTokenByte) }

/// Letters, digits, `_` and `-`.
private func isTokenByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
        true
    default: false
    }
}

/// True for the headers that keys travel in.
private func carriesKey(_ name: String) -> Bool {
    ["authorization", "x-api-key", "x-goog-api-key", "api-key", "proxy-authorization", "cookie"]
        .contains(name.lowercased())
}

/// True for the headers that say where a message goes, how long it is and what becomes of the connection: with others
/// than our own the server would read something else than what was sent.
private func framesMessages(_ name: String) -> Bool {
    [
        "host", "content-length", "transfer-encoding", "connection", "te", "trailer", "upgrade", "expect", "keep-alive",
        "proxy-connection",
    ]
    .contains(name.lowercased())
}

/// A word of a command: any scalar, the empty one too when it is quoted.
private func commandWord(_ node: YAMLNode) -> String? {
    guard case .scalar(let text, let isPlain) = node.content, !(isPlain && text.isEmpty) else { return nil }
    return text.contains("\0") ? nil : text
}
