import SatchelTestSupport
import Testing

/// The main job with nothing but this machine: what a first user does in the first five minutes.
@Suite struct LocalAccountTests {
    private let files: [RawBytes: RawBytes] = [
        "README.md": "# Example\n\nThe kettle boils at one hundred degrees.\n",
        "src/main.swift": "print(\"hello\")\n\n// The answer to everything is forty-two.\n",
        "src/copy.swift": "print(\"hello\")\n\n// The answer to everything is forty-two.\n",
        ".gitignore": "build/\n",
        "build/out.o": "object",
    ]

    @Test func anObjectThatVanishedIsMadeAgain() async throws {
        try await RunningSatchel.initialised(["a.txt": "a\n"]) { satchel in
            try await satchel.sync()
            let digest = "\(independentDigest(of: Array("a\n".utf8)))"
            satchel.workspace.remove(RawBytes(".satchel/objects/\(digest.prefix(2))/\(digest.dropFirst(2))"))
            let report: SyncDocument = try await satchel.document(["rehydrate", "a.txt"])
            #expect(report.summary.uploaded == 1)
            #expect(try await satchel.run(["cat", digest]).check().stdout == "a\n")
        }
    }

    @Test func initMakesAWorkspaceAndMayBeRunAgain() async throws {
        try await RunningSatchel.with(["a.txt": "a"]) { satchel in
            let first = try await satchel.run(["init"]).check()
            #expect(first.stdout.contains("next: satchel sync"))
            #expect(satchel.workspace.text(".satchel/.gitignore") == "*\n")
            let configuration = satchel.workspace.read("satchel.yaml")
            #expect(configuration != nil)
            try await satchel.run(["init"]).check()
            #expect(satchel.workspace.read("satchel.yaml") == configuration)
        }
    }

    @Test func theHomeFolderIsRefusedAsAWorkspace() async throws {
        try await RunningSatchel.with { satchel in
            let refused = try await satchel.run(["init"], in: satchel.home.root).check(2)
            #expect(refused.stderr.contains("home folder"))
            #expect(!satchel.home.exists(".satchel"))
        }
    }

    @Test func theFirstSyncKeepsEachContentOnce() async throws {
        try await RunningSatchel.initialised(files) { satchel in
            let first = try await satchel.sync()
            #expect(first.ok && first.account == "local" && !first.dryRun)
            // README.md and one of the two equal files; .gitignore is hidden, build is ignored.
            #expect(first.summary.uploaded == 2)
            #expect(first.summary.linked == 1)
            #expect(first.skippedByReason["ignored"] == 1)
            #expect(first.skippedByReason["hidden"] == 1)

            let second = try await satchel.sync()
            #expect(second.summary.unchanged == 3)
            #expect(second.summary.uploaded + second.summary.linked == 0)
        }
    }

    @Test func anEditUploadsExactlyOneContent() async throws {
        try await RunningSatchel.initialised(files) { satchel in
            try await satchel.sync()
            try satchel.workspace.write("README.md", "# Example\n\nThe kettle is cold.\n")
            let status = try await satchel.status()
            #expect(status.accounts.first?.changed == 1)
            #expect(status.notInStep.map(\.path) == ["README.md"])

            let edit = try await satchel.sync("--verbose")
            #expect(edit.summary.uploaded == 1)
            #expect(edit.summary.unchanged == 2)
            #expect(edit.actions.map(\.reason) == ["changed"])
        }
    }

    @Test func statusListAndWhyAgreeWithTheDisk() async throws {
        try await RunningSatchel.initialised(files) { satchel in
            let before = try await satchel.status()
            #expect(before.accounts.map(\.new) == [2])
            try await satchel.sync()
            let status = try await satchel.status()
            #expect(status.accounts.map(\.name) == ["local"])
            #expect(status.accounts.first?.inStep == 3)
            // The three above, .gitignore, build and .satchel itself.
            #expect(status.found == 6)
            #expect(!status.watch.running)

            let list = try await satchel.list()
            #expect(list.files.map(\.path) == ["README.md", "src/copy.swift", "src/main.swift"])
            for file in list.files {
                let bytes = try #require(satchel.workspace.read(RawBytes(file.path)))
                #expect(file.sha256 == "\(independentDigest(of: bytes))")
                #expect(file.size == Int64(bytes.count))
                #expect(file.state == "in_step")
                #expect(file.remotes.map(\.state) == ["ready"])
            }

            let kept = try await satchel.why("README.md")
            #expect(kept.decision == "in_step")
            let ignored = try await satchel.why("build/out.o")
            #expect(ignored.decision == "skip")
            #expect(ignored.rule == WhyDocument.Rule(file: ".gitignore", line: 1, pattern: "build/"))
            let missing = try await satchel.why("nowhere.txt", status: 1)
            #expect(missing.decision == "missing")
        }
    }

    @Test func theLocalStoreHoldsTheExactBytes() async throws {
        try await RunningSatchel.initialised(["a.bin": [0, 1, 2, 255], "b.txt": "b"]) { satchel in
            try await satchel.sync()
            for file in try await satchel.list().files {
                let object = RawBytes(".satchel/objects/\(file.sha256.prefix(2))/\(file.sha256.dropFirst(2))")
                #expect(satchel.workspace.read(object) == satchel.workspace.read(RawBytes(file.path)))
            }
        }
    }

    @Test func chatWithoutAModelAnswersWithThePassage() async throws {
        try await RunningSatchel.initialised(files) { satchel in
            let answer = try await satchel.chat("how hot is the kettle?")
            #expect(answer.model == nil)
            #expect(answer.passages?.first?.path == "README.md")
            let text = try await satchel.run(["chat", "how hot is the kettle?"]).check()
            #expect(text.stdout.contains("README.md:"))
            #expect(text.stdout.contains("boils at one hundred degrees"))
            let within = try await satchel.chat("what is the answer in @src/main.swift")
            #expect(within.passages?.map(\.path) == ["src/main.swift"])
            #expect(within.passages?.first?.text.contains("forty-two") == true)
        }
    }

    /// Its comments explain every setting, and would be the best passage of a small workspace for many a question.
    @Test func theWorkspacesOwnSettingsAreNoAnswerUnlessTheyAreMentioned() async throws {
        let own = ["kettle.txt": "the kettle expires", "satchel.yaml": "# when a copy expires\nttl: 24h\n"]
        try await RunningSatchel.with(own.reduce(into: [:]) { $0[RawBytes($1.key)] = RawBytes($1.value) }) { satchel in
            try await satchel.run(["sync"]).check()
            let answer = try await satchel.chat("which copy expires?")
            #expect(answer.passages?.map(\.path) == ["kettle.txt"])
            let mentioned = try await satchel.chat("what expires in @satchel.yaml?")
            #expect(mentioned.passages?.map(\.path) == ["satchel.yaml"])
        }
    }

    @Test func cleanupDeletesOnlyWhatNothingRefersTo() async throws {
        try await RunningSatchel.initialised(files) { satchel in
            try await satchel.sync()
            satchel.workspace.remove("README.md")
            let gone = try await satchel.sync()
            #expect(gone.summary.forgotten == 1)
            let fresh = try await satchel.cleanup()
            #expect(fresh.deleted.isEmpty && fresh.summary.kept == 2)
            let planned = try await satchel.cleanup("--older-than", "0", "--dry-run")
            #expect(planned.dryRun && planned.summary.deleted == 1)
            let done = try await satchel.cleanup("--older-than", "0")
            #expect(done.summary.deleted == 1 && done.summary.kept == 1 && done.summary.failed == 0)
            #expect(try await satchel.sync().summary.unchanged == 2)
        }
    }

    @Test func aContentThatAMessageShowedOutlivesItsFile() async throws {
        try await RunningSatchel.initialised(files) { satchel in
            let answer = try await satchel.chat("how hot is the kettle in @README.md")
            let digest = try #require(answer.files.first?.sha256)
            satchel.workspace.remove("README.md")
            try await satchel.sync()
            try await satchel.cleanup("--older-than", "0")
            #expect(satchel.workspace.exists(RawBytes(".satchel/objects/\(digest.prefix(2))/\(digest.dropFirst(2))")))
        }
    }
}
