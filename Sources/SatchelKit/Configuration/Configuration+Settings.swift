internal import SatchelCore

extension Configuration {
    /// Every setting but those of accounts, in the order of documentation and listings.
    package static let settings: [Setting<Configuration>] =
        generalSettings + selectionSettings + safetySettings + gateSettings + watchSettings + chatSettings
        + imageSettings + personalSettings

    private static let generalSettings: [Setting<Configuration>] = [
        .scalar(
            "default_account",
            \.defaultAccount,
            environment: "SATCHEL_ACCOUNT",
            type: "account name",
            expected: "the name of an account",
            "the account that is meant when none is named",
            parse: { isAccountName($0) ? .some($0) : nil },
            show: { $0 }
        ),
        .scalar(
            "ttl",
            \.ttl,
            environment: "SATCHEL_TTL",
            type: "duration, `0` or `never`",
            expected: "a duration such as 24h, 0 or never",
            "how long remote copies are wanted",
            parse: { TimeToLive($0) },
            show: \.description
        ),
        .scalar(
            "renew",
            \.renewal,
            environment: "SATCHEL_RENEW",
            type: "`on-use` or `always`",
            expected: "on-use or always",
            "whether copies are uploaded again when they are needed, or kept alive while `watch` runs",
            parse: { Renewal(rawValue: $0) },
            show: \.rawValue
        ),
        .scalar(
            "upload",
            \.upload,
            environment: "SATCHEL_UPLOAD",
            type: "`eager` or `on-reference`",
            expected: "eager or on-reference",
            "whether a sync sends files, or the first chat that refers to them",
            parse: { UploadMoment(rawValue: $0) },
            show: \.rawValue
        ),
        .duration(
            "safety_margin",
            \.safetyMargin,
            environment: "SATCHEL_SAFETY_MARGIN",
            "how long before its expiry a copy counts as stale"
        ),
        .duration(
            "keep_unreferenced",
            \.keepUnreferenced,
            environment: "SATCHEL_KEEP_UNREFERENCED",
            "how long a copy is kept that nothing refers to any more"
        ),
        .scalar(
            "when_full",
            \.whenFull,
            environment: "SATCHEL_WHEN_FULL",
            type: "`stop` or `evict`",
            expected: "stop or evict",
            "whether uploads to an account without room fail, or copies unused for longest make room for them",
            parse: { WhenFull(rawValue: $0) },
            show: \.rawValue
        ),
        .size(
            "keep.max_file_size",
            \.keep.maxFileSize,
            environment: "SATCHEL_KEEP_MAX_FILE_SIZE",
            "of larger files the local store keeps no version for chats"
        ),
        .size(
            "keep.max_total",
            \.keep.maxTotal,
            environment: "SATCHEL_KEEP_MAX_TOTAL",
            "how much the local store keeps for chats and `add`, all together"
        ),
    ]

    private static let selectionSettings: [Setting<Configuration>] = [
        .patterns("include", \.selection.include, "when there are any, only files that match one of them are taken"),
        .patterns("exclude", \.selection.exclude, "files that are never taken, whatever other rules say"),
        .flag("hidden", \.selection.includesHidden, environment: "SATCHEL_HIDDEN", "take names that start with a dot"),
        .flag(
            "gitignore",
            \.selection.respectsGitignore,
            environment: "SATCHEL_GITIGNORE",
            "leave out what git ignores; `.ignore` and `.satchelignore` always count"
        ),
        .size(
            "max_file_size",
            \.selection.maxFileSize,
            environment: "SATCHEL_MAX_FILE_SIZE",
            "larger files are skipped"
        ),
    ]

    private static let safetySettings: [Setting<Configuration>] = [
        .scalar(
            "parallel_uploads",
            \.parallelUploads,
            environment: "SATCHEL_PARALLEL_UPLOADS",
            type: "number from 1 to 64",
            expected: "a number from 1 to 64",
            "uploads that run side by side; when unset, what suits the provider",
            parse: { wholeNumber($0, in: 1...64).map { .some($0) } },
            show: { $0.map { "\($0)" } }
        ),
        .number(
            "retries",
            \.retry.retries,
            in: 0...10,
            environment: "SATCHEL_RETRIES",
            "how often a request that failed for a passing reason is sent again"
        ),
        .number(
            "max_deletes.count",
            \.deleteCeiling.count,
            in: 0...1_000_000,
            environment: "SATCHEL_MAX_DELETES_COUNT",
            "a sync that would delete more files than this, and more than `max_deletes.percent`, stops and asks"
        ),
        .scalar(
            "max_deletes.percent",
            \.deleteCeiling.percent,
            environment: "SATCHEL_MAX_DELETES_PERCENT",
            type: "number from 0 to 100",
            expected: "a number from 0 to 100",
            "the same as a share of the files in step",
            parse: { wholeNumber($0.hasSuffix("%") ? String($0.dropLast()) : $0, in: 0...100) },
            show: { "\($0)" }
        ),
    ]

    private static let gateSettings: [Setting<Configuration>] = [
        .scalar(
            "gate.mode",
            \.gate.mode,
            environment: "SATCHEL_GATE_MODE",
            type: "`block`, `warn` or `off`",
            expected: "block, warn or off",
            "what is done with a file that holds a secret and is about to leave this machine",
            isPersonal: true,
            parse: { GateSettings.Mode(rawValue: $0) },
            show: \.rawValue
        ),
        .list(
            "gate.allow",
            \.gate.allow,
            environment: "SATCHEL_GATE_ALLOW",
            type: "list of fingerprints",
            expected: "a list of fingerprints such as [\"0123456789abcdef\"]",
            itemExpected: "a fingerprint of 16 hexadecimal digits, as sync tells it, in quotes",
            "findings of the gate that may leave",
            item: { text, _, _ in text.utf8.count == 16 && text.allSatisfy(\.isHexDigit) ? text.lowercased() : nil },
            show: { $0 }
        ),
        .list(
            "gate.patterns",
            \.gate.patterns,
            type: "list of secret patterns",
            expected: "a list of secret patterns such as [\"acme_[a-z0-9]{32}\"]",
            itemExpected: "a secret pattern such as \"acme_[a-z0-9]{32}\"",
            "what counts as a secret besides the known formats",
            keepsOwn: true,
            item: { text, _, _ throws(Mismatch) in
                do throws(SecretPatternError) {
                    return try SecretPattern(text)
                } catch {
                    throw Mismatch(error.advice)
                }
            },
            show: \.text
        ),
    ]

    private static let watchSettings: [Setting<Configuration>] = [
        .duration(
            "watch.quiet",
            \.watch.quiet,
            environment: "SATCHEL_WATCH_QUIET",
            "how long nothing may happen before a change is acted on"
        ),
        .duration(
            "watch.cap",
            \.watch.cap,
            environment: "SATCHEL_WATCH_CAP",
            "the longest that a change waits for quiet"
        ),
        .duration(
            "watch.delete_hold",
            \.watch.deleteHold,
            environment: "SATCHEL_WATCH_DELETE_HOLD",
            "how long a deleted file may take to come back"
        ),
        .duration(
            "watch.rescan",
            \.watch.rescan,
            environment: "SATCHEL_WATCH_RESCAN",
            atLeast: .seconds(1),
            canBeNever: true,
            "how often everything is looked at again; at least `1s`, `0` for never"
        ),
        .duration(
            "watch.cleanup",
            \.watch.cleanup,
            environment: "SATCHEL_WATCH_CLEANUP",
            atLeast: .seconds(1),
            canBeNever: true,
            "how often copies that nothing needs are deleted, as `cleanup` would; at least `1s`, `0` for never"
        ),
        .duration(
            "watch.poll",
            \.watch.poll,
            environment: "SATCHEL_WATCH_POLL",
            atLeast: .milliseconds(100),
            canBeNever: true,
            "how often everything is looked at where the system reports no changes: no watches left, network file "
                + "systems; at least `100ms`, `0` for never"
        ),
    ]

    private static let personalSettings: [Setting<Configuration>] = [
        .list(
            "prices",
            \.prices,
            type: "list of prices",
            expected: "a list of prices such as [gpt-5-mini input 0.25 cached 0.025 output 2]",
            itemExpected: "a price such as \"gpt-5-mini input 0.25 output 2\", in dollars for a million tokens",
            "what models cost, where you know better than the published table",
            isPersonal: true,
            item: { text, _, _ in OwnPrice(text) },
            show: \.text
        ),
        .list(
            "trusted_folders",
            \.trustedFolders,
            environment: "SATCHEL_TRUSTED_FOLDERS",
            type: "list of folders",
            expected: "a list of folders such as [~/work]",
            itemExpected: "a folder that starts with / or ~/",
            "workspaces in or below these may name servers and run a `key_command` from their own `satchel.yaml`",
            isPersonal: true,
            item: { text, _, _ in text.hasPrefix("/") || text.hasPrefix("~/") || text == "~" ? text : nil },
            show: { $0 }
        ),
    ]
}
