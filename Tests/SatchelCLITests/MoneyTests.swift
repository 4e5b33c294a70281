import SatchelTestSupport
import Testing

/// What answers cost, before and after they are asked for.
@Suite struct MoneyTests {
    private struct CostDocument: Decodable {
        struct Sum: Decodable {
            var key: String
            var answers, unpriced: Int
            var usage: ChatDocument.Usage
            var cost: String?
        }

        var sums: [Sum]
    }

    private struct EstimateDocument: Decodable {
        struct File: Decodable {
            var path: String
            var bytes: Int64
            var uploaded: Bool
        }

        var account, model: String
        var files: [File]
        var tokens: Int
        var counted: Bool
        var inputCost, costSource: String?
    }

    private let tea: [RawBytes: RawBytes] = ["tea.txt": "Earl Grey\n", "other.txt": "a line that is longer than tea\n"]

    private func with(
        prices: String? = nil,
        model: String = "echo",
        more: String = "",
        _ body: (AtOpenAI) async throws -> Void
    ) async throws {
        try await AtOpenAI.with(tea, environment: ["SATCHEL_MODEL": model]) { at in
            let list = prices.map { "prices: [\"\($0)\"]\n" } ?? ""
            try at.satchel.home.write(".config/satchel/config.yaml", RawBytes(list + more))
            try await body(at)
        }
    }

    @Test func anAnswerWithoutAPriceStaysUnpriced() async throws {
        try await with { at in
            let answer = try await at.satchel.chat("hello")
            #expect(answer.cost == nil && answer.costSource == nil && answer.usage?.input ?? 0 > 0)
            let costs: CostDocument = try await at.satchel.document(["cost"])
            #expect(costs.sums.first?.unpriced == 1 && costs.sums.first?.cost == nil)
            let finished = try await at.satchel.run(["cost"]).check()
            #expect(finished.stdout.contains("unpriced"))
        }
    }

    @Test func publishedPricesAndOwnOnesSayWhoSaysThem() async throws {
        try await with(model: "gpt-5-mini") { at in
            let published = try await at.satchel.chat("hello")
            #expect(published.costSource == "published" && published.cost?.hasSuffix("USD") == true)
            let finished = try await at.satchel.run(["chat", "hello"]).check()
            #expect(finished.stderr.contains("published prices of 20"))
        }
        try await with(prices: "echo input 1 cached 0 output 0") { at in
            let own = try await at.satchel.chat("hello")
            let usage = try #require(own.usage)
            #expect(own.costSource == "configured")
            let micros = usage.input - usage.cached
            #expect(own.cost == "0.00000\(micros) USD")
        }
    }

    @Test func costsAddUpByEveryKey() async throws {
        try await with(prices: "echo input 3 output 7") { at in
            try await at.satchel.chat("see @tea.txt and @other.txt")
            try await at.satchel.chat("-c", "and?")
            try await at.satchel.chat("hello", "-m", "nobody-knows")
            var inputs: Set<Int> = []
            for key in ["day", "model", "thread", "account", "file"] {
                let costs: CostDocument = try await at.satchel.document(["cost", "--by", key])
                inputs.insert(costs.sums.reduce(0) { $0 + $1.usage.input })
                #expect(costs.sums.contains { $0.unpriced > 0 }, "\(key)")
                if key == "file" { #expect(Set(costs.sums.map(\.key)) == ["tea.txt", "other.txt", "(no file)"]) }
            }
            #expect(inputs.count == 1, "each key shares out the same tokens")
        }
    }

    @Test func makingNotesIsCountedEachTime() async throws {
        try await with(prices: "echo input 1 output 1") { at in
            try await at.satchel.run(["summarize", "tea.txt"]).check()
            try await at.satchel.run(["summarize", "tea.txt"]).check()
            try await at.satchel.run(["summarize", "--force", "tea.txt"]).check()
            for (key, name) in [("thread", "notes"), ("file", "tea.txt"), ("model", "echo"), ("account", "openai")] {
                let costs: CostDocument = try await at.satchel.document(["cost", "--by", key])
                let sum = try #require(costs.sums.first)
                #expect(costs.sums.count == 1 && sum.key == name && sum.answers == 2, "\(key): \(costs)")
                #expect(sum.unpriced == 0 && sum.cost?.hasSuffix("USD") == true && sum.usage.input > 0)
            }
        }
    }

    @Test func autoKeepsToItsBudgetOfMoney() async throws {
        try await with(prices: "echo input 1000 output 1") { at in
            let whole = try await at.satchel.chat("--auto", "which line is longer than earl grey?")
            #expect(Set(whole.picked?.map(\.path) ?? []) == ["tea.txt", "other.txt"])
            #expect(whole.picked?.first { $0.path == "tea.txt" }?.cost == "0.003 USD", "three tokens")
            let finished = try await at.satchel.run(
                ["chat", "--auto-cost", "0.004", "which line is longer than earl grey?"]
            ).check()
            #expect(finished.stderr.contains("chose tea.txt  3 tokens  0.003 USD"), "\(finished)")
            #expect(finished.stderr.contains("left out other.txt  8 tokens  0.008 USD"), "\(finished)")
            // Half of what all may cost is left for the answer.
            let bound = try await at.satchel.chat("--auto", "--max-cost", "0.5", "which line is longer than earl grey?")
            #expect(bound.picked?.count == 2)
        }
    }

    @Test func aBudgetOfMoneyWithoutAPriceIsSaidToBindNothing() async throws {
        try await with { at in
            let finished = try await at.satchel.run(["chat", "--auto-cost", "0.01", "earl grey"]).check()
            #expect(finished.stderr.contains("what echo costs is not known"), "\(finished)")
            #expect(finished.stderr.contains("chose tea.txt"))
        }
    }

    @Test func anEstimateSendsNothing() async throws {
        try await with(prices: "echo input 1 output 1") { at in
            let estimate: EstimateDocument = try await at.satchel.document(["chat", "--estimate", "see @tea.txt"])
            #expect(estimate.files.map(\.path) == ["tea.txt"] && estimate.files[0].bytes == 10)
            #expect(!estimate.files[0].uploaded && !estimate.counted)
            #expect(estimate.inputCost == "0.000006 USD" && estimate.costSource == "configured")
            #expect(at.openAI.uploadCount == 0 && at.server.requests("POST /v1/responses").isEmpty)
            let finished = try await at.satchel.run(["chat", "--estimate", "see @tea.txt"]).check()
            #expect(finished.stdout.contains("an estimate: bytes of text / 4"))
        }
    }

    @Test func anthropicCountsWhatItHas() async throws {
        try await AtAnthropic.with(tea) { at in
            let before: EstimateDocument = try await at.satchel.document(["chat", "--estimate", "see @tea.txt"])
            #expect(!before.counted, "it does not have the file yet")
            #expect(at.server.requests("POST /v1/messages/count_tokens").isEmpty)
            try await at.satchel.sync()
            let after: EstimateDocument = try await at.satchel.document(["chat", "--estimate", "see @tea.txt"])
            #expect(after.counted && after.files[0].uploaded)
            #expect(at.server.requests("POST /v1/messages/count_tokens").count == 1)
            #expect(at.server.requests("POST /v1/messages").isEmpty)
        }
    }

    @Test func geminiCountsWhatItHas() async throws {
        try await AtGemini.with(tea) { at in
            try await at.satchel.sync()
            let estimate: EstimateDocument = try await at.satchel.document(["chat", "--estimate", "see @tea.txt"])
            #expect(estimate.counted && estimate.costSource == "published")
        }
    }

    @Test func aQuestionThatCostsTooMuchIsNotAsked() async throws {
        try await with(prices: "echo input 1000 output 1000") { at in
            let error = try await at.satchel.failure("chat", "--max-cost", "0.0001", "see @tea.txt", status: 4)
            #expect(error.message.contains("--max-cost"))
            #expect(at.server.requests("POST /v1/responses").isEmpty)
            try await at.satchel.chat("--max-cost", "1", "hello")
            let bound = at.server.requests("POST /v1/responses").last?.json?["max_output_tokens"]?.int
            #expect((100...1000).contains(bound ?? 0), "the answer is cut where the money ends")
            let unknown = try await at.satchel.failure("chat", "-m", "x", "--max-cost", "1", "hello", status: 4)
            #expect(unknown.message.contains("not known"))
            try await at.satchel.run(["chat", "--max-cost", "much", "hello"]).check(64)
        }
    }

    @Test(arguments: ["max_output_tokens=999999", "max_tokens=9", "generationConfig.maxOutputTokens=9", "n=3"])
    func anOptionDoesNotTakeThePlaceOfWhatAnswersMayCost(_ option: String) async throws {
        try await with(prices: "echo input 1 output 1") { at in
            let error = try await at.satchel.failure("chat", "--max-cost", "0.01", "-o", option, "hello", status: 4)
            #expect(error.message.contains("-o \(option.prefix { $0 != "=" }) would take its place"))
            let model = try await at.satchel.run(["chat", "-o", "model=gpt-5-pro", "hello"]).check(64)
            #expect(model.stderr.contains("use -m"))
            #expect(at.server.requests("POST /v1/responses").isEmpty)
        }
    }

    @Test func whatAnAnswerMayCostCountsTheToolsThatAreOffered() async throws {
        try await with(prices: "echo input 1000 output 1000") { at in
            try await at.satchel.sync()
            try await at.satchel.chat("--max-cost", "2", "--no-tools", "hello")
            try await at.satchel.chat("--max-cost", "2", "hello")
            let bounds = at.server.requests("POST /v1/responses").map { $0.json?["max_output_tokens"]?.int ?? 0 }
            #expect(bounds.count == 2 && bounds[0] - bounds[1] > 100, "\(bounds)")
        }
    }

    @Test func whatLookingUpHasCostIsSaidWhenTooLittleIsLeft() async throws {
        try await with(prices: "echo input 1000 output 0") { at in
            try await at.satchel.sync()
            let estimate: EstimateDocument = try await at.satchel.document(["chat", "--estimate", "hello"])
            try at.workspace.write("long.txt", RawBytes(String(repeating: "high water\n", count: 1000)))
            try await at.satchel.sync()
            // Enough for the first request, with what an estimate may be wrong by, and not for two.
            let most = "\(Double(estimate.tokens) * 1.5 / 1000)"
            at.openAI.nextAnswer(.calling((name: "read_file", arguments: #"{"path":"long.txt"}"#)))
            let error = try await at.satchel.failure("chat", "--max-cost", most, "hello", status: 4)
            #expect(error.message.contains("is spent on looking things up"), "\(error)")
            #expect(at.server.requests("POST /v1/responses").count == 1)
        }
    }

    @Test func anEstimateCountsEachContentOnceAndWhatHasChanged() async throws {
        try await with { at in
            let text = String(repeating: "high water\n", count: 1000)
            try at.workspace.write("tea.txt", RawBytes(text))
            try await at.satchel.chat("see @tea.txt")
            for _ in 0..<3 { try await at.satchel.chat("-c", "see @tea.txt") }
            let once: EstimateDocument = try await at.satchel.document(["chat", "--estimate", "-c", "see @tea.txt"])
            #expect((2750...3500).contains(once.tokens), "\(once)")
            try at.workspace.write("tea.txt", RawBytes("more\n" + text))
            let changed: EstimateDocument = try await at.satchel.document(["chat", "--estimate", "-c", "and now?"])
            #expect(changed.files.map(\.path) == ["tea.txt"] && (5500...6500).contains(changed.tokens), "\(changed)")
            let local = try await at.satchel.failure("chat", "-p", "local", "-m", "x", "--estimate", "hm?", status: 2)
            #expect(local.message.contains("local has no models"))
            let pinned: EstimateDocument = try await at.satchel.document(["chat", "--estimate", "-c", "--pin", "hm?"])
            #expect(pinned.files.isEmpty && pinned.tokens < 3500)
        }
    }

    @Test func aDaysBudgetCountsAnswersByTheTable() async throws {
        let account = "accounts:\n  openai:\n    kind: openai\n    budget: {money_per_day: 0.005}\n"
        try await with(prices: "echo input 1000 output 1000", more: account) { at in
            // The first costs more than that: nothing is begun then.
            try await at.satchel.chat("hello")
            let error = try await at.satchel.failure("chat", "hello", status: 4)
            #expect(error.code == "budget" && error.message.contains("money_per_day"))
            #expect(at.server.requests("POST /v1/responses").count == 1)
        }
    }
}
