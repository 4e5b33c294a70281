import SatchelTestSupport
import Testing

/// Models that look into the synced files by themselves, at every kind of provider.
@Suite(.timeLimit(.minutes(3)))
struct ToolChatTests {
    enum Kind: String, CaseIterable {
        case openai, anthropic, gemini, xai, mistral, plain

        /// Runs `body` with a loopback provider of that kind and what leads a program to it.
        func with(_ body: (any LoopbackProvider, [String: String]) async throws -> Void) async throws {
            switch self {
            case .openai: try await LoopbackOpenAI.with { try await body($0, $0.environment) }
            case .anthropic: try await LoopbackAnthropic.with { try await body($0, $0.environment) }
            case .gemini: try await LoopbackGemini.with { try await body($0, $0.environment) }
            case .xai: try await LoopbackXAI.with { try await body($0, $0.environment) }
            case .mistral:
                var options = MistralOptions()
                options.looksInside = false
                try await LoopbackMistral.with(options) { try await body($0, $0.environment) }
            case .plain: try await LoopbackOpenAI.with(.plainChat) { try await body($0, [:]) }
            }
        }
    }

    struct Document: Decodable, Sendable {
        struct Tool: Decodable, Sendable {
            struct Lines: Decodable, Hashable, Sendable {
                var path, sha256: String
                var firstLine, lastLine: Int
            }

            var id, name, arguments, summary, result: String
            var resultBytes: Int
            var failed: Bool
            var lines: [Lines]
        }

        struct Usage: Decodable, Sendable { var input, output: Int }

        var thread: Int64
        var answer: String
        var finishReason: String?
        var usage: Usage?
        var tools: [Tool]?
    }

    struct Transcript: Decodable, Sendable {
        struct Message: Decodable, Sendable {
            var text, status: String
            var tools: [Document.Tool]?
        }

        var messages: [Message]
    }

    struct AuditDocument: Decodable, Sendable {
        struct Entry: Decodable, Sendable {
            var way: String
            var path: String?
            var firstLine, lastLine: Int?
        }

        var departures: [Entry]
    }

    private static let files: [RawBytes: RawBytes] = [
        "src/settle.swift": "import A\n\nfunc settle() {\n    wait(3)\n}\n", "src/main.swift": "settle()\n",
        "README.md": "# Example\nIt settles.\n",
    ]

    /// A synced workspace whose account answers.
    private func with(
        _ kind: Kind = .openai,
        _ files: [RawBytes: RawBytes] = files,
        environment: [String: String] = [:],
        _ body: (RunningSatchel, any LoopbackProvider) async throws -> Void
    ) async throws {
        try await kind.with { provider, surroundings in
            var whole = ["SATCHEL_MODEL": "echo", "SATCHEL_TTL": "1h"].merging(surroundings) { $1 }
            if kind == .gemini { whole["SATCHEL_MODEL"] = "gemini-2.5-flash" }
            whole.merge(environment) { $1 }
            try await RunningSatchel.initialised(files, environment: whole) { satchel in
                if kind == .plain {
                    let configuration =
                        "exclude: [satchel.yaml]\naccounts:\n  plain:\n    kind: openai-compatible\n"
                        + "    base_url: \(provider.baseURL)\ndefault_account: plain\n"
                    try satchel.workspace.write("satchel.yaml", RawBytes(configuration))
                }
                _ = try await satchel.run(["sync", "--quiet"])
                try await body(satchel, provider)
            }
            #expect(provider.server.flaws.isEmpty)
        }
    }

    private func ask(_ satchel: RunningSatchel, _ arguments: String...) async throws -> Document {
        try await satchel.document(["chat"] + arguments)
    }

    @Test(arguments: Kind.allCases) func aModelSearchesAndReadsAndAnswers(_ kind: Kind) async throws {
        try await with(kind) { satchel, provider in
            provider.nextAnswer(
                .calling((name: "search_files", arguments: #"{"query":"settle"}"#), saying: "Let me look.")
            )
            provider.nextAnswer(
                .calling(
                    (name: "read_file", arguments: #"{"path":"src/settle.swift","first_line":3,"last_line":3}"#),
                    (name: "list_files", arguments: #"{"glob":"*.md"}"#)
                )
            )
            let answer = try await ask(satchel, "where does it settle?")
            #expect(answer.finishReason == "stop")
            #expect(answer.answer.hasPrefix("Let me look.\n\n"))
            #expect(answer.answer.contains("> 3\tfunc settle() {"), "\(answer)")
            #expect(answer.answer.contains("src/settle.swift, lines 3 to 3 of 5:\n3\tfunc settle() {\n"))
            #expect(answer.answer.contains("1 file:\nREADME.md\t"))
            let tools = try #require(answer.tools)
            #expect(
                tools.map(\.summary) == [
                    "search_files \"settle\": 3 hits in 3 files", "read_file src/settle.swift:3-3: lines 3-3 of 5",
                    "list_files *.md: 1 file",
                ]
            )
            let digest = independentDigest(of: try #require(satchel.workspace.read("src/settle.swift")))
            #expect(
                tools[1].lines == [.init(path: "src/settle.swift", sha256: "\(digest)", firstLine: 3, lastLine: 3)]
            )
            #expect((answer.usage?.input ?? 0) > 0)
            // Kept with the message, and in the list of what has left.
            let shown: Transcript = try await satchel.document(["thread", "show", "\(answer.thread)"])
            #expect(shown.messages.last?.tools?.map(\.name) == ["search_files", "read_file", "list_files"])
            #expect(shown.messages.last?.tools?.first?.result.contains("func settle()") == true)
            let audit: AuditDocument = try await satchel.document(["audit", "src/settle.swift"])
            #expect(audit.departures.contains { $0.way == "tool" && $0.firstLine == 3 && $0.lastLine == 3 })
        }
    }

    @Test func eachLookIsShownAndTheAnswerIsAloneOnStandardOutput() async throws {
        try await with { satchel, provider in
            provider.nextAnswer(.calling((name: "search_files", arguments: #"{"query":"wait","path":"src"}"#)))
            let finished = try await satchel.run(["chat", "where does it wait?"]).check()
            #expect(finished.stderr.contains("→ search_files \"wait\" in src: 1 hit in 1 file\n"))
            #expect(!finished.stdout.contains("→"))
        }
    }

    @Test func usageIsThatOfAllRequests() async throws {
        try await with { satchel, provider in
            let plain = try await ask(satchel, "--no-tools", "where?")
            provider.nextAnswer(.calling((name: "list_files", arguments: "{}")))
            let looked = try await ask(satchel, "where?")
            #expect((looked.usage?.input ?? 0) > 2 * (plain.usage?.input ?? 0))
        }
    }

    @Test func noToolsMeansNone() async throws {
        try await with { satchel, provider in
            provider.nextAnswer(.calling((name: "list_files", arguments: "{}")))
            let answer = try await ask(satchel, "--no-tools", "where?")
            #expect(answer.tools == nil && answer.answer == "you said: where?")
            #expect(provider.server.requests("POST /v1/responses").last?.json?["tools"] == nil)
        }
        try await with(environment: ["SATCHEL_CHAT_TOOLS": "false"]) { satchel, provider in
            _ = try await satchel.run(["chat", "where?"]).check()
            #expect(provider.server.requests("POST /v1/responses").last?.json?["tools"] == nil)
        }
    }

    @Test func aServerWithoutToolsIsAskedAgainWithoutThem() async throws {
        for (status, message) in [
            (400, "registry.example/llama does not support tools"), (404, "No endpoints found that support tool use."),
            (422, "tools: Extra inputs are not permitted"),
        ] {
            try await with(.plain) { satchel, provider in
                provider.server.inject(.openAI(status, message), on: "POST /v1/chat/completions")
                let finished = try await satchel.run(["chat", "where?"]).check()
                #expect(finished.stdout == "you said: where?\n")
                #expect(finished.stderr.contains("echo takes no tools; it is asked without them"))
            }
        }
    }

    @Test func aCallThatMakesNoSenseIsAnsweredWithAnError() async throws {
        try await with { satchel, provider in
            provider.nextAnswer(
                .calling(
                    (name: "read_file", arguments: #"{"path":"../../etc/passwd"}"#),
                    (name: "read_file", arguments: #"{"path":"/etc/passwd"}"#),
                    (name: "read_file", arguments: #"{"path":"src"}"#),
                    (name: "read_file", arguments: "passwd"),
                    (name: "read_file", arguments: #"{"path":"README.md","first_line":99}"#),
                    (name: "run", arguments: #"{"command":"id"}"#),
                    (name: "search_files", arguments: #"{"query":"x","path":"../"}"#)
                )
            )
            let answer = try await ask(satchel, "go on")
            let tools = try #require(answer.tools)
            #expect(tools.count == 7)
            for tool in tools { #expect(tool.failed && tool.lines.isEmpty, "\(tool)") }
            #expect(!answer.answer.contains("root:"))
            #expect(tools[2].result.contains("is a folder") && tools[4].result.contains("has 2 lines"))
        }
    }

    @Test func aFileWithASecretIsKeptBackAndNotSearched() async throws {
        let secret = try #require(MadeUpSecret.all().first { $0.kind == "github-token" })
        let files: [RawBytes: RawBytes] = [
            "deploy.sh": RawBytes(Array("export TOKEN=\(secret.text)\n".utf8)), "a.txt": "a token\n",
        ]
        try await with(.plain, files) { satchel, provider in
            provider.nextAnswer(
                .calling(
                    (name: "read_file", arguments: #"{"path":"deploy.sh"}"#),
                    (name: "search_files", arguments: #"{"query":"token"}"#),
                    (name: "search_files", arguments: "{\"query\":\"\(secret.text.prefix(8))\"}")
                )
            )
            let answer = try await ask(satchel, "what is the token?")
            let tools = try #require(answer.tools)
            #expect(tools[0].result == "Error: deploy.sh is kept back: it holds a secret.")
            #expect(tools[1].lines.map(\.path) == ["a.txt"])
            // Otherwise guesses would be answered, letter by letter.
            #expect(tools[2].summary.hasSuffix(": 0 hits"))
            for request in provider.server.requests {
                #expect(!String(decoding: request.body, as: UTF8.self).contains(secret.text))
            }
        }
    }

    @Test func whatChangedSinceTheSyncIsNotShown() async throws {
        try await with { satchel, provider in
            try satchel.workspace.write("README.md", "# Private\nNot synced yet.\n")
            try satchel.workspace.write("new.md", "Not synced at all.\n")
            provider.nextAnswer(
                .calling(
                    (name: "read_file", arguments: #"{"path":"README.md"}"#),
                    (name: "read_file", arguments: #"{"path":"new.md"}"#),
                    (name: "search_files", arguments: #"{"query":"not synced"}"#)
                )
            )
            let tools = try #require(try await ask(satchel, "what is new?").tools)
            #expect(tools[0].result.contains("has changed since it was synced"))
            #expect(tools[1].result.contains("there is no synced file new.md"))
            #expect(tools.allSatisfy { $0.lines.isEmpty })
        }
    }

    @Test func whatIsNotSyncedWithTheAccountIsNotShownToIt() async throws {
        try await with { satchel, provider in
            try satchel.workspace.write("local.md", "Only here.\n")
            try await satchel.run(["sync", "--to", "local", "--quiet"]).check()
            provider.nextAnswer(
                .calling(
                    (name: "search_files", arguments: #"{"query":"only here"}"#),
                    (name: "read_file", arguments: #"{"path":"local.md"}"#)
                )
            )
            let tools = try #require(try await ask(satchel, "what is here?").tools)
            #expect(tools.allSatisfy { $0.lines.isEmpty })
            #expect(tools[1].result.contains("is not synced with this account"))
        }
    }

    @Test func aModelThatNeverStopsLookingIsMadeToAnswer() async throws {
        try await with { satchel, provider in
            for _ in 0..<20 { provider.nextAnswer(.calling((name: "list_files", arguments: "{}"))) }
            let finished = try await satchel.run(["chat", "go on", "--json"]).check()
            let answer: Document = try decode(finished)
            #expect(answer.tools?.count == 16)
            let requests = provider.server.requests("POST /v1/responses")
            #expect(requests.count == 17)
            #expect(requests.last?.json?["tool_choice"] == "none")
            #expect(answer.answer.hasSuffix("you said: go on"))
        }
    }

    @Test func whatIsLookedUpHasALimit() async throws {
        let long = RawBytes(Array(String(repeating: String(repeating: "x", count: 79) + "\n", count: 2000).utf8))
        try await with(.openai, ["long.txt": long]) { satchel, provider in
            for _ in 0..<14 { provider.nextAnswer(.calling((name: "read_file", arguments: #"{"path":"long.txt"}"#))) }
            let answer = try await ask(satchel, "read it all")
            let bytes = answer.tools?.reduce(0) { $0 + $1.resultBytes } ?? 0
            #expect((200 << 10...256 << 10).contains(bytes), "\(bytes)")
            #expect(answer.finishReason == "stop")
        }
    }

    @Test func aPassageIsFoundByItsWords() async throws {
        let files: [RawBytes: RawBytes] = [
            "tides.md": "# Tides\n\nSpring tides happen when sun and moon are in line.\n", "tea.md": "Earl Grey\n",
        ]
        try await with(.openai, files) { satchel, provider in
            provider.nextAnswer(.calling((name: "search_files", arguments: #"{"query":"moon and sun"}"#)))
            let tool = try #require(try await ask(satchel, "when?").tools?.first)
            #expect(tool.result.contains("tides.md") && tool.result.contains("sun and moon"))
            #expect(tool.lines.map(\.path) == ["tides.md"])
        }
    }

    @Test func aForkAndAnExportShowWhatWasLookedUp() async throws {
        try await with { satchel, provider in
            provider.nextAnswer(.calling((name: "list_files", arguments: "{}")))
            let answer = try await ask(satchel, "what is there?")
            try await satchel.run(["thread", "fork", "\(answer.thread)"]).check()
            let fork: Transcript = try await satchel.document(["thread", "show", "\(answer.thread + 1)"])
            #expect(fork.messages.last?.tools?.map(\.summary) == ["list_files: 3 files"])
            let export = try await satchel.run(["thread", "export", "\(answer.thread)"]).check()
            #expect(export.stdout.contains("- → list_files: 3 files"))
        }
    }

    @Test func aQuestionThatFollowsDoesNotRepeatTheLooks() async throws {
        try await with { satchel, provider in
            provider.nextAnswer(.calling((name: "list_files", arguments: "{}"), saying: "One moment."))
            _ = try await ask(satchel, "what is there?")
            let second = try await ask(satchel, "-c", "and?")
            #expect(second.answer == "you said: and?" && second.tools == nil)
            let items = try #require(provider.server.requests("POST /v1/responses").last?.json?["input"]?.array)
            #expect(items.map { $0["role"]?.string } == ["user", "assistant", "user"])
        }
    }
}
