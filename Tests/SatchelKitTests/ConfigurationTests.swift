import SatchelCore
import SatchelKit
import Testing

struct ConfigurationTests {
    @Test func withoutAnythingEveryValueIsBuiltIn() throws {
        let result = try configuration()
        #expect(result.ttl == .seconds(86400))
        #expect(result.renewal == .onUse)
        #expect(result.safetyMargin == .seconds(600))
        #expect(result.keepUnreferenced == .seconds(86400))
        #expect(result.selection.maxFileSize.bytes == 10_000_000)
        #expect(result.selection.respectsGitignore)
        #expect(!result.selection.includesHidden)
        #expect(result.parallelUploads == nil)
        #expect(result.retry == RetryPolicy())
        #expect(result.deleteCeiling == DeleteCeiling())
        #expect(result.watch == WatchTiming())
        #expect(result.chat == ChatDefaults())
        #expect(result.accounts.map(\.name) == ["local"])
        #expect(result.defaultAccountName == "local")
        #expect(result.listing.allSatisfy { $0.source == .builtIn })
    }

    @Test func everySettingIsReadFromTheWorkspaceFile() throws {
        let result = try configuration(
            workspace: """
                default_account: lab
                accounts:
                  lab:
                    kind: openai-compatible
                    base_url: http://127.0.0.1:8080/v1/
                    model: tides-7b
                    ttl: never
                    headers: {X-Team: docs}
                ttl: 90m
                renew: always
                safety_margin: 5m
                keep_unreferenced: 2d
                include: ["docs/", "*.md"]
                exclude:
                  - "*.log"
                hidden: yes
                gitignore: false
                max_file_size: 64KiB
                parallel_uploads: 3
                retries: 4
                max_deletes: {count: 5, percent: 20%}
                watch:
                  quiet: 100ms
                  cap: 2s
                  delete_hold: 1500ms
                  rescan: 1h
                chat: {account: local, model: gpt-x, system: "Be brief: really."}
                pin: [/README.md]
                """
        )
        #expect(result.defaultAccountName == "lab")
        let lab = try result.account()
        #expect(lab.kind == .openaiCompatible)
        #expect(lab.baseURL == "http://127.0.0.1:8080/v1")
        #expect(lab.headers == [AccountConfiguration.Header(name: "X-Team", value: "docs")])
        #expect(result.model(for: lab) == "tides-7b")
        #expect(result.ttl(for: lab) == .never)
        #expect(result.ttl == .seconds(5400))
        #expect(result.renewal == .always)
        #expect(result.safetyMargin == .seconds(300))
        #expect(result.keepUnreferenced == .seconds(172_800))
        #expect(result.selection.include.map(\.description) == ["satchel.yaml:13 docs/", "satchel.yaml:13 *.md"])
        #expect(result.selection.exclude.map(\.description) == ["satchel.yaml:15 *.log"])
        #expect(result.selection.includesHidden)
        #expect(!result.selection.respectsGitignore)
        #expect(result.selection.maxFileSize.bytes == 65536)
        #expect(result.parallelUploads == 3)
        #expect(result.retry.retries == 4)
        #expect(result.deleteCeiling.count == 5)
        #expect(result.deleteCeiling.percent == 20)
        #expect(result.watch.quiet == .milliseconds(100))
        #expect(result.watch.deleteHold == .milliseconds(1500))
        #expect(result.watch.rescan == .seconds(3600))
        #expect(result.chat.account == "local")
        #expect(result.chat.system == "Be brief: really.")
        #expect(result.pinned.map(\.pattern) == ["/README.md"])
    }

    struct Precedence: Sendable, CustomTestStringConvertible {
        var user: String?
        var workspace: String?
        var environment: [String: String] = [:]
        var overrides: [Configuration.Override] = []
        var ttl: TimeToLive
        var source: String
        var testDescription: String { source }
    }

    @Test(arguments: [
        Precedence(ttl: .seconds(86400), source: "default"),
        Precedence(user: "# mine\nttl: 1h\n", ttl: .seconds(3600), source: "~/.config/satchel/config.yaml:2"),
        Precedence(user: "ttl: 1h", workspace: "\nttl: 2h", ttl: .seconds(7200), source: "satchel.yaml:2"),
        Precedence(
            user: "ttl: 1h",
            workspace: "ttl: 2h",
            environment: ["SATCHEL_TTL": "3h"],
            ttl: .seconds(10800),
            source: "SATCHEL_TTL"
        ),
        Precedence(
            workspace: "ttl: 2h",
            environment: ["SATCHEL_TTL": "3h"],
            overrides: [Configuration.Override("ttl", "0", flag: "--ttl")],
            ttl: .session,
            source: "--ttl"
        ),
        Precedence(
            workspace: "ttl: 2h",
            environment: ["SATCHEL_TTL": ""],
            ttl: .seconds(7200),
            source: "satchel.yaml:1"
        ),
        Precedence(
            user: "ttl: 1h",
            workspace: "hidden: true",
            ttl: .seconds(3600),
            source: "~/.config/satchel/config.yaml:1"
        ),
    ])
    func theNearerPlaceWins(_ row: Precedence) throws {
        let result = try configuration(
            workspace: row.workspace,
            user: row.user,
            environment: row.environment,
            overrides: row.overrides
        )
        #expect(result.ttl == row.ttl)
        #expect(result.source(of: "ttl").description == row.source)
    }

    @Test func aListReplacesTheListOfAFartherPlace() throws {
        let result = try configuration(workspace: "exclude: [\"b\"]", user: "exclude: [\"a\", \"c\"]")
        #expect(result.selection.exclude.map(\.pattern) == ["b"])
    }

    @Test func theFilesOfAnAccountAreMergedValueByValue() throws {
        let result = try configuration(
            workspace: "accounts: {work: {model: small}}",
            user: "accounts: {work: {kind: openai, model: large, key_command: [pass, show, work]}}"
        )
        let work = try result.account(named: "work")
        #expect(work.model == "small")
        #expect(work.keyCommand == .arguments(["pass", "show", "work"]))
        #expect(work.source(of: "model").description == "satchel.yaml:1")
        #expect(work.source(of: "kind").description == "~/.config/satchel/config.yaml:1")
    }

    @Test func aVariableForThisRunWinsOverWhatTheAccountSays() throws {
        let text = "accounts: {lab: {kind: openai-compatible, base_url: 'http://localhost:1', model: small, ttl: 1h}}"
        let result = try configuration(
            workspace: text + "\nttl: 5h",
            environment: ["SATCHEL_MODEL": "large"],
            overrides: [Configuration.Override("ttl", "never", flag: "--ttl")]
        )
        let lab = try result.account(named: "lab")
        #expect(result.model(for: lab) == "large")
        #expect(result.ttl(for: lab) == .never)
    }

    @Test func theUserFileIsFoundWhereTheSpecificationSays() {
        #expect(Configuration.userFilePath(environment: [:]) == nil)
        #expect(Configuration.userFilePath(environment: ["HOME": "/h"]) == "/h/.config/satchel/config.yaml")
        let both = ["HOME": "/h", "XDG_CONFIG_HOME": "/x"]
        #expect(Configuration.userFilePath(environment: both) == "/x/satchel/config.yaml")
        let relative = ["HOME": "/h", "XDG_CONFIG_HOME": "x"]
        #expect(Configuration.userFilePath(environment: relative) == "/h/.config/satchel/config.yaml")
        #expect(Configuration.userFilePath(environment: ["HOME": "/h", "SATCHEL_CONFIG": "/c"]) == "/c")
    }

    @Test func aUserFileThatWasNamedMustBeThere() {
        #expect(
            complaint(environment: ["SATCHEL_CONFIG": "/home/ada/gone.yaml"])
                == "SATCHEL_CONFIG: there is no file ~/gone.yaml; create it, or unset the variable"
        )
    }

    @Test func anEmptyFileSaysNothing() throws {
        for text in ["", "\n", "# only words\n", "---\n", "accounts:\n", "watch:\ninclude:\n"] {
            let rows = try configuration(workspace: text).listing
            #expect(rows.map(\.value) == (try configuration().listing.map(\.value)), "\(text)")
        }
    }

    @Test func aByteOrderMarkIsNoText() throws {
        #expect(try configuration(workspace: "\u{feff}ttl: 1h").ttl == .seconds(3600))
    }

    @Test func theListingShowsValuesWithTheirPlaces() throws {
        let result = try configuration(
            workspace: "watch:\n  quiet: 100ms\n",
            user: "accounts:\n  work:\n    kind: openai\n    api_key: sk-abcdefghijklmnopqrstuvwxyz\n",
            userIsPrivate: true,
            environment: ["SATCHEL_MAX_FILE_SIZE": "1MiB"]
        )
        let lines = result.listing.map { "\($0.key) = \($0.value)  (\($0.source))" }
        #expect(lines.contains("ttl = 24h  (default)"))
        #expect(lines.contains("watch.quiet = 100ms  (satchel.yaml:2)"))
        #expect(lines.contains("max_file_size = 1MiB  (SATCHEL_MAX_FILE_SIZE)"))
        #expect(lines.contains("accounts.work.kind = openai  (~/.config/satchel/config.yaml:3)"))
        #expect(lines.contains("accounts.work.api_key = ••••wxyz  (~/.config/satchel/config.yaml:4)"))
        #expect(lines.contains("accounts.work.base_url = https://api.openai.com/v1  (default)"))
        #expect(!lines.joined().contains("abcdef"))
    }
}
