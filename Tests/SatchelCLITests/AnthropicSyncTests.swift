import SatchelTestSupport
import Testing

/// The built program at Anthropic, from an empty account to one that is empty again.
@Suite struct AnthropicSyncTests {
    private let files: [RawBytes: RawBytes] = [
        "README.md": "# Example\n", "src/main.swift": "print(1)\n", "src/twin.swift": "print(1)\n",
        "notes/what?: tea.txt": "Earl Grey\n",
    ]

    @Test func aWorkspaceIsKeptInStepAndCleanedUp() async throws {
        try await AtAnthropic.with(files) { at in
            let first = try await at.satchel.sync()
            #expect(first.account == "anthropic")
            #expect(first.summary.uploaded == 3 && first.summary.linked == 1)
            try at.expectHeld(["README.md", "src/main.swift", "notes/what?: tea.txt"])
            for request in at.server.requests("POST /v1/files") {
                let form = try request.form()
                #expect(form.parts.map(\.name) == ["expires_in_seconds", "file"])
                #expect(form["expires_in_seconds"]?.text == "86400")
                #expect(form["file"]?.contentType == "text/plain")
            }
            let requests = at.server.requests.count
            #expect(try await at.satchel.sync().summary.unchanged == 4)
            #expect(at.server.requests.count == requests, "a second sync asks nothing")

            try at.workspace.write("README.md", "# Another\n")
            #expect(try await at.satchel.sync().summary.uploaded == 1)
            #expect(at.anthropic.uploadCount == 4)
            #expect(try await at.satchel.sync("--check").summary.unchanged == 4)

            at.workspace.remove("src")
            try await at.satchel.sync()
            let done = try await at.satchel.cleanup("--older-than", "0")
            #expect(done.summary.deleted == 2)
            try at.expectHeld(["README.md", "notes/what?: tea.txt"])
            let all = try await at.satchel.cleanup("--all", "--force")
            #expect(all.summary.deleted == 2)
            #expect(at.anthropic.files.isEmpty)
            #expect(at.anthropic.deleteCount == 4)
        }
    }

    @Test func whatOthersPutIntoTheWorkspaceStays() async throws {
        try await AtAnthropic.with(files) { at in
            let other = try RunningSatchel(["tea.txt": "Earl Grey\n"], environment: at.anthropic.environment)
            try await other.run(["init", "-q"]).check()
            try await other.run(["sync", "tea.txt"]).check()
            let foreign = try #require(at.anthropic.files.first?.id)
            try await at.satchel.sync()
            try await at.satchel.cleanup("--all", "--force")
            #expect(at.anthropic.files.map(\.id) == [foreign])
        }
    }

    @Test func aChatIsShownExactlyTheFilesOfTheMoment() async throws {
        try await AtAnthropic.with(files) { at in
            let answer = try await at.satchel.chat("what is in @src/ and @README.md?")
            #expect(answer.account == "anthropic" && answer.finishReason == "stop")
            #expect(answer.answer.contains("file:README.md:\(try at.line(of: "README.md"))"))
            #expect(answer.answer.contains("file:src/main.swift:\(try at.line(of: "src/main.swift"))"))
            #expect(answer.answer.contains("you said: "))
            let before = try at.line(of: "README.md")
            try at.workspace.write("README.md", "# Another\n")
            let next = try await at.satchel.chat("-c", "and now, @README.md?")
            // The thread keeps what it was shown, and is shown what is new.
            #expect(next.answer.contains("file:README.md:\(before)"))
            #expect(next.answer.contains("file:README.md:\(try at.line(of: "README.md"))"))
            let bodies = at.server.requests("POST /v1/messages").map { String(decoding: $0.body, as: UTF8.self) }
            #expect(bodies.allSatisfy { !$0.contains("print(1)") }, "by id, not by content")
            #expect(bodies.allSatisfy { $0.ranges(of: "cache_control").count <= 4 })
        }
    }

    @Test func anExpiredCopyIsUploadedAgainAlthoughItIsStillListed() async throws {
        try await AtAnthropic.with(["tea.txt": "Earl Grey\n"], environment: ["SATCHEL_TTL": "1h"]) { at in
            at.anthropic.store.clock.advance(by: -7200)
            try await at.satchel.sync()
            let old = try #require(at.anthropic.files.first?.id)
            at.anthropic.store.clock.advance(by: 7200)
            #expect(try await at.satchel.status().accounts.first?.expired == 1)
            let report = try await at.satchel.sync("--verbose")
            #expect(report.summary.rehydrated == 1)
            #expect(report.actions.map(\.reason) == ["expired"])
            try at.expectHeld(["tea.txt"])
            #expect(at.anthropic.files.first?.id != old)
            let answer = try await at.satchel.chat("what is in @tea.txt?")
            #expect(answer.answer.contains(try at.line(of: "tea.txt")))
        }
    }

    @Test(arguments: [true, false]) func aFileThatIsGoneIsUploadedAgainBeforeTheQuestionIsAsked(hasExpired: Bool)
        async throws
    {
        try await AtAnthropic.with(["tea.txt": "Earl Grey\n", "cup.txt": "blue\n"]) { at in
            try await at.satchel.sync()
            let id = try #require(at.anthropic.files.first { $0.text == "Earl Grey\n" }?.id)
            // A day passes there and not here; or somebody else deletes it.
            if hasExpired { at.anthropic.store.clock.advance(by: 86400) } else { at.anthropic.store.forget(id) }
            at.server.forgetRequests()
            let finished = try await at.satchel.run(["chat", "what is in @tea.txt and @cup.txt?"]).check()
            #expect(finished.stdout.contains(try at.line(of: "tea.txt")))
            #expect(finished.stdout.contains(try at.line(of: "cup.txt")))
            #expect(finished.stderr.contains("gone"))
            #expect(at.server.requests("POST /v1/messages").count == 1)
            // Both ids with one question.
            #expect(at.server.requests("GET /v1/files").map(\.query.count) == [2])
            #expect(at.anthropic.uploadCount == (hasExpired ? 4 : 3))
        }
    }

    @Test func anUploadWhoseAnswerIsLostIsNotRepeated() async throws {
        try await AtAnthropic.with(["tea.txt": "Earl Grey\n"]) { at in
            at.server.inject(.loseAnswer, on: at.anthropic.uploadRoute)
            #expect(try await at.satchel.sync().summary.uploaded == 1)
            #expect(at.anthropic.uploadCount == 1)
            let remote = try await at.satchel.list()["tea.txt"]?.remotes.first?.remoteId
            #expect(remote == at.anthropic.files.first?.id)
        }
    }

    @Test func whatCannotBeShownIsSkippedWithAReason() async throws {
        let files: [RawBytes: RawBytes] = [
            "empty.txt": "", "data.bin": [0, 1, 2, 3], "wide.txt": [0xff, 0xfe, 0x61, 0x00], "tea.txt": "Earl Grey\n",
            "cup.png": [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13],
        ]
        try await AtAnthropic.with(files) { at in
            let report = try await at.satchel.sync()
            #expect(report.summary.uploaded == 2)
            #expect(report.skippedByReason["empty"] == 1)
            #expect(report.skippedByReason["unsupported"] == 2)
            let answer = try await at.satchel.chat("what is on @cup.png?")
            #expect(answer.answer.contains(try at.line(of: "cup.png")))
        }
    }

    @Test func anAccountWithoutMoneyStopsTheSync() async throws {
        try await AtAnthropic.with(files) { at in
            at.server.inject(at.anthropic.refusing(.spent), on: at.anthropic.uploadRoute, times: 9)
            let report: SyncDocument = try await at.satchel.document(["sync"], status: 5)
            #expect(report.stopped != nil || report.failures.contains { $0.code == "quota" })
            #expect(at.anthropic.files.isEmpty)
            at.server.clearFaults()
            #expect(try await at.satchel.sync().summary.uploaded == 3)
        }
    }

    @Test func whatTheAccountHoldsIsListedAndVerified() async throws {
        try await AtAnthropic.with(files) { at in
            try await at.satchel.sync()
            let listing: RemoteTests.Listing = try await at.satchel.document(["remote", "ls"])
            #expect(listing.files.count == 3 && listing.files.allSatisfy { $0.owner == "ours" })
            at.anthropic.store.forget(try #require(at.anthropic.files.first?.id))
            at.server.forgetRequests()
            let verified: RemoteTests.Verification = try await at.satchel.document(["remote", "verify"], status: 1)
            #expect(verified.present == 2 && verified.missing.count == 1)
            #expect(at.server.requests.map(\.query.count) == [3], "all with one question")
            #expect(try await at.satchel.sync().summary.uploaded == 1)
        }
    }

    @Test func everyCapabilityIsProven() async throws {
        try await AtAnthropic.with([:]) { at in
            for _ in 0..<2 { at.anthropic.nextAnswer(LiveDoctorTests.seeing) }
            let document: LiveDoctorTests.Document = try await at.satchel.document(
                ["doctor", "--live", "anthropic", "-m", "claude-echo"]
            )
            for name in ["upload", "expiry", "listing", "file in chat", "picture in chat", "delete"] {
                #expect(
                    document["live \(name)"]?.ok == true,
                    "\(name): \(document["live \(name)"]?.detail ?? "missing")"
                )
            }
            #expect(at.anthropic.files.isEmpty)
        }
    }
}
