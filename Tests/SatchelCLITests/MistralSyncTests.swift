import SatchelTestSupport
import Testing

/// Keeping an account at Mistral in step: documents and pictures go there, text stays here and is shown all the same.
@Suite struct MistralSyncTests {
    private static let png: RawBytes = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1, 2, 3]

    private let files: [RawBytes: RawBytes] = [
        "paper.pdf": "%PDF-1.7 one\n", "img/tea.png": png, "letter.docx": "PK\u{3}\u{4} letter",
        "src/main.swift": "print(1)\n", "src/twin.swift": "print(1)\n", "table.xlsx": "PK\u{3}\u{4} table",
    ]
    private let taken: [RawBytes] = ["paper.pdf", "img/tea.png", "letter.docx"]

    private func digest(_ text: String) -> String { "\(independentDigest(of: Array(text.utf8)))" }

    @Test func documentsAndPicturesAreUploadedAndTextIsNot() async throws {
        try await AtMistral.with(files) { at in
            let first = try await at.satchel.sync()
            #expect(first.account == "mistral")
            #expect(first.summary.uploaded == 3)
            #expect(first.skippedByReason == ["inlined": 2, "reserved": 1, "unsupported": 1])
            try at.expectHeld(taken)
            for request in at.server.requests("POST /v1/files") {
                let form = try request.form()
                #expect(form["purpose"]?.text == "ocr" && form["expiry"] == nil)
            }
            let why = try await at.satchel.why("src/main.swift")
            #expect(why.decision == "skip" && why.reason.contains("part of the question"))
            let requests = at.server.requests.count
            let second = try await at.satchel.sync()
            #expect(second.summary.unchanged == 3 && second.summary.skipped == 4)
            #expect(at.server.requests.count == requests, "a second sync asks nothing")
            try await at.satchel.sync("--check")
        }
    }

    @Test func anEditUploadsOneFileAndARenameNone() async throws {
        try await AtMistral.with(files) { at in
            try await at.satchel.sync()
            try at.workspace.write("paper.pdf", "%PDF-1.7 two\n")
            try at.workspace.move("letter.docx", to: "letters/first.docx")
            let report = try await at.satchel.sync()
            #expect(report.summary.uploaded == 1 && report.summary.linked == 1)
            #expect(at.mistral.uploadCount == 4)
        }
    }

    @Test func aCopyThatEndsSoonIsUploadedAgain() async throws {
        try await AtMistral.with(files) { at in
            // What is stored on a clock that is nearly thirty days late ends within minutes.
            let late = 30 * 86400.0 - 300
            at.mistral.store.clock.advance(by: -late)
            try await at.satchel.sync()
            #expect(try await at.satchel.list()["paper.pdf"]?.remotes.map(\.state) == ["expiring"])
            at.mistral.store.clock.advance(by: late)
            let report = try await at.satchel.sync("--verbose")
            #expect(report.summary.rehydrated == 3 && report.summary.uploaded == 0)
            #expect(try await at.satchel.list()["paper.pdf"]?.remotes.map(\.state) == ["ready"])
            try await at.satchel.sync("--check")
        }
    }

    @Test func aChatIsShownDocumentsByIdAndTextFromHere() async throws {
        try await AtMistral.with(files) { at in
            let answer = try await at.satchel.chat("compare @paper.pdf, @img/tea.png and @src/main.swift")
            #expect(answer.account == "mistral" && answer.finishReason == "stop")
            #expect(answer.answer.contains("file:paper.pdf:13:\(digest("%PDF-1.7 one\n"))"))
            #expect(answer.answer.contains(":11:\(independentDigest(of: Self.png.bytes))"))
            #expect(answer.answer.contains("you said: compare @paper.pdf"))
            #expect(at.mistral.uploadCount == 2, "only what was mentioned")
            let ids = answer.files.map { [$0.path, $0.remoteId ?? "inline"] }
            let held = try #require(at.mistral.files.first { $0.name.hasSuffix(".pdf") })
            #expect(ids.contains(["paper.pdf", held.id]) && ids.contains(["src/main.swift", "inline"]))
            #expect((answer.usage?.input ?? 0) > 0)
            let request = try #require(at.server.requests("POST /v1/chat/completions").last)
            let body = String(decoding: request.body, as: UTF8.self)
            #expect(body.contains("print(1)") && body.contains("img/tea.png:"))
        }
    }

    @Test func whyTextIsInlinedIsSaid() async throws {
        try await AtMistral.with(files) { at in
            let finished = try await at.satchel.run(["chat", "explain @src/main.swift"]).check()
            #expect(finished.stderr.contains("src/main.swift: shown as part of the question"))
            #expect(at.server.requests.map(\.path) == ["/v1/chat/completions"], "nothing is stored for it")
        }
    }

    @Test func textIsShownAgainAsItWasWhenItHasChanged() async throws {
        try await AtMistral.with(files) { at in
            try await at.satchel.chat("explain @src/main.swift")
            try at.workspace.write("src/main.swift", "print(2)\n")
            try await at.satchel.chat("-c", "and now @src/main.swift?")
            let body = try #require(at.server.requests("POST /v1/chat/completions").last).body
            let text = String(decoding: body, as: UTF8.self)
            #expect(text.contains("print(1)") && text.contains("print(2)"))
        }
    }

    @Test func aSignedURLIsWrittenDownNowhere() async throws {
        try await AtMistral.with(files, options: small) { at in
            try await at.satchel.chat("read @img/tea.png")
            let refused = try await at.satchel.run(["chat", "--json", "-v", "read @paper.pdf"])
            #expect(refused.status != 0)
            #expect((refused.stdout + refused.stderr).contains("is larger than 5 bytes"))
            let signatures = at.mistral.signedURLs.compactMap { $0.split(separator: "sig=").last }.map(String.init)
            #expect(signatures.count == 2)
            var kept = Array((refused.stdout + refused.stderr).utf8)
            for name in ["manifest.db", "manifest.db-wal"] {
                kept += at.workspace.read(RawBytes(".satchel/\(name)")) ?? []
            }
            for signature in signatures { #expect(kept.firstRange(of: Array(signature.utf8)) == nil) }
            #expect(kept.firstRange(of: Array("sig=".utf8)) == nil)
        }
    }

    /// Documents of more than five bytes are refused when they are read, by a sentence that repeats their URL.
    private var small: MistralOptions {
        var options = MistralOptions()
        options.maxDocumentSize = 5
        return options
    }

    @Test func aFileThatSomebodyDeletedIsUploadedAgainForTheQuestion() async throws {
        try await AtMistral.with(files) { at in
            try await at.satchel.sync()
            let old = try #require(at.mistral.files.first { $0.name.hasSuffix(".pdf") }?.id)
            at.mistral.store.forget(old)
            let answer = try await at.satchel.chat("what is in @paper.pdf?")
            #expect(answer.answer.contains(digest("%PDF-1.7 one\n")))
            #expect(answer.files.first?.remoteId != old)
            try at.expectHeld(taken)
        }
    }

    @Test func usageIsKnownAlsoWhereAskingForItIsRefused() async throws {
        var options = MistralOptions()
        options.streamOptions = .refused
        try await AtMistral.with(files, options: options) { at in
            let answer = try await at.satchel.chat("what is in @paper.pdf?")
            #expect(answer.answer.contains(digest("%PDF-1.7 one\n")))
            #expect((answer.usage?.output ?? 0) > 0)
        }
    }

    @Test func cleanupLeavesNothingOfOursAndEverythingElse() async throws {
        try await AtMistral.with(files) { at in
            let other = try RunningSatchel(["paper.pdf": "%PDF-1.7 one\n"], environment: at.mistral.environment)
            try await other.run(["init", "-q"]).check()
            try await other.run(["sync", "paper.pdf"]).check()
            let foreign = try #require(at.mistral.files.first?.id)
            try await at.satchel.sync()
            #expect(at.mistral.files.count == 4)
            at.workspace.remove("letter.docx")
            try await at.satchel.sync()
            #expect(try await at.satchel.cleanup("--older-than", "0").summary.deleted == 1)
            #expect(try await at.satchel.cleanup("--all", "--force").summary.deleted == 2)
            #expect(at.mistral.files.map(\.id) == [foreign])
        }
    }

    @Test func theAccountIsProvenWithADocument() async throws {
        struct Document: Decodable {
            struct Check: Decodable {
                var name: String
                var ok: Bool
                var detail: String
            }

            var checks: [Check]
        }
        try await AtMistral.with { at in
            // Tells all that stands in the document, and of the picture that it saw none.
            at.mistral.nextAnswer(.composed { String(decoding: $0.joined(), as: UTF8.self) })
            at.mistral.nextAnswer(.text("There is no picture."))
            let document: Document = try await at.satchel.document(
                ["doctor", "--live", "mistral", "-m", "echo"],
                status: 1
            )
            for name in ["live upload", "live listing", "live file in chat", "live delete"] {
                let check = document.checks.first { $0.name == name }
                #expect(check?.ok == true, "\(name): \(check?.detail ?? "missing")")
            }
            #expect(document.checks.contains { $0.name == "live picture in chat" && !$0.ok })
            #expect(at.mistral.uploadCount == 2 && at.mistral.files.isEmpty)
        }
    }
}
