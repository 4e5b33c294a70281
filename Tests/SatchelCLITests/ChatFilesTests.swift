import SatchelTestSupport
import Testing

/// Which files a chat shows: mentions, pins, what is chosen by relevance, and what has changed since.
@Suite(.timeLimit(.minutes(3)))
struct ChatFilesTests {
    private func with(
        _ files: [RawBytes: RawBytes] = [
            "tea.txt": "Earl Grey\nLady Grey\n", "src/main.swift": "print(1)\n", "README.md": "# Example\n",
        ],
        environment: [String: String] = [:],
        _ body: (AtOpenAI) async throws -> Void
    ) async throws {
        let whole = ["SATCHEL_MODEL": "echo", "SATCHEL_TTL": "1h"].merging(environment) { $1 }
        try await AtOpenAI.with(files, environment: whole, body)
    }

    private func git(_ at: AtOpenAI, _ arguments: String...) async throws {
        let surroundings = SpawnedProcess.Surroundings(
            folder: at.workspace.root,
            environment: ["PATH": "/usr/bin:/bin", "HOME": at.satchel.home.root]
        )
        let identity = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main"]
        try await SpawnedProcess("/usr/bin/git", identity + arguments, surroundings).finish().check()
    }

    // MARK: - Mentions

    @Test func gitChangedIsWhatDiffersFromTheLastCommit() async throws {
        try await with { at in
            try await git(at, "init", "-q")
            try await git(at, "add", ".")
            #expect(try await at.satchel.chat("what is in @git:changed?").files.count == 3, "all of it is new")
            try await git(at, "commit", "-q", "-m", "first")
            try at.workspace.write("tea.txt", "Oolong\n")
            try at.workspace.write("new name.txt", "new\n")
            at.workspace.remove("README.md")
            let answer = try await at.satchel.chat("review @git:changed")
            #expect(answer.files.map(\.path) == ["new name.txt", "tea.txt"])
        }
    }

    @Test func outsideOfARepositoryGitChangedIsNothingAndSaid() async throws {
        try await with { at in
            let finished = try await at.satchel.run(["chat", "review @git:changed"]).check()
            #expect(finished.stderr.contains("not in a git repository"))
            #expect(!finished.stderr.contains("fatal"))
            #expect(at.openAI.uploadCount == 0)
        }
    }

    @Test func threadIsEverythingThatItWasShown() async throws {
        try await with { at in
            try await at.satchel.chat("look at @tea.txt")
            try await at.satchel.chat("-c", "look at @README.md")
            let answer = try await at.satchel.chat("-c", "compare @thread")
            #expect(answer.files.map(\.path) == ["README.md", "tea.txt"])
            #expect(at.openAI.uploadCount == 2)
        }
    }

    @Test func aFileIsSentOnceToAConversationHoweverOftenItIsMentioned() async throws {
        try await with { at in
            try await at.satchel.chat("look at @tea.txt")
            try await at.satchel.chat("-c", "look at @tea.txt again")
            let body = try #require(at.server.requests("POST /v1/responses").last?.json)
            let parts = (body["input"]?.array ?? []).flatMap { $0["content"]?.array ?? [] }
            #expect(parts.count { $0["type"]?.string == "input_file" } == 1)
            #expect(parts.contains { $0["text"]?.string == "[tea.txt is as shown above]" })
        }
    }

    @Test func aGlobSendsWhatItMatchesAndNothingElse() async throws {
        try await with { at in
            let answer = try await at.satchel.chat("look at @'*.md'")
            #expect(answer.files.map(\.path) == ["README.md"] && at.openAI.uploadCount == 1)
            try at.workspace.write("satchel.yaml", "pin: [\"*.rst\"]\n")
            try await at.satchel.chat("hello")
            #expect(at.openAI.uploadCount == 1)
            at.workspace.remove("README.md")
            let gone = try await at.satchel.chat("look at @'*.md'")
            #expect(gone.files.isEmpty && at.openAI.uploadCount == 1)
        }
    }

    @Test(arguments: ["sr*", "sr*/", "**/sub/"])
    func aGlobOfFoldersStandsForWhatIsInThem(_ glob: String) async throws {
        try await with(["src/sub/a.txt": "one\n", "sr.md": "two\n", "other/b.txt": "three\n"]) { at in
            let answer = try await at.satchel.chat("look at @'\(glob)'")
            #expect(answer.files.map(\.path) == (glob == "sr*" ? ["sr.md"] : []) + ["src/sub/a.txt"])
        }
    }

    @Test func aFileThatIsAgainAsItWasIsShownAgain() async throws {
        try await with { at in
            try await at.satchel.chat("look at @tea.txt")
            try at.workspace.write("tea.txt", "Oolong\n")
            try await at.satchel.chat("-c", "and now?")
            try at.workspace.write("tea.txt", "Earl Grey\nLady Grey\n")
            try await at.satchel.chat("-c", "and now?")
            let body = try #require(at.server.requests("POST /v1/responses").last?.json)
            let parts = (body["input"]?.array ?? []).flatMap { $0["content"]?.array ?? [] }
            let shown = parts.compactMap { $0["file_id"]?.string }
            #expect(shown.count == 3 && shown.first == shown.last && Set(shown).count == 2)
            #expect(at.openAI.uploadCount == 2)
        }
    }

    // MARK: - Pins

    @Test func pinsAreShownWithTheFirstQuestionOfAThread() async throws {
        try await with { at in
            try at.workspace.write("satchel.yaml", "pin: [/README.md, src, \"*.nothing\"]\nexclude: [satchel.yaml]\n")
            let first = try await at.satchel.chat("hello")
            #expect(first.files.map(\.path) == ["README.md", "src/main.swift"])
            let second = try await at.satchel.chat("-c", "and now?")
            #expect(second.files.isEmpty)
        }
    }

    @Test func initProposesWhatTheProjectHas() async throws {
        try await RunningSatchel.with(["README.md": "# x\n", "go.mod": "module x\n"]) { satchel in
            try await satchel.run(["init", "-q"]).check()
            let text = try #require(satchel.workspace.text("satchel.yaml"))
            #expect(text.contains("#pin: [\"/README.md\", \"/go.mod\"]"))
        }
    }

    // MARK: - Chosen by relevance

    private let project: [RawBytes: RawBytes] = [
        "src/RetryPolicy.swift": "struct RetryPolicy {\n    var retries = 3\n}\n",
        "src/Loop.swift": "func loop() { while true { retry() } }\n",
        "src/Tide.swift": "struct Tide { var height = 0 }\n",
        "tests/RetryPolicyTests.swift": "let retries = RetryPolicy()\n",
        "docs/notes.md": "# Notes\nnothing of it\n",
        "satchel.yaml": "# the retry policy of uploads\nretries: 0\n",
    ]

    @Test func autoChoosesByTheWordsOfTheQuestionAndSaysWhy() async throws {
        try await with(project) { at in
            let answer = try await at.satchel.chat("--auto", "how is the retry policy decided?")
            let picked = try #require(answer.picked)
            #expect(picked.first?.path == "src/RetryPolicy.swift")
            #expect(picked.first?.terms == ["retry", "policy"])
            #expect(!picked.contains { $0.path == "src/Tide.swift" || $0.path == "docs/notes.md" })
            #expect(!picked.contains { $0.path == "satchel.yaml" })
            #expect(Set(answer.files.map(\.path)) == Set(picked.map(\.path)))
            #expect(answer.files.map(\.path) == answer.files.map(\.path).sorted())
            let finished = try await at.satchel.run(["chat", "--auto", "how high is the tide?"]).check()
            #expect(finished.stderr.contains("chose src/Tide.swift  8 tokens"), "\(finished)")
            #expect(finished.stderr.contains("has tide"))
        }
    }

    @Test func autoKeepsToItsBudget() async throws {
        try await with(project) { at in
            let one = try await at.satchel.chat("--auto-files", "1", "the retry policy")
            #expect(one.picked?.map(\.path) == ["src/RetryPolicy.swift"])
            let finished = try await at.satchel.run(["chat", "--auto-tokens", "10", "the retry policy"]).check()
            #expect(finished.stderr.contains("left out src/RetryPolicy.swift"))
            #expect(!finished.stderr.contains("chose src/RetryPolicy.swift"))
        }
    }

    @Test func autoKnowsWhatHasChangedSinceTheLastQuestion() async throws {
        try await with(project) { at in
            try await at.satchel.chat("--auto", "the tide")
            try at.workspace.write("src/Moon.swift", "struct Moon { var tide = 1 }\n")
            at.workspace.remove("src/Tide.swift")
            let answer = try await at.satchel.chat("--auto", "the tide")
            #expect(answer.picked?.map(\.path) == ["src/Moon.swift"])
            let found = try await at.satchel.run(["search", "--list", "tides"]).check()
            #expect(found.stdout.hasPrefix("src/Moon.swift"))
        }
    }

    @Test func autoThatFindsNothingSaysSoAndAsksAllTheSame() async throws {
        try await with(project) { at in
            let finished = try await at.satchel.run(["chat", "--auto", "xyzzy"]).check()
            #expect(finished.stderr.contains("chose no file: none has the words"))
            #expect(finished.stdout.contains("you said: xyzzy"))
            let narrow = try await at.satchel.run(["chat", "--auto", "--auto-tokens", "1", "how high is the tide?"])
                .check()
            #expect(narrow.stderr.contains("chose no file: none that has the words fits the budget"), "\(narrow)")
        }
    }

    @Test func autoNeverChoosesAFileWithASecret() async throws {
        let secret = try #require(MadeUpSecret.all().first)
        try await with(["src/tide.txt": RawBytes("the tide \(secret.text)\n")]) { at in
            let answer = try await at.satchel.chat("--auto", "how high is the tide?")
            #expect(answer.picked == nil && answer.files.isEmpty)
            #expect(at.openAI.uploadCount == 0)
        }
    }

    @Test func aLongTextThatIsPipedIsUploadedAndReferredTo() async throws {
        try await with { at in
            let text = String(repeating: "high water\n", count: 7000)
            let first = try await at.satchel.chat("summarise this", stdin: text)
            #expect(first.files.count == 1 && at.openAI.uploadCount == 1)
            #expect(first.files.first?.path.hasPrefix("standard input ") == true)
            #expect(at.openAI.files.first?.text == text)
            try await at.satchel.chat("-c", "shorter", stdin: "")
            #expect(at.openAI.uploadCount == 1, "it is referred to again")
            let short = try await at.satchel.chat("summarise this", stdin: "high water\n")
            #expect(short.files.isEmpty && short.answer.contains("high water"))
        }
    }

    // MARK: - Versions

    @Test func aFileThatChangedIsShownAgainAndTheLinesAreCounted() async throws {
        try await with { at in
            let first = try await at.satchel.chat("look at @tea.txt")
            try at.workspace.write("tea.txt", "Oolong\nLady Grey\nAssam\n")
            let second = try await at.satchel.chat("-c", "and now?")
            let replaced = try #require(second.replaced?.first)
            #expect(replaced.path == "tea.txt" && replaced.old == first.files.first?.sha256)
            #expect(replaced.linesAdded == 2 && replaced.linesRemoved == 1 && replaced.shown == "new")
            #expect(second.files.map(\.sha256) == [replaced.new])
            #expect(second.answer.contains(replaced.old) && second.answer.contains(replaced.new))
            #expect(try await at.satchel.chat("-c", "and now?").replaced == nil, "it is told once")
            try at.workspace.write("tea.txt", "Oolong\n")
            let finished = try await at.satchel.run(["chat", "-c", "and now?"]).check()
            let line = "tea.txt replaced: \(replaced.new.prefix(4))→"
            #expect(finished.stderr.contains(line) && finished.stderr.contains(", +0/−2 lines"), "\(finished)")
        }
    }

    @Test(arguments: [["--pin"], []])
    func aPinnedThreadKeepsToWhatItWasShown(_ flags: [String]) async throws {
        try await with(environment: flags.isEmpty ? ["SATCHEL_CHAT_VERSIONS": "pin"] : [:]) { at in
            let first = try await at.satchel.chat("look at @tea.txt")
            try at.workspace.write("tea.txt", "Oolong\n")
            let second: ChatDocument = try await at.satchel.document(["chat", "-c", "look at @tea.txt"] + flags)
            #expect(second.files.map(\.sha256) == first.files.map(\.sha256))
            #expect(second.replaced?.first?.shown == "old")
            let other = try await at.satchel.chat("-c", "--follow", "look at @tea.txt")
            #expect(other.files.map(\.sha256) == [second.replaced?.first?.new])
        }
    }

    @Test func whatIsDeletedStaysInAThreadAsItWas() async throws {
        try await with { at in
            let first = try await at.satchel.chat("look at @tea.txt")
            at.workspace.remove("tea.txt")
            let second = try await at.satchel.chat("-c", "and @thread?")
            #expect(second.answer.contains(try #require(first.files.first?.sha256)))
        }
    }

    // MARK: - Upload on reference

    @Test func withUploadOnReferenceOnlyAChatUploads() async throws {
        try await with(environment: ["SATCHEL_UPLOAD": "on-reference"]) { at in
            let report = try await at.satchel.sync()
            #expect(report.skippedByReason["on_reference"] == 3 && at.openAI.uploadCount == 0)
            #expect(try await at.satchel.run(["sync"]).check().stderr.contains("first chat"))
            let answer = try await at.satchel.chat("what is in @tea.txt?")
            #expect(answer.files.count == 1 && at.openAI.uploadCount == 1)
            #expect(try await at.satchel.sync().skippedByReason["on_reference"] == 2)
            let text = try await at.satchel.run(["status"]).check().stdout
            #expect(text.contains("1 in step") && text.contains("2 not referred to yet"), "\(text)")
            try at.workspace.write("tea.txt", "Oolong\n")
            #expect(try await at.satchel.sync().skippedByReason["on_reference"] == 3)
            #expect(at.openAI.uploadCount == 1)
            try await at.satchel.chat("-c", "what is in @tea.txt?")
            #expect(at.openAI.uploadCount == 2)
        }
    }
}
