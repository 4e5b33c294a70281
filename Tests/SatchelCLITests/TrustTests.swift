import SatchelTestSupport
import Testing

/// What a folder's `satchel.yaml` may not do to whoever opens it, and what everybody is told before a key goes out.
@Suite(.timeLimit(.minutes(2))) struct TrustTests {
    @Test func aWorkspaceCannotTakeBackTheUsersOwnSecretPatterns() async throws {
        try await AtOpenAI.with(["a.txt": "see ACME-123456\n", "b.txt": "see PRJ-17\n", "c.txt": "tea\n"]) { at in
            try at.satchel.home.write(".config/satchel/config.yaml", "gate: {patterns: [\"ACME-[0-9]{6}\"]}\n")
            for patterns in ["[]", "", "[\"PRJ-\\\\d+\"]"] {
                try at.workspace.write(
                    "satchel.yaml",
                    RawBytes("exclude: [satchel.yaml]\ngate: {patterns: \(patterns)}\n")
                )
                let report = try await at.satchel.sync("--dry-run", status: 4)
                #expect(report.secrets?.contains { $0.path == "a.txt" } == true, "\(patterns)")
                #expect(report.secrets?.contains { $0.path == "b.txt" } == patterns.contains("PRJ"))
            }
            try await at.satchel.sync(status: 4)
            try at.expectHeld(["c.txt"])
        }
    }

    @Test(arguments: [
        ("key_env: GITHUB_TOKEN", "wants the variable GITHUB_TOKEN sent as the key"),
        ("headers: {X-Team: docs}", "wants headers of its own sent with every request"),
        ("headers: {Host: evil.example}", "Host belongs to the connection"),
    ])
    func aFolderFromElsewhereHasNothingSentWithItsOwnKeysOrHeaders(line: String, words: String) async throws {
        try await AtOpenAI.with(["a.txt": "tea\n"], environment: ["GITHUB_TOKEN": "ghp-not-yours"]) { at in
            try at.workspace.write("satchel.yaml", RawBytes("accounts: {openai: {\(line)}}\n"))
            let finished = try await at.satchel.run(["sync"]).check(2)
            #expect(finished.stderr.contains(words), "\(finished.stderr)")
            #expect(at.server.requests.isEmpty)
        }
    }

    @Test(arguments: [
        ["sync"], ["sync", "--estimate"], ["rehydrate"], ["remote", "ls"], ["remote", "verify"],
        ["remote", "reconcile"], ["doctor"], ["doctor", "--live", "openai"], ["quota", "--ask"], ["cleanup"],
        ["summarize", "a.txt"], ["chat", "what is in @a.txt?"], ["audit", "--revoke"], ["watch", "--once-settled"],
    ])
    func everyCommandThatSendsTheKeyUnencryptedSaysIt(arguments: [String]) async throws {
        try await AtOpenAI.with(["a.txt": "tea\n"], environment: ["SATCHEL_MODEL": "echo"]) { at in
            try await at.satchel.sync()
            // An address that leads to this machine, but is not written as one.
            let address = try #require(at.openAI.environment["OPENAI_BASE_URL"])
            at.satchel.set("OPENAI_BASE_URL", address.replacing("127.0.0.1", with: "127.1"))
            if arguments[0] == "audit" { try await at.satchel.sync() }
            let finished = try await at.satchel.run(arguments)
            let words = "openai: the key goes to 127.1 unencrypted; use https in base_url"
            #expect((finished.stdout + finished.stderr).contains(words), "\(finished.stdout)\(finished.stderr)")
            at.satchel.set("OPENAI_BASE_URL", address)
            let here = try await at.satchel.run(arguments)
            #expect(!(here.stdout + here.stderr).contains("unencrypted"), "\(here.stdout)\(here.stderr)")
        }
    }
}
