import SatchelTestSupport
import Testing

/// Chats at their limits: too much, too little, and two at once.
@Suite struct ChatLimitTests {
    private func with(
        _ files: [RawBytes: RawBytes],
        options: OpenAIOptions = OpenAIOptions(),
        environment: [String: String] = [:],
        _ body: (AtOpenAI) async throws -> Void
    ) async throws {
        let whole = ["SATCHEL_MODEL": "echo"].merging(environment) { $1 }
        try await AtOpenAI.with(files, options: options, environment: whole, body)
    }

    private func digest(_ text: String) -> String { "\(independentDigest(of: Array(text.utf8)))" }

    @Test func moreThanARequestMayHoldIsAnError() async throws {
        var options = OpenAIOptions()
        options.maxRequestFiles = 15
        try await with(["a.txt": "0123456789\n", "b.txt": "9876543210\n"], options: options) { at in
            let error = try await at.satchel.failure("chat", "compare @a.txt and @b.txt", status: 5)
            #expect(error.message.contains("400"))
            // The thread is not spoilt: each alone is fine.
            #expect(try await at.satchel.chat("what is in @a.txt?").answer.contains(digest("0123456789\n")))
        }
    }

    @Test func aFileThatCannotBeSentIsSaidAndTheOthersAreShown() async throws {
        try await with(["a.txt": "a\n", "data.bin": [0, 1, 2, 3], "empty.txt": ""]) { at in
            let finished = try await at.satchel.run(["chat", "see @a.txt @data.bin @empty.txt"]).check()
            #expect(finished.stdout.contains(digest("a\n")))
            #expect(finished.stderr.contains("data.bin: not shown: the account does not take binary files"))
            #expect(finished.stderr.contains("empty.txt: not shown: empty"))
        }
    }

    @Test func aMentionedFileThatCannotBeUploadedEndsTheChatBeforeItIsAsked() async throws {
        try await with(["a.txt": "a\n"], environment: ["SATCHEL_RETRIES": "0"]) { at in
            at.server.inject(.openAI(500, "no"), on: "POST /v1/files", times: 3)
            let finished = try await at.satchel.run(["chat", "see @a.txt"])
            #expect([2, 6].contains(finished.status), "\(finished)")
            #expect(at.server.requests("POST /v1/responses").isEmpty)
        }
    }

    @Test func twoChatsAtOnceUploadAFileOnce() async throws {
        try await with(["a.txt": "a\n"]) { at in
            let gate = try TestGate()
            at.server.inject(.hold(gate), on: "POST /v1/files")
            let first = try at.satchel.start(["chat", "see @a.txt"])
            try await gate.arrivals()
            let second = try at.satchel.start(["chat", "what about @a.txt"])
            gate.open()
            for chat in [first, second] {
                let finished = try await chat.finish().check()
                #expect(finished.stdout.contains(digest("a\n")))
            }
            #expect(at.openAI.uploadCount == 1)
        }
    }

    @Test func chattingWithAWrongKeyEndsWithFive() async throws {
        try await with(["a.txt": "a\n"], environment: ["OPENAI_API_KEY": "sk-not-this-one-48151623"]) { at in
            let error = try await at.satchel.failure("chat", "see @a.txt", status: 5)
            #expect(error.code == "unauthorised" && !error.message.contains("sk-not-this-one-48151623"))
            let bare = try await at.satchel.failure("chat", "hello", status: 5)
            #expect(bare.code == "unauthorised")
        }
    }

    @Test func aServerThatIsNotThereEndsWithSix() async throws {
        try await withRefusingPort { port in
            let environment = ["OPENAI_BASE_URL": "http://127.0.0.1:\(port)/v1", "SATCHEL_RETRIES": "0"]
            try await with(["a.txt": "a\n"], environment: environment) { at in
                for prompt in ["hello", "see @a.txt"] {
                    let error = try await at.satchel.failure("chat", prompt, status: 6)
                    #expect(error.retryable)
                }
            }
        }
    }

    @Test func askedToSlowDownAChatGivesUpWithSix() async throws {
        try await with(["a.txt": "a\n"], environment: ["SATCHEL_RETRIES": "0"]) { at in
            at.server.inject(.rateLimited(retryAfter: "1"), on: "POST /v1/responses", times: 9)
            let limited = try await at.satchel.failure("chat", "hello", status: 6)
            #expect(limited.code == "rate_limited")
            at.server.clearFaults()
            at.server.inject(.outOfCredit, on: "POST /v1/responses")
            let spent = try await at.satchel.failure("chat", "hello", status: 5)
            #expect(spent.code == "quota")
        }
    }

    @Test func aFileChangedBetweenQuestionAndSyncIsShownAsItIsNow() async throws {
        try await with(["a.txt": "old\n"]) { at in
            try await at.satchel.sync()
            try at.workspace.write("a.txt", "new\n")
            let answer = try await at.satchel.chat("see @a.txt")
            #expect(answer.answer.contains(digest("new\n")) && !answer.answer.contains(digest("old\n")))
            #expect(at.openAI.uploadCount == 2)
        }
    }

    @Test func anIgnoredFileIsNotSentBecauseItIsMentioned() async throws {
        try await with([".gitignore": "secret.txt\n", "secret.txt": "hush\n", ".env": "KEY=1\n"]) { at in
            let finished = try await at.satchel.run(["chat", "see @secret.txt and @.env"]).check()
            #expect(finished.stderr.contains("secret.txt: not shown: ignored by .gitignore:1"))
            #expect(finished.stderr.contains(".env: not shown: hidden"))
            #expect(at.openAI.uploadCount == 0)
            for request in at.server.requests("POST /v1/responses") {
                #expect(request.body.firstRange(of: Array("hush".utf8)) == nil)
            }
        }
    }

    @Test func lotsOfFilesAreShownInTheirOrder() async throws {
        let files = Dictionary(
            uniqueKeysWithValues: (10..<60).map { (RawBytes("d/f\($0).txt"), RawBytes("number \($0)\n")) }
        )
        try await with(files) { at in
            let answer = try await at.satchel.chat("see @d/")
            #expect(answer.files.map(\.path) == (10..<60).map { "d/f\($0).txt" })
            let lines = answer.answer.split(separator: "\n").filter { $0.hasPrefix("file:") }
            #expect(lines.map { String($0.suffix(64)) } == (10..<60).map { digest("number \($0)\n") })
        }
    }
}
