import Glibc
import SatchelTestSupport
import Testing

/// Asking a model about files by their ids: what it is really given, and what is kept of its answer.
@Suite struct ChatTests {
    private let files: [RawBytes: RawBytes] = [
        "tea.txt": "Earl Grey\n", "src/main.swift": "print(1)\n", "src/other.swift": "print(2)\n",
        "README.md": "# Example\n",
    ]

    private func with(
        _ files: [RawBytes: RawBytes]? = nil,
        options: OpenAIOptions = OpenAIOptions(),
        environment: [String: String] = [:],
        _ body: (AtOpenAI) async throws -> Void
    ) async throws {
        let whole = ["SATCHEL_MODEL": "echo", "SATCHEL_TTL": "1h"].merging(environment) { $1 }
        try await AtOpenAI.with(files ?? self.files, options: options, environment: whole, body)
    }

    private func digest(_ text: String) -> String { "\(independentDigest(of: Array(text.utf8)))" }

    @Test func aMentionedFileIsSyncedAndShownById() async throws {
        try await with { at in
            let answer = try await at.satchel.chat("what is in @tea.txt?")
            #expect(at.openAI.uploadCount == 1, "only what was mentioned")
            let file = try #require(at.openAI.files.first)
            // The model says what it was given: the digest is that of the file on the disk.
            #expect(answer.answer.contains("file:\(file.name):10:\(digest("Earl Grey\n"))"))
            #expect(answer.answer.contains("you said: what is in @tea.txt?"))
            #expect(answer.model == "echo" && answer.account == "openai" && answer.finishReason == "stop")
            #expect(answer.files == [.init(path: "tea.txt", sha256: digest("Earl Grey\n"), remoteId: file.id)])
            #expect(answer.usage?.reasoning == 3)
            let request = try #require(at.server.requests("POST /v1/responses").first)
            #expect(request.json?["store"] == false)
            #expect(request.body.firstRange(of: Array("Earl Grey".utf8)) == nil)
        }
    }

    @Test func theAnswerIsPrintedWhileItComes() async throws {
        try await with { at in
            let gate = try TestGate()
            at.openAI.nextAnswer(.pausing(after: 17, at: gate))
            let chat = try at.satchel.start(["chat", "what is in @tea.txt?"])
            try await chat.line(containing: digest("Earl Grey\n"))
            #expect(!chat.stdout.contains("you said: what is in @tea.txt?"))
            gate.open()
            let finished = try await chat.finish().check()
            #expect(finished.stdout.contains("you said: what is in @tea.txt?"))
            #expect(finished.stderr.contains("tea.txt"), "it says what was shown")
        }
    }

    @Test(arguments: [
        ("@src/", ["src/main.swift", "src/other.swift"]), ("@src/main.swift, please", ["src/main.swift"]),
        ("@\"src/main.swift\"", ["src/main.swift"]), ("@*.md", ["README.md"]),
        ("@'src/*.swift'", ["src/main.swift", "src/other.swift"]),
        ("@.", ["README.md", "src/main.swift", "src/other.swift", "tea.txt"]), ("someone@example.org", []),
    ])
    func aMentionStandsForFiles(_ prompt: String, _ paths: [String]?) async throws {
        try await with { at in
            let answer = try await at.satchel.chat("look at \(prompt)")
            if let paths { #expect(answer.files.map(\.path) == paths) }
            for file in answer.files { #expect(answer.answer.contains(file.sha256)) }
        }
    }

    @Test func aMentionOfNothingIsSaidAndTakenAsText() async throws {
        try await with { at in
            let finished = try await at.satchel.run(["chat", "ask @nobody about it"]).check()
            #expect(finished.stderr.contains("@nobody"))
            #expect(finished.stdout.contains("you said: ask @nobody about it"))
            #expect(at.openAI.uploadCount == 0)
        }
    }

    @Test func aThreadGoesOnWithTheFilesAsTheyWereShown() async throws {
        try await with { at in
            let first = try await at.satchel.chat("what is in @tea.txt?")
            try at.workspace.write("tea.txt", "Oolong\n")
            try await at.satchel.sync()
            let second = try await at.satchel.chat("-c", "and now @tea.txt?")
            #expect(second.thread == first.thread)
            #expect(second.answer.contains(digest("Earl Grey\n")) && second.answer.contains(digest("Oolong\n")))
            let turns = try #require(at.server.requests("POST /v1/responses").last?.json?["input"]?.array)
            #expect(turns.map { $0["role"]?.string } == ["user", "assistant", "user"])
            let other = try await at.satchel.chat("something else")
            #expect(other.thread != first.thread && other.files.isEmpty)
            let third = try await at.satchel.chat("--thread", "\(first.thread)", "once more")
            #expect(third.thread == first.thread && third.answer.contains(digest("Earl Grey\n")))
        }
    }

    @Test func continuingWithoutAThreadIsAnError() async throws {
        try await with { at in
            let error = try await at.satchel.failure("chat", "-c", "and now?", status: 2)
            #expect(error.message.contains("no thread"))
            try await at.satchel.run(["chat", "-c", "-t", "1", "and now?"]).check(64)
        }
    }

    @Test func anIdThatEndsSoonIsRenewedBeforeItIsSent() async throws {
        try await with { at in
            at.openAI.store.clock.advance(by: -3300)
            try await at.satchel.sync("tea.txt")
            let old = try #require(at.openAI.files.first?.id)
            at.openAI.store.clock.advance(by: 3300)
            let answer = try await at.satchel.chat("what is in @tea.txt?")
            #expect(answer.files.first?.remoteId != old)
            #expect(answer.answer.contains(digest("Earl Grey\n")))
            #expect(at.server.requests("POST /v1/responses").count == 1)
        }
    }

    @Test func whatAThreadShowedIsUploadedAgainFromTheLocalStore() async throws {
        try await with { at in
            at.openAI.store.clock.advance(by: -7200)
            // Both already too old when they arrive, and the file changes afterwards.
            try await at.satchel.sync("tea.txt")
            at.openAI.store.clock.advance(by: 7200)
            try await at.satchel.chat("what is in @tea.txt?")
            at.workspace.remove("tea.txt")
            try await at.satchel.sync()
            for file in at.openAI.files where file.text == "Earl Grey\n" { at.openAI.store.forget(file.id) }
            let answer = try await at.satchel.chat("-c", "again?")
            #expect(answer.answer.contains(digest("Earl Grey\n")))
        }
    }

    @Test func aFileThatIsGoneIsUploadedAgainBeforeTheQuestionIsAsked() async throws {
        try await with { at in
            try await at.satchel.sync("tea.txt")
            at.openAI.store.forget(try #require(at.openAI.files.first?.id))
            let finished = try await at.satchel.run(["chat", "what is in @tea.txt?"]).check()
            #expect(finished.stdout.contains(digest("Earl Grey\n")))
            #expect(finished.stderr.contains("gone"))
            #expect(at.openAI.uploadCount == 2)
            #expect(at.server.requests("POST /v1/responses").count == 1)
        }
    }

    @Test func everyIdOfAThreadIsAskedAfterBeforeItIsSent() async throws {
        try await with { at in
            try await at.satchel.chat("what is in @tea.txt?")
            at.server.forgetRequests()
            try await at.satchel.chat("-c", "and in @src/main.swift?")
            let asked = at.server.requests("GET /v1/files/*").map(\.path)
            #expect(asked.count == 2 && Set(asked).count == 2)
        }
    }

    @Test func aChatGoesOnWhereFilesCannotBeAskedAfter() async throws {
        try await with(environment: ["SATCHEL_RETRIES": "0"]) { at in
            try await at.satchel.sync("tea.txt")
            at.server.inject(.openAI(500, "no"), on: "GET /v1/files/*")
            let answer = try await at.satchel.chat("what is in @tea.txt?")
            #expect(answer.answer.contains(digest("Earl Grey\n")))
            #expect(at.openAI.uploadCount == 1)
        }
    }

    @Test(arguments: [400, 404])
    func aFileThatIsGoneIsUploadedAgainOnceAndTheQuestionRepeatedOnce(_ status: Int) async throws {
        var options = OpenAIOptions()
        options.missingFileStatus = status
        try await with(options: options) { at in
            try await at.satchel.sync("tea.txt")
            // It goes after it was asked after, while the question is on its way.
            let gate = try TestGate()
            at.server.inject(.hold(gate), on: "POST /v1/responses")
            let chat = try at.satchel.start(["chat", "what is in @tea.txt?"])
            try await gate.arrivals()
            at.openAI.store.forget(try #require(at.openAI.files.first?.id))
            gate.open()
            let finished = try await chat.finish().check()
            #expect(finished.stdout.contains(digest("Earl Grey\n")))
            #expect(finished.stderr.contains("gone"))
            #expect(at.openAI.uploadCount == 2)
            #expect(at.server.requests("POST /v1/responses").count == 2)
            try await at.expectConvergence()
        }
    }

    @Test func anErrorThatStaysIsNotRepeatedForEver() async throws {
        try await with { at in
            try await at.satchel.sync("tea.txt")
            let id = try #require(at.openAI.files.first?.id)
            at.server.inject(
                .openAI(404, "No such File object: \(id)", type: "invalid_request_error"),
                on: "POST /v1/responses",
                times: 5
            )
            let error = try await at.satchel.failure("chat", "what is in @tea.txt?", status: 5)
            #expect(error.code == "gone")
            #expect(at.server.requests("POST /v1/responses").count <= 2)
            #expect(at.openAI.uploadCount <= 2)
        }
    }

    @Test func ogxIsChattedWithLikeOpenAI() async throws {
        try await LoopbackOpenAI.with(.ogx) { ogx in
            try await withCompatible(ogx) { satchel in
                let answer = try await satchel.chat("what is in @tea.txt?")
                #expect(answer.answer.contains(digest("Earl Grey\n")))
                #expect(answer.files.first?.remoteId == ogx.files.first?.id)
                ogx.store.forget(try #require(ogx.files.first?.id))
                let again = try await satchel.chat("-c", "again?")
                #expect(again.answer.contains(digest("Earl Grey\n")))
                #expect(ogx.uploadCount == 2)
            }
        }
    }

    @Test func aServerWithoutFilesIsGivenTheText() async throws {
        try await LoopbackOpenAI.with(.plainChat) { plain in
            try await withCompatible(plain) { satchel in
                try satchel.workspace.write("data.bin", [0, 1, 2, 3])
                let finished = try await satchel.run(["chat", "what is in @tea.txt and @data.bin?"]).check()
                #expect(finished.stderr.contains("no Files API"))
                let request = try #require(plain.server.requests("POST /v1/chat/completions").first)
                let text = String(decoding: request.body, as: UTF8.self)
                #expect(text.contains("Earl Grey") && text.contains("tea.txt"))
                #expect(text.contains("data.bin is not text"))
                #expect(finished.stderr.contains("data.bin: not shown") && !finished.stderr.contains("shown data.bin"))
                let answer = try await satchel.chat("-c", "and now?")
                #expect(answer.answer.contains("you said: and now?"))
                #expect(answer.files.isEmpty)
                // Asked once, remembered for a day.
                #expect(plain.server.requests("GET /v1/files").count == 1)
                // The text went to that server, although the copies are here.
                let left = try await satchel.audit().departures
                #expect(!left.isEmpty && left.allSatisfy { $0.account == "lab" && $0.way == "chat" })
            }
        }
    }

    /// A workspace whose account `lab` is at a server that speaks like OpenAI and wants no key.
    private func withCompatible(
        _ server: LoopbackOpenAI,
        _ body: (RunningSatchel) async throws -> Void
    ) async throws {
        try await RunningSatchel.with(files) { satchel in
            let configuration = """
                default_account: lab
                accounts:
                  lab:
                    kind: openai-compatible
                    base_url: \(server.baseURL)
                chat:
                  model: echo

                """
            try satchel.home.write(".config/satchel/config.yaml", RawBytes(configuration))
            try await satchel.run(["init", "-q"]).check()
            satchel.workspace.remove("satchel.yaml")
            try await body(satchel)
        }
    }

    @Test(arguments: [
        (LoopbackAnswer.Ending.cut, Int32(6)), (.silence, 6), (.errorEvent(code: "server_error", message: "x"), 6),
        (.nestedError(code: "server_error", message: "x"), 6), (.failed(code: "server_error", message: "x"), 6),
    ])
    func ofAnAnswerThatBreaksOffWhatCameIsKept(_ ending: LoopbackAnswer.Ending, _ status: Int32) async throws {
        try await with { at in
            var broken = LoopbackAnswer.text("The tea is an Earl Grey with bergamot")
            broken.ending = ending
            broken.endsAfter = 4
            at.openAI.nextAnswer(broken)
            let finished = try await at.satchel.run(["chat", "what is in @tea.txt?"]).check(status)
            #expect(finished.stdout.contains("The tea is an Earl Grey with"))
            #expect(finished.stderr.contains("satchel: "))
            try await at.satchel.chat("-c", "go on")
            let turns = try #require(at.server.requests("POST /v1/responses").last?.json?["input"]?.array)
            #expect(turns.map { $0["role"]?.string } == ["user", "assistant", "user"])
            #expect(turns[1]["content"] == "The tea is an Earl Grey with")
        }
    }

    @Test func aStoppedChatKeepsWhatCame() async throws {
        try await with { at in
            let gate = try TestGate()
            var slow = LoopbackAnswer.pausing(after: 5, at: gate)
            slow.text = "One line of tea.\nAnother that never comes."
            at.openAI.nextAnswer(slow)
            let chat = try at.satchel.start(["chat", "what is in @tea.txt?"])
            try await chat.line(containing: "One line of tea.")
            chat.send(SIGINT)
            try await chat.finish().check(130)
            gate.open()
            try await at.satchel.chat("-c", "go on")
            let turns = try #require(at.server.requests("POST /v1/responses").last?.json?["input"]?.array)
            #expect(turns.count == 3 && turns[1]["content"]?.string?.hasPrefix("One line of tea.") == true)
        }
    }

    @Test func anAnswerThatWasCutShortByTheModelSaysSo() async throws {
        try await with { at in
            at.openAI.nextAnswer(.ending(.incomplete("max_output_tokens")))
            let answer = try await at.satchel.chat("go on about @tea.txt for ever")
            #expect(answer.finishReason == "length")
        }
    }

    @Test func aRefusalIsAnAnswer() async throws {
        try await with { at in
            at.openAI.nextAnswer(.refusal("I would rather not."))
            let finished = try await at.satchel.run(["chat", "hm?"]).check()
            #expect(finished.stdout.contains("I would rather not."))
        }
    }

    @Test func whatAModelSaysCannotMoveTheCursor() async throws {
        try await with { at in
            at.openAI.nextAnswer(.text("harm\u{1b}[2Jless\u{7}\r\nnext"))
            let finished = try await at.satchel.run(["chat", "hm?"]).check()
            #expect(!finished.stdoutBytes.contains(0x1b) && !finished.stdoutBytes.contains(7))
            #expect(finished.stdout.contains("less") && finished.stdout.contains("\nnext"))
        }
    }

    @Test func theSystemTextAndTheModelOfTheCommandLineWin() async throws {
        try await with(environment: ["SATCHEL_CHAT_SYSTEM": "be brief"]) { at in
            try await at.satchel.chat("hm?")
            try await at.satchel.chat("hm?", "--system", "be long", "--model", "other")
            let requests = at.server.requests("POST /v1/responses").map(\.json)
            #expect(requests.map { $0?["instructions"] } == ["be brief", "be long"])
            #expect(requests.map { $0?["model"] } == ["echo", "other"])
        }
    }

    @Test func picturesAreShownAsPictures() async throws {
        let png: RawBytes = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13]
        try await with(["cup.png": png]) { at in
            let answer = try await at.satchel.chat("what is on @cup.png?")
            #expect(answer.answer.contains(":12:"))
            let content = at.server.requests("POST /v1/responses").first?.json?["input"]?[0]?["content"]
            #expect(content?[0]?["type"] == "input_image")
        }
    }

    /// A chat whose standard input is the terminal.
    private func chatting(_ at: AtOpenAI, on terminal: Terminal) throws -> SpawnedProcess {
        let environment = at.openAI.environment.merging([
            "PATH": "/usr/bin:/bin", "HOME": at.satchel.home.root, "SATCHEL_MODEL": "echo", "LANG": "C.UTF-8",
        ]) { $1 }
        let surroundings = SpawnedProcess.Surroundings(folder: at.workspace.root, environment: environment)
        let command = "exec \"$0\" chat <\"$1\""
        return try SpawnedProcess("/bin/sh", ["-c", command, at.satchel.binary, terminal.path], surroundings)
    }

    @Test func aChatThatWaitsForAQuestionCanBeStopped() async throws {
        try await with { at in
            let terminal = try Terminal()
            let chat = try chatting(at, on: terminal)
            try await chat.line(containing: "/quit")
            chat.send(SIGINT)
            try await chat.finish(within: .seconds(10)).check(130)
        }
    }

    @Test func aThreadGoesOnWithoutAFileWhoseBytesAreLost() async throws {
        try await with { at in
            try await at.satchel.chat("what is in @tea.txt and @README.md?")
            try at.workspace.write("tea.txt", "Oolong\n")
            try await at.satchel.sync()
            for file in at.openAI.files { at.openAI.store.forget(file.id) }
            at.workspace.remove(".satchel/objects")
            let finished = try await at.satchel.run(["chat", "-c", "and now?"]).check()
            #expect(finished.stderr.contains("tea.txt: not shown"), "\(finished)")
            #expect(finished.stdout.contains(digest("# Example\n")))
        }
    }

    @Test func aTerminalIsAskedQuestionAfterQuestion() async throws {
        try await with { at in
            let terminal = try Terminal()
            let chat = try chatting(at, on: terminal)
            try await chat.line(containing: "/quit")
            terminal.type("what is in @tea.txt?\n")
            try await chat.line(containing: "you said: what is in @tea.txt?")
            terminal.type("\nand again?\n")
            try await chat.line(containing: "you said: and again?")
            terminal.type("/quit\n")
            let finished = try await chat.finish().check()
            // One thread: the second answer was given the file of the first.
            let shown = finished.stdout.split(separator: "\n").filter { $0.contains(digest("Earl Grey\n")) }
            #expect(shown.count == 2)
        }
    }
}
