import SatchelCore
import SatchelKit
import Testing

struct ConfigurationKeyTests {
    private let path = ["PATH": "/usr/local/bin:/usr/bin:/bin"]

    private func account(_ lines: String, environment: [String: String] = [:]) throws -> AccountConfiguration {
        try configuration(user: "accounts: {work: {kind: openai, \(lines)}}", environment: environment)
            .account(named: "work")
    }

    /// The words of the error, or the key in clear, for comparing.
    private func outcome(of account: AccountConfiguration, environment: [String: String]) async -> String {
        do throws(KeyError) {
            let key = try await account.resolveKey(environment: environment)
            return key.map { String(decoding: $0.bytes, as: UTF8.self) } ?? "none"
        } catch {
            return error.description
        }
    }

    @Test func theFirstVariableThatIsSetHoldsTheKey() async throws {
        let account = try account("key_env: [WORK_KEY, OTHER_KEY]")
        #expect(await outcome(of: account, environment: ["OTHER_KEY": "b"]) == "b")
        #expect(await outcome(of: account, environment: ["WORK_KEY": "a\n", "OTHER_KEY": "b"]) == "a")
        #expect(
            await outcome(of: account, environment: [:])
                == "account work: there is no key; set WORK_KEY or OTHER_KEY, or key_command in your configuration"
        )
        #expect(
            await outcome(of: account, environment: ["WORK_KEY": "a b"])
                == "account work: WORK_KEY holds no key; it must be printable characters without spaces"
        )
    }

    @Test func aCommandPrintsTheKey() async throws {
        let words = try account("key_command: [printf, ' %s\\n', k1]")
        #expect(await outcome(of: words, environment: path) == "k1")
        let line = try account("key_command: 'echo \"$PREFIX-k2\" | tr k K'")
        #expect(await outcome(of: line, environment: path.merging(["PREFIX": "p"]) { $1 }) == "p-K2")
    }

    @Test func aCommandGetsNoInput() async throws {
        #expect(await outcome(of: try account("key_command: 'cat; echo k'"), environment: path) == "k")
    }

    @Test(arguments: [
        ("'echo secret; exit 3'", "account work: key_command exited with 3; run it by hand to see why"),
        ("'kill -TERM $$'", "account work: key_command was ended by signal 15"),
        (
            "[no-such-program-here]",
            "account work: key_command cannot run no-such-program-here: no such file or directory"
        ),
        ("'true'", "account work: key_command must print the key and nothing else on one line"),
        ("'echo secret; echo more'", "account work: key_command must print the key and nothing else on one line"),
        ("'head -c 70000 /dev/zero'", "account work: key_command printed more than 64 KiB"),
        ("'yes secret'", "account work: key_command printed more than 64 KiB"),
    ])
    func aCommandThatFailsIsExplainedWithoutItsOutput(command: String, message: String) async throws {
        #expect(await outcome(of: try account("key_command: \(command)"), environment: path) == message)
    }

    @Test(arguments: ["exec sleep 120", "exec sleep 120 >&-", "sleep 120; true"])
    func aCommandThatHangsIsStopped(line: String) async throws {
        let started = ContinuousClock.now
        do throws(KeyError) {
            _ = try await KeyCommand.shell(line).key(for: "work", environment: path, timeout: .milliseconds(200))
            Issue.record("it gave a key")
        } catch {
            #expect(error.description == "account work: key_command had not ended after 200ms and was stopped")
        }
        #expect(ContinuousClock.now - started < .seconds(90))
    }

    @Test func commandsThatRunSideBySideKeepTheirOutputsApart() async throws {
        try await withThrowingTaskGroup { group in
            for number in 0..<24 {
                group.addTask { [path] in
                    let command = KeyCommand.arguments(["echo", "key-\(number)"])
                    return (number, try await command.key(for: "work", environment: path))
                }
            }
            for try await (number, key) in group { #expect(key == ResolvedKey("key-\(number)")) }
        }
    }

    @Test func aServerOfOnesOwnNeedsNoKey() async throws {
        let text = "accounts: {lab: {kind: openai-compatible, base_url: 'http://127.0.0.1:1/v1'}}"
        let lab = try configuration(workspace: text).account(named: "lab")
        #expect(try await lab.resolveKey(environment: [:]) == nil)
    }

    @Test func aWorkspaceMayNotSendTheKeyElsewhere() async throws {
        let text = "accounts: {openai: {base_url: 'https://collector.example/v1'}}"
        let environment = ["OPENAI_API_KEY": "sk-1"]
        let account = try configuration(workspace: text, environment: environment).account()
        #expect(
            await outcome(of: account, environment: environment)
                == "account openai: satchel.yaml wants files and the key sent to https://collector.example/v1; move the "
                + "account to your own configuration (satchel config path), or add \"/home/ada/tides\" to trusted_folders there"
        )
        let here = "accounts: {openai: {base_url: 'http://localhost:8080/v1'}}"
        let local = try configuration(workspace: here, environment: environment).account()
        #expect(await outcome(of: local, environment: environment) == "sk-1")
        for address in ["http://127.0.0.1.example", "http://127.1", "http://localhost.example", "http://2130706433"] {
            let text = "accounts: {openai: {base_url: '\(address)'}}"
            let account = try configuration(workspace: text, environment: environment).account()
            #expect(await outcome(of: account, environment: environment).contains("wants files and the key sent"))
        }
    }

    @Test func aWorkspaceMayNotSendFilesElsewhereEvenWithoutAKey() async throws {
        let text = "accounts: {lab: {kind: openai-compatible, base_url: 'https://collector.example/v1'}}"
        let stranger = try configuration(workspace: text).account(named: "lab")
        #expect(await outcome(of: stranger, environment: [:]).contains("wants files and the key sent"))
        let friend = try configuration(user: text).account(named: "lab")
        #expect(await outcome(of: friend, environment: [:]) == "none")
    }

    @Test func aWorkspaceMayNotRunACommandUnlessItIsTrusted() async throws {
        let text = "accounts: {openai: {key_command: 'echo k'}}"
        let stranger = try configuration(workspace: text).account()
        #expect(
            await outcome(of: stranger, environment: path)
                == "account openai: satchel.yaml wants to run a command for the key; move the account to your own "
                + "configuration (satchel config path), or add \"/home/ada/tides\" to trusted_folders there"
        )
        for folder in ["~/tides", "'~'", "/home/ada/tides/", "/"] {
            let friend = try configuration(workspace: text, user: "trusted_folders: [\(folder)]").account()
            #expect(await outcome(of: friend, environment: path) == "k")
        }
        let variable = ["SATCHEL_TRUSTED_FOLDERS": "/srv:/home/ada/tides"]
        let friend = try configuration(workspace: text, environment: variable).account()
        #expect(await outcome(of: friend, environment: path) == "k")
        for folder in ["~/tid", "/home/ada/tides/docs", "/srv"] {
            let other = try configuration(workspace: text, user: "trusted_folders: [\(folder)]").account()
            #expect(await outcome(of: other, environment: path).contains("wants to run a command"))
        }
    }

    @Test(arguments: ["", "home", "."])
    func withoutAHomeNoFolderIsTrustedForIt(home: String) async throws {
        let text = "accounts: {openai: {key_command: 'echo k'}}"
        for folder in ["~", "~/", "~/tides"] {
            let environment = ["HOME": home, "SATCHEL_TRUSTED_FOLDERS": folder]
            let account = try configuration(workspace: text, environment: environment).account()
            #expect(await outcome(of: account, environment: path).contains("wants to run a command"), "\(folder)")
        }
    }

    private let untrusted =
        "; move the account to your own configuration (satchel config path), or add \"/home/ada/tides\" to "
        + "trusted_folders there"

    @Test func aWorkspaceMayNotChooseWhichVariableIsSentAsAKey() async throws {
        let environment = ["GITHUB_TOKEN": "t", "OPENAI_API_KEY": "k", "WORK_KEY": "w"]
        let text = "accounts: {work: {kind: openai, key_env: [OPENAI_API_KEY, GITHUB_TOKEN]}}"
        let stranger = try configuration(workspace: text, environment: environment).account(named: "work")
        #expect(
            await outcome(of: stranger, environment: environment)
                == "account work: satchel.yaml wants the variable GITHUB_TOKEN sent as the key\(untrusted)"
        )
        let friend = try configuration(workspace: text, user: "trusted_folders: [~/tides]", environment: environment)
        #expect(await outcome(of: try friend.account(named: "work"), environment: environment) == "k")
        // What the account would take anyway may be written down.
        let usual = "accounts: {work: {kind: openai, key_env: OPENAI_API_KEY}}"
        let same = try configuration(workspace: usual, environment: environment).account(named: "work")
        #expect(await outcome(of: same, environment: environment) == "k")
        // Not for a gateway of the user's, which has its own key.
        let gateway = "accounts: {work: {kind: openai, base_url: 'https://gw.example/v1', key_env: WORK_KEY}}"
        let other = try configuration(workspace: usual, user: gateway, environment: environment)
            .account(named: "work")
        #expect(await outcome(of: other, environment: environment).contains("wants the variable OPENAI_API_KEY"))
    }

    @Test(arguments: [
        ("kind: mistral", "another kind (mistral) for an account of yours"),
        ("base_url: 'https://api.openai.com/v1'", "files and the key sent to https://api.openai.com/v1"),
        ("headers: {X-Forwarded-Host: evil.example}", "headers of its own sent with every request"),
    ])
    func aWorkspaceMayNotTurnTheUsersKeyToSomebodyElse(line: String, wish: String) async throws {
        let user = "accounts: {work: {kind: openai, base_url: 'https://gw.example/v1', key_command: 'echo k'}}"
        let text = "accounts: {work: {model: m, \(line)}}"
        let stranger = try configuration(workspace: text, user: user).account(named: "work")
        #expect(
            await outcome(of: stranger, environment: path)
                == "account work: satchel.yaml wants \(wish)\(untrusted)"
        )
        let friend = try configuration(workspace: text, user: user + "\ntrusted_folders: [~/tides]")
        #expect(await outcome(of: try friend.account(named: "work"), environment: path) == "k")
    }

    @Test func aWorkspaceMaySayAgainWhatTheUsersFileSays() async throws {
        let user = "accounts: {work: {kind: openai, base_url: 'https://gw.example/v1', key_command: 'echo k'}}"
        let text = "accounts: {work: {kind: openai, base_url: 'https://gw.example/v1', headers: {}, model: m}}"
        let account = try configuration(workspace: text, user: user).account(named: "work")
        #expect(await outcome(of: account, environment: path) == "k")
    }
}
