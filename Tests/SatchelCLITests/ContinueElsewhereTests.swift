import SatchelTestSupport
import Testing

/// A conversation that goes on at another provider: its files are made there when they are needed.
@Suite(.timeLimit(.minutes(2)))
struct ContinueElsewhereTests {
    private func digest(_ text: String) -> String { "\(independentDigest(of: Array(text.utf8)))" }

    private func with(
        _ body: (RunningSatchel, LoopbackOpenAI, LoopbackGemini) async throws -> Void
    ) async throws {
        try await LoopbackOpenAI.with { openAI in
            try await LoopbackGemini.with { gemini in
                let both = openAI.environment.merging(gemini.environment) { $1 }
                    .merging(["SATCHEL_MODEL": "echo", "SATCHEL_ACCOUNT": "openai", "SATCHEL_TTL": "1h"]) { $1 }
                try await RunningSatchel.initialised(["tea.txt": "Earl Grey\n"], environment: both) { satchel in
                    try await body(satchel, openAI, gemini)
                }
                #expect(openAI.server.flaws.isEmpty && gemini.server.flaws.isEmpty)
            }
        }
    }

    @Test func itsFilesAreMadeThereAsTheyWereShown() async throws {
        try await with { satchel, openAI, gemini in
            let first = try await satchel.chat("what is in @tea.txt?")
            #expect(first.account == "openai" && gemini.uploadCount == 0)
            // The file changes in between: the conversation is about what it was.
            try satchel.workspace.write("tea.txt", "Oolong\n")
            let second = try await satchel.chat("-p", "gemini", "-c", "--pin", "and here?")
            #expect(second.thread == first.thread && second.account == "gemini")
            #expect(second.answer.contains(digest("Earl Grey\n")))
            #expect(gemini.files.map { "\($0.sha256)" } == [digest("Earl Grey\n")])
            // Back again: nothing is sent twice.
            let third = try await satchel.chat("-c", "--pin", "and again?")
            #expect(third.account == "openai" && third.answer.contains(digest("Earl Grey\n")))
            #expect(openAI.uploadCount == 1 && gemini.uploadCount == 1)
            let turns = try #require(openAI.server.requests("POST /v1/responses").last?.json?["input"]?.array)
            #expect(turns.map { $0["role"]?.string } == ["user", "assistant", "user", "assistant", "user"])
        }
    }

    @Test func whatWasLookedUpElsewhereStaysThere() async throws {
        try await with { satchel, openAI, gemini in
            try await satchel.sync()
            openAI.nextAnswer(.calling((name: "read_file", arguments: #"{"path":"tea.txt"}"#)))
            let first = try await satchel.chat("what is there?")
            #expect(first.answer.contains("Earl Grey"))
            gemini.nextAnswer(.calling((name: "read_file", arguments: #"{"path":"tea.txt"}"#)))
            // Nothing was ever sent there, so there is nothing that it could look at.
            let second = try await satchel.chat("-p", "gemini", "-c", "and?")
            #expect(second.answer == "you said: and?")
            try await satchel.sync("--to", "gemini")
            gemini.nextAnswer(.calling((name: "read_file", arguments: #"{"path":"tea.txt"}"#)))
            let third = try await satchel.chat("-p", "gemini", "-c", "and now?")
            #expect(third.answer.contains("1\tEarl Grey"))
        }
    }
}
