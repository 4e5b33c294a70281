import Glibc
import SatchelTestSupport
import Testing

/// What can be said at a chat's prompt besides questions.
@Suite(.timeLimit(.minutes(2)))
struct ChatLoopTests {
    /// A chat whose standard input is a terminal; `type` waits for what the chat says to each line.
    private struct Talk {
        let terminal: Terminal
        let chat: SpawnedProcess

        /// The `count`-th line with the answer: one may have been said before.
        func say(_ text: String, until answer: String, count: Int = 1) async throws {
            terminal.type(text + "\n")
            try await chat.line(containing: answer, count: count)
        }

        func say(_ text: String, untilError error: String) async throws {
            terminal.type(text + "\n")
            try await chat.errorLine(containing: error)
        }

        func end() async throws -> FinishedProcess {
            terminal.type("/quit\n")
            return try await chat.finish().check()
        }
    }

    private func talking(
        _ arguments: String = "",
        environment: [String: String] = [:],
        configuration: String = "",
        _ body: (AtOpenAI, Talk) async throws -> Void
    ) async throws {
        let files: [RawBytes: RawBytes] = ["tea.txt": "Earl Grey\n", "milk.txt": "milk\n", "two words.txt": "x\n"]
        try await AtOpenAI.with(files, environment: ["SATCHEL_MODEL": "echo"]) { at in
            try at.satchel.home.write(".config/satchel/config.yaml", RawBytes(configuration))
            let terminal = try Terminal()
            let whole = at.openAI.environment.merging([
                "PATH": "/usr/bin:/bin", "HOME": at.satchel.home.root, "SATCHEL_MODEL": "echo", "LANG": "C.UTF-8",
            ]) { $1 }.merging(environment) { $1 }
            let command = "exec \"$0\" chat \(arguments) <\"$1\""
            let chat = try SpawnedProcess(
                "/bin/sh",
                ["-c", command, at.satchel.binary, terminal.path],
                SpawnedProcess.Surroundings(folder: at.workspace.root, environment: whole)
            )
            try await chat.line(containing: "/help")
            try await body(at, Talk(terminal: terminal, chat: chat))
        }
    }

    @Test func filesAreAddedAndDropped() async throws {
        try await talking { at, talk in
            try await talk.say("/files", until: "no files yet")
            try await talk.say("/add tea.txt \"two words.txt\"", until: "+ two words.txt")
            try await talk.say("what is it?", until: "you said: what is it?")
            #expect(at.openAI.uploadCount == 2)
            try await talk.say("/files", until: "tea.txt  ")
            try await talk.say("/drop tea.txt", until: "- tea.txt  not shown any more")
            try await talk.say("and @tea.txt with @milk.txt?", until: "you said: and @tea.txt with @milk.txt?")
            try await talk.say("/add nothing.txt", untilError: "nothing.txt: no such file")
            let finished = try await talk.end()
            #expect(finished.stderr.contains("is shown milk.txt"))
            let shown = finished.stderr.split(separator: "\n").filter { $0.contains("is shown tea.txt") }
            #expect(shown.count == 1, "\(finished)")
        }
    }

    @Test func tokensAndCostAreTold() async throws {
        try await talking { at, talk in
            try await at.satchel.sync()
            try await talk.say("/cost", until: "nothing was asked yet")
            try await talk.say("what is in @tea.txt?", until: "you said:")
            try await talk.say("/add milk.txt", until: "+ milk.txt")
            try await talk.say("/tokens", until: "3 of files shown, 2 of files added")
            try await talk.say("/cost", until: "1 of 1 answers unpriced")
            at.openAI.nextAnswer(.ending(.cut, after: 2))
            talk.terminal.type("and more?\n")
            try await talk.say("/cost", until: "2 of 2 answers unpriced")
            _ = try await talk.end()
        }
    }

    @Test func theModelIsChangedOnTheWay() async throws {
        try await talking { at, talk in
            try await talk.say("/model", until: "echo on openai")
            try await talk.say("/model other", until: "other on openai")
            try await talk.say("hello", until: "you said: hello")
            #expect(at.server.requests("POST /v1/responses").last?.json?["model"]?.string == "other")
            _ = try await talk.end()
        }
    }

    @Test func aRetryAsksAgainAndKeepsTheFirstAnswer() async throws {
        try await talking { at, talk in
            try await talk.say("first", until: "you said: first")
            try await talk.say("second", until: "you said: second")
            try await talk.say("/retry", until: "you said: second", count: 2)
            _ = try await talk.end()
            let requests = at.server.requests("POST /v1/responses")
            #expect(requests.count == 3 && requests[1].json?["input"] == requests[2].json?["input"])
            let threads = try await at.satchel.run(["thread", "ls"]).check().stdout
            #expect(threads.split(separator: "\n").count == 2, "\(threads)")
        }
    }

    @Test func aRetryInAThreadThatIsTakenUpShowsWhatWasShownAndNoMore() async throws {
        try await talking { at, talk in
            _ = try await talk.end()
            try await at.satchel.chat("see @tea.txt", stdin: "and @milk.txt\n")
            let terminal = try Terminal()
            let chat = try SpawnedProcess(
                "/bin/sh",
                ["-c", "exec \"$0\" chat -c <\"$1\"", at.satchel.binary, terminal.path],
                SpawnedProcess.Surroundings(
                    folder: at.workspace.root,
                    environment: at.openAI.environment.merging([
                        "PATH": "/usr/bin:/bin", "HOME": at.satchel.home.root, "SATCHEL_MODEL": "echo",
                    ]) { $1 }
                )
            )
            terminal.type("/retry\n/quit\n")
            let finished = try await chat.finish().check()
            #expect(
                finished.stderr.contains("is shown tea.txt") && !finished.stderr.contains("milk.txt"),
                "\(finished)"
            )
        }
    }

    @Test func theLastQuestionIsChangedInAnEditor() async throws {
        try await talking(environment: ["EDITOR": "sed -i s/tea/milk/"]) { at, talk in
            try await talk.say("what is in @tea.txt?", until: "you said: what is in @tea.txt?")
            try await talk.say("/edit", until: "you said: what is in @milk.txt?")
            _ = try await talk.end()
        }
        try await talking(environment: ["EDITOR": "false"]) { at, talk in
            try await talk.say("hello", until: "you said: hello")
            try await talk.say("/edit", untilError: "nothing is asked")
            _ = try await talk.end()
        }
    }

    @Test func whatIsNoCommandIsAQuestion() async throws {
        try await talking { _, talk in
            try await talk.say("/etc/hosts is what?", until: "you said: /etc/hosts is what?")
            _ = try await talk.end()
        }
    }

    @Test func aCommandThatThereIsNotIsNotAsked() async throws {
        try await talking { at, talk in
            try await talk.say("/fiels", untilError: "/fiels: there is no such command")
            try await talk.say("/drop tee.txt", untilError: "tee.txt: no such file")
            try await talk.say("/etc is what?", until: "you said: /etc is what?")
            _ = try await talk.end()
            #expect(at.server.requests("POST /v1/responses").count == 1)
        }
    }

    @Test func anInterruptEndsTheAnswerAndNotTheSession() async throws {
        try await talking { at, talk in
            let gate = try TestGate()
            at.openAI.nextAnswer(.pausing(after: 2, at: gate))
            talk.terminal.type("what is in @tea.txt?\n")
            try await gate.arrivals()
            talk.chat.send(SIGINT)
            try await talk.chat.errorLine(containing: "stopped; what was said so far is kept")
            gate.open()
            try await talk.say("and now?", until: "you said: and now?")
            _ = try await talk.end()
            let threads = try await at.satchel.run(["thread", "ls"]).check().stdout
            #expect(threads.split(separator: "\n").count == 1, "the next question belongs to the same thread")
            let shown = try await at.satchel.run(["thread", "show", "1"]).check().stdout
            #expect(shown.contains("(aborted)"), "\(shown)")
        }
    }

    @Test func atATerminalLinesComeBackAndWhatIsPastedIsOneQuestion() async throws {
        try await AtOpenAI.with(environment: ["SATCHEL_MODEL": "echo"]) { at in
            let terminal = try Terminal()
            let environment = at.openAI.environment.merging([
                "PATH": "/usr/bin:/bin", "HOME": at.satchel.home.root, "SATCHEL_MODEL": "echo", "LANG": "C.UTF-8",
                "TERM": "xterm",
            ]) { $1 }
            let chat = try SpawnedProcess(
                "/bin/sh",
                ["-c", "\"$0\" chat <\"$1\" >\"$1\" && stty -a <\"$1\"", at.satchel.binary, terminal.path],
                SpawnedProcess.Surroundings(folder: at.workspace.root, environment: environment)
            )
            // Nothing that a terminal itself obeys before the program has it.
            terminal.type("firts\u{1b}[D\u{1b}[D\u{1b}[3~\u{1b}[Ft\r")
            terminal.type("\u{1b}[A!\r")
            terminal.type("\u{1b}[200~two\rlines\u{1b}[201~\r")
            terminal.type("/quit\r")
            let finished = try await chat.finish().check()
            let asked = at.server.requests("POST /v1/responses").compactMap { request in
                request.json?["input"]?.array?.last?["content"]?.array?.last?["text"]?.string
            }
            #expect(asked == ["first", "first!", "two\nlines"])
            #expect(finished.stdout.contains(" icanon") && finished.stdout.contains(" echo "), "it is left as it was")
        }
    }

    @Test func ctrlZGivesTheTerminalToTheShellAndFgGoesOnWithTheLine() async throws {
        try await AtOpenAI.with(environment: ["SATCHEL_MODEL": "echo"]) { at in
            let environment = at.openAI.environment.merging([
                "PATH": "/usr/bin:/bin", "HOME": at.satchel.home.root, "SATCHEL_MODEL": "echo", "LANG": "C.UTF-8",
                "TERM": "xterm",
            ]) { $1 }
            // A shell with job control, on a terminal of its own.
            let shell = try SpawnedProcess(
                "/usr/bin/script",
                ["--quiet", "--return", "--command", "bash --norc --noprofile -i", "/dev/null"],
                .init(folder: at.workspace.root, environment: environment, hasInput: true)
            )
            await shell.write("'\(at.satchel.binary)' chat\n")
            try await until("the prompt to be drawn") { shell.stdout.contains("\u{1b}[J> ") }
            await shell.write("half a\u{1a}")
            try await shell.line(containing: "Stopped")
            let drawn = shell.stdout.ranges(of: "half a").count
            await shell.write("fg; exit\n")
            try await until("the line to be drawn again") { shell.stdout.ranges(of: "half a").count > drawn }
            await shell.write(" question\r")
            try await shell.line(containing: "you said: half a question")
            await shell.write("/quit\r")
            _ = try await shell.finish().check()
        }
    }

    @Test func anInterruptBeforeTheFirstWordLeavesTheBudgetShared() async throws {
        let configuration = """
            prices: ["echo input 1000 output 1000"]
            accounts: {openai: {kind: openai, budget: {money_per_day: 0.005}}}

            """
        try await talking(configuration: configuration) { at, talk in
            let gate = try TestGate()
            at.server.inject(.hold(gate), on: "POST /v1/responses")
            talk.terminal.type("hello\n")
            try await gate.arrivals()
            talk.chat.send(SIGINT)
            try await talk.chat.errorLine(containing: "stopped")
            gate.open()
            // Another process uses up what the day has: what was stopped took nothing of it.
            try await at.satchel.chat("hello")
            try await talk.say("and now?", untilError: "budget.money_per_day")
            _ = try await talk.end()
            #expect(at.server.requests("POST /v1/responses").count == 2)
        }
    }

    @Test func anInterruptAtThePromptEndsTheSession() async throws {
        try await talking { _, talk in
            try await talk.say("hello", until: "you said: hello")
            // The words are there before the answer has ended; an interrupt would only end that.
            try await talk.say("/model", until: "echo on openai", count: 2)
            talk.chat.send(SIGINT)
            _ = try await talk.chat.finish().check(130)
        }
    }

    @Test func whatAutoChoseIsCorrected() async throws {
        try await talking("--auto") { at, talk in
            try await talk.say("which milk?", until: "you said: which milk?")
            try await talk.say("/drop milk.txt", until: "/retry asks the last question without it")
            try await talk.say("/retry", until: "you said: which milk?", count: 2)
            _ = try await talk.end()
            let body = try #require(at.server.requests("POST /v1/responses").last?.json)
            let parts = (body["input"]?.array ?? []).flatMap { $0["content"]?.array ?? [] }
            #expect(parts.allSatisfy { $0["type"]?.string == "input_text" })
        }
    }
}
