import SatchelTestSupport
import Testing

/// Questions that come, as a whole or in part, through a pipe.
@Suite struct ChatPipeTests {
    private let files: [RawBytes: RawBytes] = ["tea.txt": "Earl Grey\n"]

    @Test func standardInputGoesWithThePrompt() async throws {
        try await AtOpenAI.with(files, environment: ["SATCHEL_MODEL": "echo"]) { at in
            let answer = try await at.satchel.chat("review this", stdin: "- old\n+ new\n")
            #expect(answer.answer.contains("review this"))
            #expect(answer.answer.contains("+ new"))
            let alone = try await at.satchel.chat(stdin: "what is in @tea.txt?")
            #expect(alone.files.map(\.path) == ["tea.txt"])
            try await at.satchel.run(["chat"], stdin: "").check(2)
        }
    }

    @Test func whatIsPipedBesideWordsNamesNoFiles() async throws {
        try await AtOpenAI.with(files, environment: ["SATCHEL_MODEL": "echo"]) { at in
            let answer = try await at.satchel.chat("review this", stdin: "+ see @tea.txt\n@@ -1 +1 @@\n")
            #expect(answer.files.isEmpty && at.openAI.uploadCount == 0)
            #expect(answer.answer.contains("see @tea.txt"))
            let named = try await at.satchel.chat("compare with @tea.txt", stdin: "@nothing.txt\n")
            #expect(named.files.map(\.path) == ["tea.txt"])
            let finished = try await at.satchel.run(["chat", "--estimate", "how much?"], stdin: "@tea.txt\n").check()
            #expect(!finished.stdout.contains("tea.txt"), "\(finished)")
            try await at.satchel.run(["chat", "--detach", "later"], stdin: "@tea.txt\n").check()
            try await at.satchel.run(["jobs", "run"]).check()
            #expect(at.openAI.uploadCount == 1)
            try at.workspace.write(".satchel/templates/sum.md", "Sum up $input")
            let templated = try await at.satchel.chat("--template", "sum", stdin: "@tea.txt\n")
            #expect(templated.files.isEmpty && templated.answer.contains("Sum up @tea.txt"))
        }
    }

    @Test func whatIsPipedAndNoTextIsAFileOfItsKind() async throws {
        try await AtOpenAI.with(files, environment: ["SATCHEL_MODEL": "echo"]) { at in
            let answer = try await at.satchel.chat("what is it?", stdin: "%PDF-1.7 piped\n")
            #expect(answer.files.map { $0.path.hasSuffix(".pdf") } == [true] && at.openAI.uploadCount == 1)
            #expect(answer.answer.contains("\(independentDigest(of: Array("%PDF-1.7 piped\n".utf8)))"))
            let error = try await at.satchel.run(["chat", "--detach", "what is it?"], stdin: "a\u{0}b").check(2)
            #expect(error.stderr.contains("standard input is no text"))
            try await at.satchel.run(["chat"], stdin: "a\u{0}b").check(2)
        }
    }

    @Test func whiteSpaceIsNoQuestion() async throws {
        try await AtOpenAI.with(files, environment: ["SATCHEL_MODEL": "echo"]) { at in
            try await at.satchel.run(["chat", "  "]).check(2)
            try await at.satchel.run(["chat"], stdin: " \n").check(2)
            #expect(at.server.requests("POST /v1/responses").isEmpty)
        }
    }
}
