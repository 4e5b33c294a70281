import Glibc
import SatchelTestSupport
import Testing

/// Nothing that holds a secret leaves this machine unless its owner says so.
@Suite struct GateTests {
    private let token = MadeUpSecret.one("github-token")

    private var files: [RawBytes: RawBytes] {
        [
            "README.md": "# Example\n", "deploy.sh": RawBytes("#!/bin/sh\n\nTOKEN=\(token)\n"),
            "id_rsa": RawBytes(MadeUpSecret.one("private-key")),
        ]
    }

    @Test func aSyncKeepsBackWhatHoldsASecretAndSaysWhere() async throws {
        try await AtOpenAI.with(files) { at in
            let finished = try await at.satchel.run(["sync"]).check(4)
            try at.expectHeld(["README.md"])
            #expect(finished.stderr.contains("deploy.sh:3: github-token (fingerprint "))
            #expect(finished.stderr.contains("id_rsa:1: private-key (fingerprint "))
            #expect(finished.stderr.contains("gate.allow"))
            #expect(finished.stdout.contains(" found: 1 uploaded"))
            #expect(finished.stdout.contains("2 secret"))
            for output in [finished.stdout, finished.stderr] { #expect(!output.contains(token)) }
            let why = try await at.satchel.why("deploy.sh")
            #expect(why.decision == "skip" && why.reason.contains("line 3: github-token"))
            #expect(try await at.satchel.status().skipped["secret"] == 2)
        }
    }

    @Test func theDocumentNamesEachSecret() async throws {
        try await AtOpenAI.with(files) { at in
            let report = try await at.satchel.sync(status: 4)
            #expect(!report.ok && report.summary.addsUp && report.skippedByReason["secret"] == 2)
            let secret = try #require(report.secrets?.first { $0.path == "deploy.sh" })
            #expect(secret.line == 3 && secret.column == 7 && secret.kind == "github-token" && !secret.sent)
            // Everything but what is kept back is in step.
            #expect(try await at.satchel.sync("--check", status: 4).summary.unchanged == 1)
        }
    }

    @Test func aFingerprintInTheWorkspaceLetsOneSecretPass() async throws {
        try await AtOpenAI.with(files) { at in
            let report = try await at.satchel.sync(status: 4)
            let secret = try #require(report.secrets?.first { $0.path == "deploy.sh" })
            try at.workspace.write("satchel.yaml", RawBytes("gate:\n  allow: [\"\(secret.fingerprint)\"]\n"))
            let next = try await at.satchel.sync(status: 4)
            #expect(next.secrets?.map(\.path) == ["id_rsa"])
            try at.expectHeld(["README.md", "deploy.sh", "satchel.yaml"])
        }
    }

    @Test func anEditThatAddsASecretLetsTheOldCopyGoAndTakingItOutSendsAgain() async throws {
        try await AtOpenAI.with(["a.txt": "one\n"]) { at in
            try await at.satchel.sync()
            try at.workspace.write("a.txt", RawBytes("two \(token)\n"))
            #expect(try await at.satchel.sync(status: 4).summary.uploaded == 0)
            #expect(at.openAI.uploadCount == 1)
            try at.workspace.write("a.txt", "three\n")
            #expect(try await at.satchel.sync().summary.uploaded == 1)
        }
    }

    @Test func theLocalAccountIsNotGated() async throws {
        try await RunningSatchel.initialised(files) { satchel in
            let report = try await satchel.sync()
            #expect(report.summary.uploaded == 3)
        }
    }

    @Test func whatWasOnlyLocalIsGatedWhenItIsToLeave() async throws {
        try await AtOpenAI.with(files) { at in
            #expect(try await at.satchel.sync("--to", "local").summary.uploaded == 3)
            #expect(try await at.satchel.sync(status: 4).skippedByReason["secret"] == 2)
            try at.expectHeld(["README.md"])
        }
    }

    @Test func aWarningSendsAndSaysSo() async throws {
        try await AtOpenAI.with(files, environment: ["SATCHEL_GATE_MODE": "warn"]) { at in
            let finished = try await at.satchel.run(["sync"]).check()
            #expect(finished.stderr.contains("deploy.sh:3: github-token"))
            #expect(finished.stderr.contains("sent all the same"))
            try at.expectHeld(["README.md", "deploy.sh", "id_rsa"])
        }
    }

    @Test func turnedOffNothingIsLookedAt() async throws {
        try await AtOpenAI.with(files, environment: ["SATCHEL_GATE_MODE": "off"]) { at in
            let finished = try await at.satchel.run(["sync"]).check()
            #expect(!finished.stderr.contains("token"))
            try at.expectHeld(["README.md", "deploy.sh", "id_rsa"])
        }
    }

    @Test func theWorkspaceCannotTurnTheGateOff() async throws {
        try await AtOpenAI.with(files) { at in
            try at.workspace.write("satchel.yaml", "gate:\n  mode: \"off\"\n")
            let finished = try await at.satchel.run(["sync"]).check(2)
            #expect(finished.stderr.contains("gate.mode: only your own file may say this"))
            #expect(at.openAI.uploadCount == 0)
        }
    }

    @Test func ownPatternsAreKeptBackToo() async throws {
        try await AtOpenAI.with(["a.txt": "see acme_12345678\n"]) { at in
            #expect(try await at.satchel.sync().summary.uploaded == 1)
            try at.workspace.write("satchel.yaml", "gate:\n  patterns: [\"acme_[0-9]{8}\"]\n")
            try at.workspace.write("b.txt", "and acme_87654321\n")
            let report = try await at.satchel.sync(status: 4)
            #expect(report.secrets?.map(\.path) == ["b.txt"] && report.secrets?.first?.kind == "own-pattern")
        }
    }

    @Test func aChatAboutAFileWithASecretStops() async throws {
        try await AtOpenAI.with(files, environment: ["SATCHEL_MODEL": "echo"]) { at in
            let failure = try await at.satchel.failure("chat", "what is in @deploy.sh?", status: 4)
            #expect(failure.code == "stopped_for_safety" && failure.message.contains("deploy.sh:3: github-token"))
            let folder = try await at.satchel.chat("what is in @. ?")
            #expect(folder.files.map(\.path) == ["README.md"])
            #expect(at.server.requests.allSatisfy { $0.body.firstRange(of: Array(token.utf8)) == nil })
        }
    }

    @Test func aSecretInTheQuestionOrAPipeStops() async throws {
        try await AtOpenAI.with(["a.txt": "one\n"], environment: ["SATCHEL_MODEL": "echo"]) { at in
            let typed = try await at.satchel.failure("chat", "why is \(token) refused?", status: 4)
            #expect(typed.message.contains("the question:1: github-token") && !typed.message.contains(token))
            let piped = try await at.satchel.run(["chat", "review"], stdin: "a\nTOKEN=\(token)\n").check(4)
            #expect(piped.stderr.contains("the question:4: github-token"))
            #expect(at.server.requests("POST /v1/responses").isEmpty)
        }
    }

    @Test func aQuestionWithASecretIsNotWrittenDown() async throws {
        try await AtOpenAI.with(["a.txt": "one\n"], environment: ["SATCHEL_MODEL": "echo"]) { at in
            for flags in [[], ["--detach"]] {
                try await at.satchel.run(["chat"] + flags + ["why is \(token) refused?"]).check(4)
            }
            let threads = try await at.satchel.run(["thread", "ls"]).check()
            #expect(threads.stdout.isEmpty)
            for name in at.workspace.list(".satchel") {
                let bytes = at.workspace.read(RawBytes(Array(".satchel/".utf8) + name.bytes)) ?? []
                #expect(bytes.firstRange(of: Array(token.utf8)) == nil, "\(name)")
            }
        }
    }

    @Test func aSchemaAndWhatIsAddedToTheRequestAreLookedAtToo() async throws {
        try await AtOpenAI.with(["a.txt": "one\n"], environment: ["SATCHEL_MODEL": "echo"]) { at in
            let schema = #"{"type": "object", "description": "\#(token)"}"#
            try at.satchel.home.write("tags.json", RawBytes(schema))
            let path = "\(at.satchel.home.root)/tags.json"
            let first = try await at.satchel.failure("chat", "--schema", path, "tag it", status: 4)
            #expect(first.message.contains("the schema:1: github-token"))
            let second = try await at.satchel.failure("chat", "-o", "user=\(token)", "hello", status: 4)
            #expect(second.message.contains("-o user:1: github-token") && !second.message.contains(token))
            let image = try await at.satchel.failure("image", "-o", "user=\(token)", "a cup of tea", status: 4)
            #expect(image.message.contains("-o user:1: github-token"))
            #expect(at.server.requests("POST /v1/images/generations").isEmpty)
            #expect(at.server.requests("POST /v1/responses").isEmpty)
        }
    }

    @Test func anEstimateSaysThatAFileHoldsASecret() async throws {
        try await AtOpenAI.with(files, environment: ["SATCHEL_MODEL": "echo"]) { at in
            let named = try await at.satchel.failure("chat", "--estimate", "what is in @deploy.sh?", status: 4)
            #expect(named.message.contains("deploy.sh:3: github-token"))
            let folder = try await at.satchel.run(["chat", "--estimate", "what is in @. ?"]).check()
            #expect(folder.stderr.contains("deploy.sh:3: github-token"))
        }
    }

    @Test func aFileThatIsInlinedIsLookedAtToo() async throws {
        // Mistral's Files API takes no text: chats send it as part of the question.
        try await AtMistral.with(files) { at in
            _ = try await at.satchel.sync()
            let failure = try await at.satchel.failure("chat", "what is in @deploy.sh?", status: 4)
            #expect(failure.message.contains("deploy.sh:3: github-token"))
            #expect(at.server.requests.allSatisfy { $0.body.firstRange(of: Array(token.utf8)) == nil })
        }
    }

    @Test func aWatchTellsABlockedFileOnce() async throws {
        try await AtOpenAI.with(["a.txt": "one\n"]) { at in
            let watch = try at.satchel.start(["watch"])
            try await watch.line(containing: "Ctrl-C stops")
            try at.workspace.write("deploy.sh", RawBytes("TOKEN=\(token)\n"))
            try await watch.errorLine(containing: "deploy.sh:1: github-token")
            try at.workspace.write("b.txt", "two\n")
            try await watch.line(containing: "↑  b.txt")
            // The same finding in a later batch is not told again.
            try at.workspace.write("deploy.sh", RawBytes("TOKEN=\(token)\n# more\n"))
            try at.workspace.write("c.txt", "three\n")
            try await watch.line(containing: "↑  c.txt")
            watch.send(SIGTERM)
            let finished = try await watch.finish().check()
            #expect(finished.stderr.components(containing: "deploy.sh:1") == 1)
            try at.expectHeld(["a.txt", "b.txt", "c.txt"])
        }
    }
}

extension String {
    fileprivate func components(containing text: String) -> Int {
        split(separator: "\n").count { $0.contains(text) }
    }
}
