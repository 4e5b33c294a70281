import SatchelTestSupport
import Testing

/// A workspace kept in step with Gemini, from the first sync to the last cleanup.
@Suite struct GeminiSyncTests {
    private let files: [RawBytes: RawBytes] = [
        "README.md": "# Example\n", "src/main.swift": "print(1)\n", "notes/tea.txt": "Earl Grey\n",
    ]
    private let twoDays = 172_800.0

    private func digest(_ text: String) -> String { "\(independentDigest(of: Array(text.utf8)))" }

    @Test func aWorkspaceIsKeptInStep() async throws {
        try await AtGemini.with(files) { at in
            let first = try await at.satchel.sync()
            #expect(first.summary.uploaded == 3)
            try at.expectHeld(["README.md", "src/main.swift", "notes/tea.txt"])
            #expect(at.gemini.files.allSatisfy { $0.id.hasPrefix("files/satchel-") && $0.contentType == "text/plain" })
            let remote = try #require(try await at.satchel.list()["README.md"]?.remotes.first)
            #expect(remote.account == "gemini" && remote.state == "ready" && remote.expiresAt != nil)

            try at.workspace.write("README.md", "# Another\n")
            #expect(try await at.satchel.sync().summary.uploaded == 1)
            try at.workspace.move("notes/tea.txt", to: "kitchen/tea.txt")
            try at.workspace.write("copy.md", "# Another\n")
            #expect(try await at.satchel.sync().summary.linked == 2)
            #expect(at.gemini.uploadCount == 4)
            at.server.forgetRequests()
            try await at.expectConvergence()
            #expect(at.server.requests.isEmpty)
        }
    }

    @Test func aChatIsShownFilesByTheirPaths() async throws {
        try await AtGemini.with(files) { at in
            let answer = try await at.satchel.chat("compare @src/main.swift with @notes/tea.txt")
            #expect(at.gemini.uploadCount == 2, "only what was mentioned")
            #expect(answer.answer.contains("file:src/main.swift:9:\(digest("print(1)\n"))"))
            #expect(answer.answer.contains("file:notes/tea.txt:10:\(digest("Earl Grey\n"))"))
            #expect(answer.account == "gemini" && answer.finishReason == "stop")
            #expect(Set(answer.files.compactMap(\.remoteId)) == Set(at.gemini.files.map(\.id)))
            let request = try #require(at.server.requests.last)
            #expect(request.path == "/v1beta/models/gemini-2.5-flash:streamGenerateContent")
            #expect(request.body.firstRange(of: Array("Earl Grey".utf8)) == nil)
        }
    }

    @Test func aCopyThatEndsSoonIsRenewedUnderAnotherName() async throws {
        try await AtGemini.with(["tea.txt": "Earl Grey\n"]) { at in
            // The account's clock is nearly two days late: what it stores ends within minutes.
            at.gemini.store.clock.advance(by: 300 - twoDays)
            try await at.satchel.sync()
            at.gemini.store.clock.advance(by: twoDays - 300)
            #expect(try await at.satchel.list()["tea.txt"]?.remotes.map(\.state) == ["expiring"])
            let report = try await at.satchel.sync("--verbose")
            #expect(report.summary.rehydrated == 1)
            #expect(report.actions.first?.reason == "expires_soon")
            #expect(try await at.satchel.list()["tea.txt"]?.remotes.map(\.state) == ["ready"])
            #expect(Set(at.gemini.files.map(\.id)).count == 2)
            try await at.expectConvergence()
            #expect(at.gemini.uploadCount == 2)
        }
    }

    @Test(arguments: [false, true]) func anExpiredCopyIsUploadedAgain(namesStayReserved: Bool) async throws {
        try await AtGemini.with(["tea.txt": "Earl Grey\n"]) { at in
            at.gemini.store.clock.advance(by: -twoDays - 60)
            try await at.satchel.sync()
            at.gemini.store.clock.advance(by: twoDays + 60)
            #expect(at.gemini.files.isEmpty)
            at.gemini.options.reservesNames = namesStayReserved
            let report = try await at.satchel.sync("--verbose")
            #expect(report.summary.rehydrated == 1)
            #expect(report.actions.map(\.reason) == ["expired"])
            try at.expectHeld(["tea.txt"])
            try await at.expectConvergence()
        }
    }

    @Test func aFileThatIsGoneIsUploadedAgainForTheChat() async throws {
        try await AtGemini.with(["tea.txt": "Earl Grey\n"]) { at in
            try await at.satchel.sync()
            at.gemini.store.forget(try #require(at.gemini.files.first).id)
            let answer = try await at.satchel.chat("what is in @tea.txt?")
            #expect(answer.answer.contains("file:tea.txt:10:\(digest("Earl Grey\n"))"))
            #expect(at.gemini.uploadCount == 2)
        }
    }

    @Test func anUploadThatIsInterruptedIsNotThereTwice() async throws {
        try await AtGemini.with(files, environment: ["SATCHEL_RETRIES": "0"]) { at in
            at.server.inject(.loseAnswer, on: at.gemini.uploadRoute)
            try await at.satchel.run(["sync"]).check()
            try at.expectHeld(["README.md", "src/main.swift", "notes/tea.txt"])
            try await at.expectConvergence()
            #expect(at.gemini.uploadCount == 3)
        }
    }

    @Test func cleanupLeavesNothingOfOurs() async throws {
        try await AtGemini.with(files) { at in
            // Another key of another project has the same contents.
            let other = try RunningSatchel(
                ["tea.txt": "Earl Grey\n"],
                environment: at.gemini.environment.merging(["GEMINI_API_KEY": at.gemini.otherKey]) { $1 }
            )
            try await other.run(["init", "-q"]).check()
            try await other.run(["sync", "tea.txt"]).check()
            let foreign = try #require(at.gemini.files.first?.id)

            try await at.satchel.sync()
            #expect(at.gemini.files.count == 4)
            at.workspace.remove("notes")
            try await at.satchel.sync()
            let done = try await at.satchel.cleanup("--older-than", "0")
            #expect(done.summary.deleted == 1 && done.summary.kept == 2)
            let all = try await at.satchel.cleanup("--all", "--force")
            #expect(all.summary.deleted == 2)
            #expect(at.gemini.files.map(\.id) == [foreign])
        }
    }

    @Test func everyCapabilityIsProven() async throws {
        struct Document: Decodable {
            struct Check: Decodable {
                var name: String
                var ok: Bool
            }

            var checks: [Check]
        }
        try await AtGemini.with { at in
            for _ in 0..<2 {
                at.gemini.nextAnswer(
                    .composed { shown in
                        guard let bytes = shown.first else { return "nothing was attached" }
                        return String(validating: bytes, as: UTF8.self) ?? "a picture of \(bytes.count) bytes"
                    }
                )
            }
            let run = try await at.satchel.run(["doctor", "--live", "gemini", "--json"])
            let document: Document = try decode(run)
            let good = Set(document.checks.filter(\.ok).map(\.name))
            let live = ["upload", "expiry", "listing", "file in chat", "upload of a picture", "delete"]
            #expect(good.isSuperset(of: live.map { "live \($0)" }), "\(run)")
            #expect(at.gemini.uploadCount == 2)
            #expect(at.gemini.files.isEmpty)
        }
    }

    @Test func whatModelsDoNotReadIsSkippedWithAReason() async throws {
        let files: [RawBytes: RawBytes] = [
            "empty.txt": "", "data.bin": [0, 1, 2, 3], "a.gif": "GIF89a...", "tea.txt": "Earl Grey\n",
            "wide.txt": [0xff, 0xfe, 0x41, 0x00],
        ]
        try await AtGemini.with(files) { at in
            let report = try await at.satchel.sync()
            #expect(report.summary.uploaded == 1)
            #expect(report.skippedByReason["empty"] == 1)
            #expect(report.skippedByReason["unsupported"] == 3)
        }
    }

    @Test func theKeyIsWrittenNowhere() async throws {
        try await AtGemini.with(files) { at in
            at.server.inject(.gemini(403, "PERMISSION_DENIED", "The key \(at.gemini.key) may not"), on: "GET *")
            let run = try await at.satchel.run(["sync", "--verbose"])
            #expect(run.status != 0)
            #expect(!run.stdout.contains(at.gemini.key) && !run.stderr.contains(at.gemini.key))
            try await at.satchel.sync()
            let names = at.workspace.list(".satchel").map { RawBytes(Array(".satchel/".utf8) + $0.bytes) }
            #expect(names.count > 1)
            for bytes in names.compactMap({ at.workspace.read($0) }) {
                #expect(bytes.firstRange(of: Array(at.gemini.key.utf8)) == nil)
                #expect(bytes.firstRange(of: Array("upload_id".utf8)) == nil)
            }
        }
    }
}
