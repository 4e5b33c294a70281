import SatchelTestSupport
import Testing

/// From an empty folder to an empty account at xAI, with the built program.
@Suite struct XAISyncTests {
    private let files: [RawBytes: RawBytes] = [
        "README.md": "# Example\n", "src/main.swift": "print(1)\n", "src/twin.swift": "print(1)\n",
        "notes/tea.txt": "Earl Grey\n",
    ]

    private func with(
        _ files: [RawBytes: RawBytes]? = nil,
        options: XAIOptions = XAIOptions(),
        environment: [String: String] = [:],
        _ body: (RunningSatchel, LoopbackXAI) async throws -> Void
    ) async throws {
        try await LoopbackXAI.with(options) { xAI in
            let whole = xAI.environment.merging(["SATCHEL_MODEL": "echo", "SATCHEL_TTL": "1h"]) { $1 }
                .merging(environment) { $1 }
            try await RunningSatchel.initialised(files ?? self.files, environment: whole) { satchel in
                try await body(satchel, xAI)
            }
            #expect(xAI.server.flaws.isEmpty)
        }
    }

    private func digest(_ text: String) -> String { "\(independentDigest(of: Array(text.utf8)))" }

    @Test func aSyncUploadsEachContentOnceAndAnEditOne() async throws {
        try await with { satchel, xAI in
            let first = try await satchel.sync()
            #expect(first.account == "xai")
            #expect(first.summary.uploaded == 3 && first.summary.linked == 1)
            for request in xAI.server.requests("POST /v1/files") {
                #expect(try request.form()["expires_after[seconds]"]?.text == "3600")
            }
            // No extension is refused here, so source code keeps its own.
            #expect(xAI.files.contains { $0.name.hasSuffix(".swift") })
            let requests = xAI.server.requests.count
            #expect(try await satchel.sync().summary.unchanged == 4)
            #expect(xAI.server.requests.count == requests, "a second sync asks nothing")

            try satchel.workspace.write("README.md", "# Another\n")
            #expect(try await satchel.sync().summary.uploaded == 1)
            #expect(xAI.uploadCount == 4)
            try await satchel.sync("--check")
        }
    }

    @Test func anExpiredCopyIsUploadedAgain() async throws {
        try await with(["tea.txt": "Earl Grey\n"]) { satchel, xAI in
            xAI.store.clock.advance(by: -7200)
            try await satchel.sync()
            xAI.store.clock.advance(by: 7200)
            #expect(xAI.files.isEmpty)
            let report = try await satchel.sync("--verbose")
            #expect(report.summary.rehydrated == 1)
            #expect(report.actions.map(\.reason) == ["expired"])
            #expect(xAI.files.count == 1)
        }
    }

    @Test func aChatShowsFilesByIdAndSaysWhatItCost() async throws {
        try await with { satchel, xAI in
            let answer = try await satchel.chat("compare @src/main.swift and @notes/tea.txt")
            #expect(xAI.uploadCount == 2, "only what was mentioned")
            #expect(answer.account == "xai" && answer.finishReason == "stop")
            #expect(answer.answer.contains(digest("print(1)\n")) && answer.answer.contains(digest("Earl Grey\n")))
            #expect(Set(answer.files.map(\.remoteId)) == Set(xAI.files.map(\.id)))
            let usage = try #require(answer.usage)
            let ticks =
                (usage.input - usage.cached) * 20_000 + usage.cached * 5_000 + usage.output * 100_000 + 50_000_000
            let fraction = String("\(10_000_000_000 + ticks)".dropFirst())
            #expect(answer.cost?.hasPrefix("0.") == true && answer.cost?.hasSuffix(" USD") == true)
            #expect(fraction.hasPrefix(answer.cost?.dropFirst(2).dropLast(4) ?? "none"))
            let request = try #require(xAI.server.requests("POST /v1/responses").last?.json)
            #expect(request["store"] == false && request["max_turns"] == 8)
            #expect(request["prompt_cache_key"] == "satchel-1")

            // Deleted by a colleague: uploaded again, and asked once more.
            for file in xAI.files { xAI.store.forget(file.id) }
            let again = try await satchel.chat("-c", "and again?")
            #expect(again.answer.contains(digest("Earl Grey\n")))
            #expect(xAI.uploadCount == 4)
            let said = try await satchel.run(["chat", "hello"]).check()
            #expect(said.stderr.contains("xai charges 0.") && said.stderr.contains(" USD for this answer"))
        }
    }

    @Test func aPictureIsNotUploadedButShown() async throws {
        let png: RawBytes = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00]
        try await with(["logo.png": png, "tea.txt": "Earl Grey\n"]) { satchel, xAI in
            let report = try await satchel.sync()
            #expect(report.summary.uploaded == 1 && report.skippedByReason["inlined"] == 1)
            let answer = try await satchel.chat("what is on @logo.png?")
            #expect(answer.answer.contains("\(independentDigest(of: png.bytes))"))
            #expect(answer.files.map(\.path) == ["logo.png"] && answer.files.first?.remoteId == nil)
            #expect(xAI.uploadCount == 1)
        }
    }

    @Test func aPictureThatXAIRefusesDoesNotSpoilTheQuestion() async throws {
        let gif = RawBytes("GIF89a\u{1}\0\u{1}\0")
        try await with(["anim.gif": gif, "tea.txt": "Earl Grey\n"]) { satchel, xAI in
            // Known from another account, so it is there to be mentioned.
            try await satchel.sync("--to", "local")
            let said = try await satchel.run(["chat", "-p", "xai", "compare @anim.gif and @tea.txt"]).check()
            #expect(said.stderr.contains("anim.gif: not shown"))
            #expect(said.stdout.contains(digest("Earl Grey\n")))
            #expect(xAI.uploadCount == 1)
        }
    }

    @Test func cleanupLeavesNothingOfOursAndEverythingOfOthers() async throws {
        try await with { satchel, xAI in
            // A colleague of the same team.
            let other = try RunningSatchel(["tea.txt": "Earl Grey\n"], environment: xAI.environment)
            try await other.run(["init", "-q"]).check()
            try await other.run(["sync", "tea.txt"]).check()
            let foreign = try #require(xAI.files.first?.id)

            try await satchel.sync()
            satchel.workspace.remove("notes")
            try await satchel.sync()
            #expect(try await satchel.cleanup("--older-than", "0").summary.deleted == 1)
            #expect(try await satchel.cleanup("--all", "--force").summary.deleted == 2)
            #expect(xAI.files.map(\.id) == [foreign])
        }
    }

    @Test func aLostAnswerLeavesNoSecondCopy() async throws {
        try await with { satchel, xAI in
            xAI.server.inject(.loseAnswer, on: xAI.uploadRoute, times: 3)
            let report = try await satchel.sync()
            #expect(report.summary.uploaded == 3)
            #expect(xAI.uploadCount == 3)
        }
    }

    @Test func aWrongKeyIsRefusedAndToldNowhere() async throws {
        try await with(environment: ["XAI_API_KEY": "xai-wrong-0123456789abcdef"]) { satchel, _ in
            let finished = try await satchel.run(["sync"]).check(5)
            #expect(finished.stderr.contains("check the API key"))
            #expect(!finished.stderr.contains("0123456789") && !finished.stdout.contains("0123456789"))
        }
    }

    @Test func whatTheAccountCanDoIsProven() async throws {
        try await with([:]) { satchel, xAI in
            let seeing = LoopbackAnswer.composed { files in
                files.first.flatMap { String(validating: $0, as: UTF8.self) } ?? "something else"
            }
            xAI.nextAnswer(seeing)
            let document: LiveDoctorTests.Document = try await satchel.document(
                ["doctor", "--live", "xai", "-m", "echo"],
                // Its echo cannot tell colours, so the picture is not seen.
                status: 1
            )
            for name in ["upload", "expiry", "listing", "file in chat", "delete"] {
                #expect(document["live \(name)"]?.ok == true, "\(name)")
            }
            #expect(document["live picture in chat"]?.detail.contains("as part of the question") == true)
            #expect(xAI.uploadCount == 1 && xAI.files.isEmpty)
        }
    }
}
