import SatchelCore
import SatchelKit
import Testing

struct ConfigurationErrorTests {
    struct Wrong: Sendable, CustomTestStringConvertible {
        var text: String
        var complaint: String
        var testDescription: String { complaint }

        init(_ text: String, _ complaint: String) {
            self.text = text
            self.complaint = complaint
        }
    }

    @Test(arguments: [
        Wrong(
            "# a\n# b\n# c\n# d\n# e\n# f\nttl:    soon\n",
            "satchel.yaml:7:9: ttl: expected a duration such as 24h, 0 or never, found \"soon\""
        ),
        Wrong("ttl:\n", "satchel.yaml:1:5: ttl: expected a duration such as 24h, 0 or never, found nothing"),
        Wrong("ttl: [1h]\n", "satchel.yaml:1:6: ttl: expected a duration such as 24h, 0 or never, found a list"),
        Wrong("renew: sometimes", "satchel.yaml:1:8: renew: expected on-use or always, found \"sometimes\""),
        Wrong("hidden: maybe", "satchel.yaml:1:9: hidden: expected true or false, found \"maybe\""),
        Wrong(
            "max_file_size: -1",
            "satchel.yaml:1:16: max_file_size: expected a size such as 10MB, 512KiB or 1.5G, found \"-1\""
        ),
        Wrong(
            "parallel_uploads: 0",
            "satchel.yaml:1:19: parallel_uploads: expected a number from 1 to 64, found \"0\""
        ),
        Wrong(
            "exclude: build/",
            "satchel.yaml:1:10: exclude: expected a list of patterns such as [\"*.log\", \"build/\"], found \"build/\""
        ),
        Wrong(
            "exclude:\n  - a\n  - {b: c}\n",
            "satchel.yaml:3:5: exclude: expected a pattern such as \"*.log\", found a mapping"
        ),
        Wrong(
            "exclude:\n  - #tmp#\n",
            "satchel.yaml:2:4: exclude: expected a pattern such as \"*.log\", found nothing"
        ),
        Wrong("watch: 3s", "satchel.yaml:1:8: watch: expected settings such as quiet below it, found \"3s\""),
        Wrong("watch: {cap: 100ms}", "satchel.yaml:1: watch.cap must not be shorter than watch.quiet"),
        Wrong(
            "keep_unreferenced: 99999999d",
            "satchel.yaml:1:20: keep_unreferenced: expected a duration such as 250ms, 10m or 24h, at most 36500d, "
                + "found \"99999999d\""
        ),
        Wrong(
            "watch: {cleanup: 1ms}",
            "satchel.yaml:1:18: watch.cleanup: expected a duration such as 250ms, 10m or 24h, at least 1s or 0 for "
                + "never, at most 36500d, found \"1ms\""
        ),
        Wrong(
            "chat: {idle_timeout: 0}",
            "satchel.yaml:1:22: chat.idle_timeout: expected a duration such as 250ms, 10m or 24h, at least 1s, at "
                + "most 36500d, found \"0\""
        ),
        Wrong("- ttl", "satchel.yaml:1:1: expected settings such as \"ttl: 24h\", found a list"),
        Wrong(
            "trusted_folders: [/]",
            "satchel.yaml:1:1: trusted_folders: only your own file may say this, not a workspace's; move it there"
        ),
    ])
    func aWrongValueIsNamedWithItsPlace(_ row: Wrong) {
        #expect(complaint(workspace: row.text) == row.complaint)
    }

    @Test(arguments: [
        Wrong("tll: 1h", "satchel.yaml:1:1: tll: there is no such setting; did you mean ttl?"),
        Wrong(
            "maxFileSize: 1MB",
            "satchel.yaml:1:1: maxFileSize: there is no such setting; did you mean max_file_size?"
        ),
        Wrong(
            "max-size: 1MB",
            "satchel.yaml:1:1: max-size: there is no such setting; did you mean max_file_size?"
        ),
        Wrong("excludes: []", "satchel.yaml:1:1: excludes: there is no such setting; did you mean exclude?"),
        Wrong("quiet: 1s", "satchel.yaml:1:1: quiet: there is no such setting; did you mean watch.quiet?"),
        Wrong("watch: {queit: 1s}", "satchel.yaml:1:9: watch.queit: there is no such setting; did you mean quiet?"),
        Wrong(
            "watch: {ttl: 1s}",
            "satchel.yaml:1:9: watch.ttl: there is no such setting; it stands at the top, not below watch"
        ),
        Wrong("account: {}", "satchel.yaml:1:1: account: there is no such setting; did you mean accounts?"),
        Wrong(
            "accounts: {openai: {organization: x}}",
            "satchel.yaml:1:21: accounts.openai.organization: there is no such setting; did you mean organisation?"
        ),
        Wrong(
            "zebra: 1",
            "satchel.yaml:1:1: zebra: there is no such setting; there are accounts, chat, default_account, exclude, "
                + "gate, gitignore, hidden, image, include, keep, keep_unreferenced, max_deletes, max_file_size, "
                + "parallel_uploads, pin, prices, renew, retries, safety_margin, trusted_folders, ttl, upload, "
                + "watch, when_full"
        ),
        Wrong(
            "watch: {zebra: 1}",
            "satchel.yaml:1:9: watch.zebra: there is no such setting; there are quiet, cap, delete_hold, rescan, "
                + "cleanup, poll"
        ),
    ])
    func anUnknownSettingIsAnErrorWithASuggestion(_ row: Wrong) {
        #expect(complaint(workspace: row.text) == row.complaint)
    }

    @Test(arguments: [
        Wrong(
            "ttl: 1h\nhidden: true\nttl: 2h\n",
            "satchel.yaml:3:1: ttl: written twice; the first is in line 1; keep one"
        ),
        Wrong(
            "watch:\n  cap: 4s\n  \"cap\": 5s\n",
            "satchel.yaml:3:3: cap: written twice; the first is in line 2; keep one"
        ),
        Wrong("watch:\n\tquiet: 1s\n", "satchel.yaml:2:1: a tab; YAML is indented with spaces"),
        Wrong("exclude:\n  - *.log\n", "satchel.yaml:2:5: a value that starts with * must be quoted: \"*.log\""),
        Wrong("exclude: [*.log, b]\n", "satchel.yaml:1:11: a value that starts with * must be quoted: \"*.log\""),
        Wrong("exclude:\n  - *log\n", "satchel.yaml:2:5: a value that starts with * must be quoted: \"*log\""),
        Wrong("exclude:\n  - !keep.md\n", "satchel.yaml:2:5: a value that starts with ! must be quoted: \"!keep.md\""),
        Wrong("exclude:\n  - @work\n", "satchel.yaml:2:5: a value that starts with @ must be quoted: \"@work\""),
        Wrong(
            "chat: {system: say: hello}\n",
            "satchel.yaml:1:19: expected a comma or the closing bracket; quote text that has brackets or a \": \" in it"
        ),
        Wrong(
            "chat:\n  system: say: hello\n",
            "satchel.yaml:2:14: a \": \" where none can stand; indent this line like its neighbours, or quote the value"
        ),
        Wrong(
            "exclude:\n  - {a,b}.md\n",
            "satchel.yaml:2:10: expected a key or a list item here; indent this line like its neighbours"
        ),
        Wrong(
            "ttl: 1h\nhidden\nrenew: always\n",
            "satchel.yaml:3:1: expected \"key: value\"; is a colon or the space behind it missing?"
        ),
        Wrong("ttl: 1h\n---\nttl: 2h\n", "satchel.yaml:2:1: a second document; keep one, without \"---\" in between"),
        Wrong(
            "ttl: 1h\u{0}\n",
            "satchel.yaml:1:8: a control character (byte 0x0) cannot stand in a configuration; remove it"
        ),
    ])
    func whatIsNotYAMLIsExplained(_ row: Wrong) {
        #expect(complaint(workspace: row.text) == row.complaint)
    }

    @Test func textThatIsNotUTF8IsRefusedWithItsPlace() {
        let bytes = Array("ttl: 1h\nchat: {system: \"caf".utf8) + [0xe9] + Array("\"}\n".utf8)
        #expect {
            try configuration(workspaceBytes: bytes)
        } throws: { error in
            "\(error)" == "satchel.yaml:2:20: not UTF-8 text; save the file as UTF-8"
        }
    }

    @Test func everyProblemOfEveryPlaceIsToldAtOnce() {
        let result = complaint(
            workspace: "ttl: soon\nhiden: true\n",
            user: "retries: many\n",
            environment: ["SATCHEL_RENEW": "no"],
            overrides: [Configuration.Override("parallel_uploads", "99", flag: "--parallel-uploads")]
        )
        #expect(
            result == """
                ~/.config/satchel/config.yaml:1:10: retries: expected a number from 0 to 10, found "many"
                satchel.yaml:1:6: ttl: expected a duration such as 24h, 0 or never, found "soon"
                satchel.yaml:2:1: hiden: there is no such setting; did you mean hidden?
                SATCHEL_RENEW: expected on-use or always, found "no"
                --parallel-uploads: expected a number from 1 to 64, found "99"
                """
        )
    }

    @Test func allThatIsWrongInAListIsToldAtOnce() {
        #expect(
            complaint(workspace: "gate:\n  patterns: [\"^A\", ok, \"a?\", \"\\\\bA\"]\n")
                == """
                satchel.yaml:2:14: gate.patterns: a pattern is looked for anywhere in a line; leave out ^ at its beginning \
                and $ at its end, or write \\^ and \\$ for the signs themselves
                satchel.yaml:2:24: gate.patterns: expected a secret pattern such as "acme_[a-z0-9]{32}", found "a?"
                satchel.yaml:2:30: gate.patterns: \\b is not known; there are \\d, \\w and \\s, and a \\ before a sign that \
                is meant as itself
                """
        )
        #expect(
            complaint(environment: ["SATCHEL_TRUSTED_FOLDERS": "work:/srv:docs"])
                == """
                SATCHEL_TRUSTED_FOLDERS: expected a folder that starts with / or ~/, found "work"
                SATCHEL_TRUSTED_FOLDERS: expected a folder that starts with / or ~/, found "docs"
                """
        )
    }

    @Test(arguments: [
        "accounts: {openai: KEY}", "accounts: KEY", "accounts: {KEY/x: {}}", "accounts: {openai: {KEY: x}}", "KEY: x",
        "KEY", "chat: {KEY: x}", "watch: KEY", "ttl: KEY", "default_account: KEY", "exclude: KEY",
        "gate: {patterns: KEY}", "gate: {allow: [KEY]}", "accounts: {openai: {kind: KEY}}",
        "accounts: {openai: {base_url: KEY}}", "accounts: {openai: {base_url: 'https://me:KEY@gw.example'}}",
        "accounts: {openai: {base_url: 'https://gw.example/?key=KEY'}}", "accounts: {openai: {key_env: KEY}}",
        "accounts: {openai: {headers: 'X-Auth: KEY'}}", "accounts: {openai: {headers: {'KEY:': x}}}",
        "accounts: {openai: {headers: {X-Auth: \"KEY\\n\"}}}", "accounts: {openai: {limits: KEY}}",
        "accounts: {openai: {limits: {KEY: 1}}}", "accounts: {openai: {budget: {money_per_day: KEY}}}",
        "accounts: {openai: {api_key: KEY}}", "accounts: {openai: {ttl: KEY}}", "a: {KEY: 1, KEY: 2}\n",
        "ttl: 'https://me:hunter2@gw.example'", "ttl: @KEY",
    ])
    func aKeyInTheWrongPlaceIsNotRepeated(text: String) {
        let key = "sk-proj-0123456789abcdefghij"
        let result = complaint(workspace: text.replacing("KEY", with: key))
        #expect(!result.isEmpty)
        #expect(!result.contains("6789") && !result.contains("hunter2"), "\(result)")
    }

    @Test(arguments: [
        ("accounts: {x: {kind: openai, base_url: 'https://user:hunter2hunter2@gw.example/v1'}}", "hunter2"),
        ("accounts: {x: {kind: openai, base_url: s3cr3t}}", "s3cr3t"),
        ("accounts: {x: {kind: openai, headers: 'X-Auth: s3cr3t'}}", "s3cr3t"),
        ("accounts: {x: s3cr3t}", "s3cr3t"),
    ])
    func whereASecretMayStandNothingIsRepeated(text: String, secret: String) {
        let result = complaint(user: text)
        #expect(!result.isEmpty && !result.contains(secret), "\(result)")
    }

    @Test func whatAStrangerWroteDoesNotReachTheTerminalRaw() {
        let result = complaint(workspace: "ttl: \"\\e[31mred\"\n")
        #expect(result == "satchel.yaml:1:6: ttl: expected a duration such as 24h, 0 or never, found \"[31mred\"")
    }

    @Test func aHostileFileCostsNoMoreThanAMoment() {
        var bomb = "a0: &a0 [x, x]\n"
        for level in 1...30 { bomb += "a\(level): &a\(level) [*a\(level - 1), *a\(level - 1)]\n" }
        bomb += "? *a30\n: 1\n"
        #expect(complaint(workspace: bomb) == "satchel.yaml: more than 16 aliases (*name); write the values out")

        let deep = complaint(workspace: String(repeating: "[", count: 100_000))
        #expect(deep.contains("nested too deeply"))
        let blocks = complaint(workspace: String(repeating: "- ", count: 900) + "x")
        #expect(blocks.contains("nested too deeply"))
        let wide = complaint(workspace: "exclude: [" + String(repeating: "a,", count: 200_000) + "a]")
        #expect(wide.contains("nested too deeply or too large"))
        let large = complaint(workspace: String(repeating: "#", count: (1 << 20) + 1))
        #expect(large == "satchel.yaml: cannot be read: it is larger than 1 MiB; a configuration is a few lines")
    }

    @Test func aFewAliasesAreFine() throws {
        let result = try configuration(workspace: "include: &mine [\"a\", \"b\"]\nexclude: *mine\n")
        #expect(result.selection.exclude.map(\.pattern) == ["a", "b"])
    }

    @Test func anAccountThatIsNamedMustBeThere() {
        #expect(
            complaint(workspace: "default_account: opnai", environment: ["OPENAI_API_KEY": "sk-1"])
                == "satchel.yaml:1: default_account: there is no account \"opnai\"; did you mean openai?"
        )
        #expect(
            complaint(environment: ["SATCHEL_ACCOUNT": "work"])
                == "SATCHEL_ACCOUNT: there is no account \"work\"; there is only local"
        )
        #expect(
            complaint(environment: ["SATCHEL_ACCOUNT": "gemini"])
                .contains("set GEMINI_API_KEY, or define it under accounts")
        )
        #expect(
            complaint(environment: ["SATCHEL_ACCOUNT": "mistral"])
                == "SATCHEL_ACCOUNT: there is no account \"mistral\"; set MISTRAL_API_KEY, or define it under accounts"
        )
        #expect(
            complaint(workspace: "default_account: xai\naccounts: {work: {kind: xai}}", environment: [:])
                == "satchel.yaml:1: default_account: there is no account \"xai\"; of that kind there is work"
        )
    }

    @Test func aSettingInTheWrongPlaceIsToldItsPlace() {
        #expect(
            complaint(workspace: "accounts: {openai: {when_full: evict}}")
                == "satchel.yaml:1:21: accounts.openai.when_full: there is no such setting; "
                + "it stands at the top, not below accounts.openai"
        )
    }

    @Test func aKindThatIsNoneIsNotSaidToBeMissing() {
        let text = complaint(workspace: "accounts: {lab: {kind: blub}}")
        #expect(text.contains("accounts.lab.kind: expected one of local, "))
        #expect(!text.contains("kind is missing"))
    }
}
