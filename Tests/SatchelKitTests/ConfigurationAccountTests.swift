import SatchelCore
import SatchelKit
import Testing

struct ConfigurationAccountTests {
    @Test func aKeyInTheEnvironmentIsAnAccount() throws {
        let result = try configuration(environment: ["OPENAI_API_KEY": "sk-1", "OPENAI_ORG_ID": "org-1"])
        #expect(result.accounts.map(\.name) == ["openai", "local"])
        #expect(result.defaultAccountName == "openai")
        let account = try result.account()
        #expect(account.baseURL == "https://api.openai.com/v1")
        #expect(account.organisation == "org-1")
        #expect(account.source.description == "OPENAI_API_KEY")
    }

    @Test(arguments: [
        ("OPENAI_API_KEY", "openai"), ("ANTHROPIC_API_KEY", "anthropic"), ("GEMINI_API_KEY", "gemini"),
        ("GOOGLE_API_KEY", "gemini"), ("XAI_API_KEY", "xai"), ("MISTRAL_API_KEY", "mistral"),
    ])
    func everyProvidersVariableIsKnown(variable: String, name: String) throws {
        let result = try configuration(environment: [variable: "k"])
        #expect(result.accounts.map(\.name).sorted() == [name, "local"].sorted())
    }

    @Test func severalKeysLeaveTheChoiceToTheUser() throws {
        let keys = ["OPENAI_API_KEY": "a", "LAB_KEY": "b"]
        let lab = "accounts: {lab: {kind: openai-compatible, base_url: 'http://127.0.0.1:1', key_env: LAB_KEY}}"
        #expect(try configuration(workspace: lab, environment: keys).defaultAccountName == "local")
        #expect(try configuration(workspace: lab, environment: ["LAB_KEY": "b"]).defaultAccountName == "lab")
        let chosen = try configuration(workspace: lab + "\ndefault_account: openai", environment: keys)
        #expect(chosen.defaultAccountName == "openai")
    }

    @Test func aConfiguredAccountTakesThePlaceOfTheOneFromTheEnvironment() throws {
        let result = try configuration(
            workspace: "accounts: {work: {kind: openai, model: m}}",
            environment: ["OPENAI_API_KEY": "sk-1"]
        )
        #expect(result.accounts.map(\.name) == ["work", "local"])
        #expect(result.defaultAccountName == "work")
    }

    @Test func theProvidersVariableGivesTheAddressUnlessAFileDoes() throws {
        let environment = ["OPENAI_API_KEY": "k", "OPENAI_BASE_URL": "http://127.0.0.1:9/v1/"]
        #expect(try configuration(environment: environment).account().baseURL == "http://127.0.0.1:9/v1")
        let own = "accounts: {openai: {base_url: 'https://proxy.example/v1'}}"
        #expect(try configuration(user: own, environment: environment).account().baseURL == "https://proxy.example/v1")
        #expect(
            complaint(environment: ["OPENAI_API_KEY": "k", "OPENAI_BASE_URL": "proxy"])
                == "OPENAI_BASE_URL: expected an http or https address such as https://api.example.org/v1"
        )
    }

    @Test(arguments: [
        ("accounts: {lab: {model: x}}", "satchel.yaml:1: accounts.lab: kind is missing; add kind: with one of local, "),
        ("accounts: {lab: {kind: opnai}}", "satchel.yaml:1:24: accounts.lab.kind: expected one of local, openai, "),
        (
            "accounts: {lab: {kind: openai-compatible}}",
            "satchel.yaml:1: accounts.lab: openai-compatible needs base_url, such as http://127.0.0.1:8080/v1"
        ),
        (
            "accounts: {local: {kind: openai}}",
            "satchel.yaml:1: accounts.local: local is this machine's own store; give the account another name"
        ),
        (
            "accounts: {a b: {kind: openai}}",
            "satchel.yaml:1:12: accounts: expected a name of letters, digits, ., _ and -, found \"a b\""
        ),
        (
            "accounts: {x: {kind: openai, base_url: 'https://u:p@h/v1'}}",
            "satchel.yaml:1:40: accounts.x.base_url: expected an http"
        ),
        (
            "accounts: {x: {kind: openai, headers: {Authorization: s3cret}}}",
            "satchel.yaml:1:40: accounts.x.headers: Authorization is set from the account's key"
        ),
        (
            "accounts: {x: {kind: openai, headers: {hOst: s3cret}}}",
            "satchel.yaml:1:40: accounts.x.headers: hOst belongs to the connection, not to the account; remove it"
        ),
    ])
    func aWrongAccountIsExplained(text: String, start: String) {
        let result = complaint(workspace: text)
        #expect(result.hasPrefix(start))
        #expect(!result.contains("s3cret"))
    }

    @Test(arguments: [
        "Host", "content-length", "Transfer-Encoding", "Connection", "TE", "Trailer", "Upgrade", "Expect", "Keep-Alive",
        "Proxy-Connection",
    ])
    func nobodyMaySetTheHeadersThatFrameARequest(name: String) {
        let result = complaint(user: "accounts: {x: {kind: openai, headers: {\(name): '12'}}}")
        #expect(result.contains("\(name) belongs to the connection, not to the account; remove it"))
    }

    @Test func aKeyInAWorkspaceFileIsRefusedAndNotRepeated() {
        let result = complaint(workspace: "accounts:\n  openai:\n    api_key: sk-secret\n")
        #expect(
            result
                == "satchel.yaml:3:14: accounts.openai.api_key: a key in a workspace file is shared with everyone who gets "
                + "the folder; remove it (and revoke it if it was committed), then name its environment variable in key_env, "
                + "or use key_command"
        )
    }

    @Test func aKeyInTheUsersFileNeedsAPrivateFile() async throws {
        let text = "accounts: {openai: {api_key: sk-secret}}"
        #expect(
            complaint(user: text)
                == "~/.config/satchel/config.yaml:1:30: accounts.openai.api_key: others may read this file; make it "
                + "private with chmod 600, or use key_env or key_command instead"
        )
        let account = try configuration(user: text, userIsPrivate: true).account()
        let key = try await account.resolveKey(environment: [:])
        #expect(key == ResolvedKey("sk-secret"))
    }

    @Test func aKeyThatWasPastedAsAVariablesNameIsNotRepeated() {
        let result = complaint(workspace: "accounts: {openai: {key_env: sk-proj-1234}}")
        #expect(result.hasSuffix("key_env: expected the name of an environment variable such as OPENAI_API_KEY"))
    }

    @Test func aKeyIsMaskedHoweverItIsPrinted() throws {
        let long = try #require(ResolvedKey(" sk-abcdefghijklmnopqrstuvwxyz\n"))
        #expect("\(long)" == "••••wxyz")
        #expect(String(reflecting: long) == "••••wxyz")
        var dumped = ""
        dump(long, to: &dumped)
        #expect(!dumped.contains("115") && !dumped.contains("abc"))
        #expect(ResolvedKey("short")?.description == "••••")
        #expect(ResolvedKey("two words") == nil)
        #expect(ResolvedKey(" \n") == nil)
    }
}
