import Glibc
import SatchelTestSupport
import Testing

/// What comes with an answer: places, quotations, and how it comes.
@Suite struct AnswerTests {
    private let files: [RawBytes: RawBytes] = [
        "tea.txt": "Earl Grey\nwith bergamot, from Calabria\n", "src/main.swift": "print(1)\nprint(2)\n",
    ]

    // MARK: Citations

    @Test func anthropicsPlacesBecomeLines() async throws {
        try await AtAnthropic.with(files) { at in
            at.anthropic.nextAnswer(.citing)
            let answer = try await at.satchel.chat("what is in @tea.txt and @src/main.swift?")
            let places = try #require(answer.citations)
            #expect(places.map(\.path) == ["src/main.swift", "tea.txt"])
            #expect(places.allSatisfy { $0.finding == "found" && $0.line == 1 && $0.origin == "provider" })
            #expect(places.map(\.quote) == ["print(1)", "Earl Gre"])
            #expect(
                places.map(\.sha256) == places.map { place in answer.files.first { $0.path == place.path }?.sha256 }
            )
            let again = try await at.satchel.run(["thread", "show", "\(answer.thread)"]).check()
            #expect(again.stdout.contains("[1] src/main.swift:1  “print(1)”"))
        }
    }

    @Test func aPlaceIsThatOfTheVersionThatWasShown() async throws {
        try await AtAnthropic.with(files) { at in
            try await at.satchel.chat("what is in @tea.txt?")
            try at.workspace.write("tea.txt", "Oolong\n")
            try await at.satchel.sync()
            at.anthropic.nextAnswer(.citing)
            let answer = try await at.satchel.chat("-c", "again?")
            #expect(answer.citations?.first?.quote == "Earl Gre" && answer.citations?.first?.finding == "found")
        }
    }

    @Test func citationsCanBeTurnedOff() async throws {
        try await AtAnthropic.with(files, environment: ["SATCHEL_CHAT_CITATIONS": "off"]) { at in
            at.anthropic.nextAnswer(.citing)
            let answer = try await at.satchel.chat("what is in @tea.txt?")
            #expect(answer.citations == nil)
            let body = String(decoding: at.server.requests("POST /v1/messages").first?.body ?? [], as: UTF8.self)
            #expect(!body.contains("citations"))
        }
    }

    @Test func otherProvidersNameTheFile() async throws {
        try await AtOpenAI.with(files, environment: ["SATCHEL_MODEL": "echo"]) { at in
            at.openAI.nextAnswer(.citing)
            let answer = try await at.satchel.chat("what is in @tea.txt?")
            #expect(answer.citations?.map(\.path) == ["tea.txt"] && answer.citations?[0].finding == "unchecked")
            at.openAI.nextAnswer(.citing)
            let shown = try await at.satchel.run(["chat", "what is in @tea.txt?"]).check()
            #expect(shown.stdout.contains("[1] tea.txt\n"))
            #expect(!shown.stdoutBytes.contains(0x1b), "no links where no terminal is")
        }
        try await AtGemini.with(files) { at in
            at.gemini.nextAnswer(.citing)
            let answer = try await at.satchel.chat("what is in @tea.txt?")
            #expect(answer.citations?.map(\.path) == ["tea.txt"])
        }
        try await AtMistral.with(["a.pdf": "%PDF-1.4 tea\n"]) { at in
            at.mistral.nextAnswer(.citing)
            let answer = try await at.satchel.chat("what is in @a.pdf?")
            // Its numbers mean nothing that is documented, so no file is named.
            #expect(answer.citations?.allSatisfy { $0.path == nil } == true)
        }
        try await LoopbackXAI.with { xAI in
            let environment = xAI.environment.merging(["SATCHEL_MODEL": "echo"]) { $1 }
            try await RunningSatchel.initialised(files, environment: environment) { satchel in
                xAI.nextAnswer(.citing)
                let answer = try await satchel.chat("what is in @tea.txt?")
                #expect(answer.citations?.map(\.path) == ["tea.txt"])
                #expect(answer.costSource == "provider")
            }
        }
    }

    @Test func quotationsAreLookedUpInTheBytes() async throws {
        try await AtOpenAI.with(files, environment: ["SATCHEL_MODEL": "echo"]) { at in
            let good =
                "In tea.txt:2 it says “with bergamot, from Calabria”, and src/main.swift has\n\n```\nprint(2)\n```\n"
            at.openAI.nextAnswer(.text(good))
            let answer = try await at.satchel.chat("--verify", "what is in @tea.txt and @src/main.swift?")
            #expect(answer.ok && answer.citations?.map(\.finding) == ["found", "found"])
            #expect(answer.citations?.map(\.path) == ["tea.txt", "src/main.swift"])
            #expect(answer.citations?.map(\.line) == [2, 2])

            let bad = "tea.txt says “with jasmine, from Fujian”, and tea.txt:1 says “with bergamot, from Calabria”."
            at.openAI.nextAnswer(.text(bad))
            let wrong = try await at.satchel.chat("--verify", "what is in @tea.txt?", status: 1)
            #expect(!wrong.ok && wrong.citations?.map(\.finding) == ["not_found", "moved"])
            at.openAI.nextAnswer(.text("tea.txt:1 says “with bergamot, from Calabria”."))
            let elsewhere = try await at.satchel.chat("--verify", "what is in @tea.txt?", status: 1)
            #expect(!elsewhere.ok && elsewhere.citations?.map(\.finding) == ["moved"])
        }
    }

    @Test func aRefusalInPlaceOfWhatTheSchemaWantsIsShown() async throws {
        try await AtOpenAI.with(files, environment: ["SATCHEL_MODEL": "echo"]) { at in
            try at.satchel.home.write("tags.json", #"{"type": "object"}"#)
            at.openAI.nextAnswer(.refusal("I cannot tag tea."))
            let error = try await at.satchel.failure(
                "chat",
                "--schema",
                "\(at.satchel.home.root)/tags.json",
                "tag it",
                status: 5
            )
            #expect(error.message.contains("I cannot tag tea."))
        }
    }

    // MARK: Streaming

    @Test func aKilledChatKeepsWhatCameAndTailShowsIt() async throws {
        try await AtOpenAI.with(files, environment: ["SATCHEL_MODEL": "echo"]) { at in
            let gate = try TestGate()
            var slow = LoopbackAnswer.pausing(after: 4, at: gate)
            slow.text = "One line of tea.\nAnother line\n"
            at.openAI.nextAnswer(slow)
            let chat = try at.satchel.start(["chat", "hm?"])
            try await chat.line(containing: "One line of tea.")
            // Another process sees what is written down, while it is written.
            let tail = try at.satchel.start(["tail"])
            try await tail.line(containing: "One line of tea.")
            chat.send(SIGKILL)
            let finished = try await tail.finish().check(1)
            #expect(finished.stderr.contains("interrupted"))
            let again = try await at.satchel.run(["tail"]).check(1)
            #expect(again.stdout.contains("One line of tea."))
            gate.open()
            try await at.satchel.chat("-c", "go on")
            let turns = try #require(at.server.requests("POST /v1/responses").last?.json?["input"]?.array)
            #expect(turns[1]["content"]?.string?.hasPrefix("One line of tea.") == true)
        }
    }

    @Test func tailFollowsAnAnswerToItsEnd() async throws {
        try await AtOpenAI.with(files, environment: ["SATCHEL_MODEL": "echo"]) { at in
            try await at.satchel.run(["tail"]).check(2)
            let gate = try TestGate()
            var slow = LoopbackAnswer.pausing(after: 4, at: gate)
            slow.text = "One line of tea.\nAnother line\n"
            at.openAI.nextAnswer(slow)
            let chat = try at.satchel.start(["chat", "what is in @tea.txt?"])
            try await gate.arrivals()
            let tail = try at.satchel.start(["tail"])
            try await tail.line(containing: "One line of tea.")
            gate.open()
            let shown = try await tail.finish().check()
            let asked = try await chat.finish().check()
            #expect(shown.stdout == asked.stdout)
            let unknown = try await at.satchel.failure("tail", "4711", status: 2)
            #expect(unknown.message.contains("4711"))
        }
    }

    @Test func aSilentProviderIsGivenUp() async throws {
        let environment = ["SATCHEL_MODEL": "echo", "SATCHEL_CHAT_IDLE_TIMEOUT": "1s"]
        try await AtOpenAI.with(files, environment: environment) { at in
            let gate = try TestGate()
            at.openAI.nextAnswer(.pausing(after: 2, at: gate))
            let finished = try await at.satchel.run(["chat", "hm?"]).check(6)
            #expect(!finished.stdout.isEmpty)
            gate.open()
        }
    }

    // MARK: Scripts

    private let schema = #"{"type":"object","properties":{"zeta":{"type":"string"},"alpha":{"type":"string"}}}"#

    private func ask(_ satchel: RunningSatchel) async throws -> FinishedProcess {
        try satchel.workspace.write("schema.json", RawBytes(schema))
        return try await satchel.run(["chat", "--schema", "schema.json", "tag it"])
    }

    @Test func everyProviderIsAskedForJSONInItsOwnWay() async throws {
        let reply = LoopbackAnswer.text(#"{"zeta":"1","alpha":"2"}"#)
        try await AtOpenAI.with(environment: ["SATCHEL_MODEL": "echo"]) { at in
            at.openAI.nextAnswer(reply)
            #expect(try await ask(at.satchel).check().stdout == "{\"zeta\":\"1\",\"alpha\":\"2\"}\n")
            let request = try #require(at.server.requests("POST /v1/responses").first)
            #expect(request.json?["text"]?["format"]?["type"] == "json_schema")
            // Models write members in the order of the schema.
            #expect(request.body.firstRange(of: Array(schema.utf8)) != nil)
        }
        try await AtAnthropic.with([:]) { at in
            at.anthropic.nextAnswer(reply)
            try await ask(at.satchel).check()
            let body = at.server.requests("POST /v1/messages").first?.json
            #expect(body?["output_config"]?["format"]?["type"] == "json_schema")
        }
        try await AtGemini.with { at in
            at.gemini.nextAnswer(reply)
            try await ask(at.satchel).check()
            let body = at.server.requests("POST /v1beta/models/*").first?.json
            #expect(body?["generationConfig"]?["responseMimeType"] == "application/json")
        }
        try await AtMistral.with { at in
            at.mistral.nextAnswer(reply)
            try await ask(at.satchel).check()
            let body = at.server.requests("POST /v1/chat/completions").first?.json
            #expect(body?["response_format"]?["type"] == "json_schema")
        }
    }

    @Test func anAnswerThatIsNoJSONIsAnErrorAndIsNotPrinted() async throws {
        try await AtOpenAI.with(environment: ["SATCHEL_MODEL": "echo"]) { at in
            at.openAI.nextAnswer(.text("Sure! Here you are"))
            let finished = try await ask(at.satchel).check(5)
            #expect(finished.stdout.isEmpty && finished.stderr.contains("no JSON"))
            let missing = try await at.satchel.failure("chat", "--schema", "none.json", "hm", status: 2)
            #expect(missing.message.contains("none.json"))
        }
    }

    @Test func optionsGoIntoTheRequest() async throws {
        try await AtOpenAI.with(environment: ["SATCHEL_MODEL": "echo"]) { at in
            try await at.satchel.chat(
                "hello",
                "-o",
                "temperature=0.5",
                "-o",
                "reasoning.effort=low",
                "-o",
                "metadata={\"a\":\"b\"}"
            )
            let body = try #require(at.server.requests("POST /v1/responses").first?.json)
            #expect(body["temperature"] == .number(0.5) && body["reasoning"]?["effort"] == "low")
            #expect(body["metadata"]?["a"] == "b")
            try await at.satchel.run(["chat", "hello", "-o", "temperature"]).check(64)
        }
    }

    @Test func aTemplateTakesThePrompt() async throws {
        try await AtOpenAI.with(files, environment: ["SATCHEL_MODEL": "echo"]) { at in
            try at.satchel.home.write(".config/satchel/templates/review.md", "Review $1 for $2, $$5: $input\n")
            let answer = try await at.satchel.chat("--template", "review", "@tea.txt", "bugs")
            #expect(answer.answer.contains("you said: Review @tea.txt for bugs, $5: @tea.txt bugs"))
            #expect(answer.files.map(\.path) == ["tea.txt"])
            try at.workspace.write(".satchel/templates/review.md", "Ours.")
            let ours = try await at.satchel.chat("--template", "review", "x")
            #expect(ours.answer.contains("you said: Ours.\n\nx"))
            let unknown = try await at.satchel.failure("chat", "--template", "none", "x", status: 2)
            #expect(unknown.message.contains("templates/none.md"))
        }
    }
}
