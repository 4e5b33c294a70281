@testable import SatchelCore
import Testing

/// What answers cost, where a table knows it.
@Suite struct PriceTests {
    private func dollars(_ text: String) throws -> Dollars { try #require(Dollars(text)) }

    @Test func everyPublishedLineIsAPrice() throws {
        let lines = PublishedPrices.lines.split(separator: "\n")
        #expect(lines.count > 100)
        let table = PriceTable()
        for line in lines {
            let words = line.split(separator: " ").map(String.init)
            let provider = try #require(ProviderID(rawValue: words[0]))
            let found = try #require(table.price(of: words[1], at: provider), "\(line)")
            #expect(found.source == .published)
            #expect(found.price.usual.input > .zero && found.price.usual.output > .zero)
        }
    }

    @Test func anAnswerIsPricedByItsKindsOfTokens() throws {
        let price = TokenPrice(
            TokenPrice.Rates(
                input: try dollars("2"),
                cached: try dollars("0.2"),
                cacheWrite: try dollars("2.5"),
                output: try dollars("10")
            )
        )
        let usage = ChatUsage(
            input: 1_000_000,
            cached: 600_000,
            cacheWrite: 100_000,
            output: 100_000,
            reasoning: 50_000
        )
        // 0.3 × 2 + 0.6 × 0.2 + 0.1 × 2.5 + 0.1 × 10
        #expect(try price.cost(of: usage) == dollars("1.97"))
        #expect(price.cost(of: ChatUsage(input: 0, cached: 0, output: 0, reasoning: 0)) == .zero)
    }

    @Test func aLongQuestionHasRatesOfItsOwn() throws {
        let price = TokenPrice(
            TokenPrice.Rates(input: try dollars("1"), output: try dollars("2")),
            above: (200_000, TokenPrice.Rates(input: try dollars("3"), output: try dollars("4")))
        )
        #expect(try price.cost(of: ChatUsage(input: 200_000, cached: 0, output: 0, reasoning: 0)) == dollars("0.2"))
        #expect(
            try price.cost(of: ChatUsage(input: 200_001, cached: 0, output: 1, reasoning: 0)) == dollars("0.600007")
        )
    }

    @Test func toolsWithoutAKnownFeeMakeAnAnswerUnpriced() throws {
        var price = TokenPrice(TokenPrice.Rates(input: try dollars("1"), output: try dollars("1")))
        let usage = ChatUsage(input: 1_000_000, cached: 0, output: 0, reasoning: 0, toolCalls: 2)
        #expect(price.cost(of: usage) == nil)
        price.toolCall = try dollars("0.005")
        #expect(try price.cost(of: usage) == dollars("1.01"))
    }

    @Test func nobodyGuessesThePriceOfAModelThatIsNotInTheTable() {
        let table = PriceTable()
        #expect(table.price(of: "gpt-5-mini", at: .openai) != nil)
        #expect(table.price(of: "gpt-5-mini-2031-01-01", at: .openai) == nil)
        #expect(table.price(of: "gpt-5-mini", at: .openaiCompatible) == nil)
        #expect(table.price(of: "models/gemini-2.5-pro", at: .gemini) != nil)
        let usage = ChatUsage(input: 9, cached: 0, output: 9, reasoning: 0)
        #expect(table.priced(usage, of: "llama", at: .openaiCompatible).cost == nil)
    }

    @Test func whatTheProviderSaysCountsBeforeEveryTable() throws {
        let own = try #require(OwnPrice("gpt-5-mini input 1 output 1"))
        let table = PriceTable(own: [own])
        let told = ChatUsage(input: 9, cached: 0, output: 9, reasoning: 0, cost: try dollars("0.5"))
        #expect(table.priced(told, of: "gpt-5-mini", at: .openai) == told)
        let silent = table.priced(
            ChatUsage(input: 9, cached: 0, output: 9, reasoning: 0),
            of: "gpt-5-mini",
            at: .openai
        )
        #expect(silent.costSource == .configured)
        #expect(try silent.cost == dollars("0.000018"))
    }

    @Test(arguments: [
        "", "llama", "llama input 1", "llama output 1", "llama input 1 output", "llama input x output 1",
        "llama input 1 output 1 input 2", "llama input 1 output 1 shipping 2", "llama input -1 output 1",
    ])
    func whatIsNoPriceIsRefused(_ text: String) {
        #expect(OwnPrice(text) == nil)
    }

    @Test func aBudgetPaysForSoManyTokens() throws {
        let price = TokenPrice(TokenPrice.Rates(input: try dollars("1"), output: try dollars("10")))
        #expect(try price.outputTokens(for: dollars("0.01"), behindInput: 5000) == 500)
        #expect(try price.outputTokens(for: dollars("0.005"), behindInput: 5000) == 0)
        #expect(try price.outputTokens(for: dollars("0.004"), behindInput: 5000) == nil)
    }

    @Test func theSharesOfFilesAddUpToTheWhole() throws {
        let usage = ChatUsage(input: 100, cached: 7, output: 11, reasoning: 3, cost: try dollars("0.0000000101"))
        let files = [("a", 1), ("b", 1), ("c", 5)].map { AnswerUse.File(path: $0.0, size: $0.1) }
        let unpriced = ChatUsage(input: 5, cached: 0, output: 5, reasoning: 0)
        let sums = shareByFile([AnswerUse(usage: usage, files: files), AnswerUse(usage: unpriced, files: [])])
        #expect(Set(sums.map(\.key)) == ["a", "b", "c", "(no file)"])
        #expect(sums.reduce(0) { $0 + $1.usage.input } == 105)
        #expect(sums.reduce(0) { $0 + $1.usage.output } == 16)
        #expect(sums.compactMap(\.usage.cost?.ticks).reduce(0, +) == 101)
        #expect(sums.first { $0.key == "(no file)" }?.unpriced == 1)
        #expect(sums.first?.key == "c", "the dearest first")
    }
}
