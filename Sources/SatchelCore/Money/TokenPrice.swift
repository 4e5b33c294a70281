/// What a model's tokens cost, in dollars for a million of them.
package struct TokenPrice: Hashable, Sendable {
    /// One set of prices, each for a million tokens.
    package struct Rates: Hashable, Sendable {
        package var input: Dollars
        /// Read from the provider's prompt cache; nil: as other input.
        package var cached: Dollars?
        /// Written to it; nil: as other input.
        package var cacheWrite: Dollars?
        package var output: Dollars
        /// Nil: as other output.
        package var reasoning: Dollars?

        package init(
            input: Dollars,
            cached: Dollars? = nil,
            cacheWrite: Dollars? = nil,
            output: Dollars,
            reasoning: Dollars? = nil
        ) {
            self.input = input
            self.cached = cached
            self.cacheWrite = cacheWrite
            self.output = output
            self.reasoning = reasoning
        }
    }

    package var usual: Rates
    /// Above so many input tokens other rates hold, for all tokens of that question.
    package var above: (tokens: Int, rates: Rates)? {
        get { step.map { ($0.tokens, $0.rates) } }
        set { step = newValue.map { Step(tokens: $0.tokens, rates: $0.rates) } }
    }
    /// For one call of a tool of the provider; nil where it is not known.
    package var toolCall: Dollars?
    /// For one picture; nil where pictures are billed by tokens.
    package var image: Dollars?
    /// Nothing is known but the price of a picture.
    package var isForImagesOnly = false
    private var step: Step?

    private struct Step: Hashable {
        var tokens: Int
        var rates: Rates
    }

    package init(_ usual: Rates, above: (tokens: Int, rates: Rates)? = nil, toolCall: Dollars? = nil) {
        self.usual = usual
        self.toolCall = toolCall
        self.above = above
    }

    /// The rates for a question of so many input tokens.
    package func rates(forInput tokens: Int) -> Rates {
        guard let step, tokens > step.tokens else { return usual }
        return step.rates
    }

    /// What an answer costs; nil where it used tools whose fees are not known.
    package func cost(of usage: ChatUsage) -> Dollars? {
        guard !isForImagesOnly else { return nil }
        let rates = rates(forInput: usage.input)
        let cached = min(max(usage.cached, 0), usage.input)
        let written = min(max(usage.cacheWrite, 0), usage.input - cached)
        let reasoning = min(max(usage.reasoning, 0), usage.output)
        var sum = Dollars.Sum()
        sum.add(usage.input - cached - written, at: rates.input)
        sum.add(cached, at: rates.cached ?? rates.input)
        sum.add(written, at: rates.cacheWrite ?? rates.input)
        sum.add(usage.output - reasoning, at: rates.output)
        sum.add(reasoning, at: rates.reasoning ?? rates.output)
        guard usage.toolCalls > 0 else { return sum.dollars }
        guard let toolCall else { return nil }
        return sum.dollars.adding(toolCall, times: usage.toolCalls)
    }

    /// What so many pictures cost; by the tokens that were counted where pictures have no price of their own.
    package func cost(ofImages count: Int, _ usage: ChatUsage?) -> Dollars? {
        if let image { return Dollars.zero.adding(image, times: count) }
        return usage.flatMap { $0.output > 0 ? cost(of: $0) : nil }
    }

    /// What so many tokens of input cost at most, nothing of them read from a cache.
    package func cost(ofInput tokens: Int) -> Dollars {
        let rates = rates(forInput: tokens)
        var sum = Dollars.Sum()
        sum.add(tokens, at: max(rates.input, rates.cacheWrite ?? .zero))
        return sum.dollars
    }

    /// The output tokens that `budget` pays for behind so many tokens of input; nil when not even these are paid for.
    package func outputTokens(for budget: Dollars, behindInput tokens: Int) -> Int? {
        let left = budget.ticks - cost(ofInput: tokens).ticks
        guard left >= 0 else { return nil }
        let rates = rates(forInput: tokens)
        let rate = max(rates.output, rates.reasoning ?? .zero)
        guard rate.ticks > 0 else { return .max }
        return Int(clamping: Int128(left) * 1_000_000 / Int128(rate.ticks))
    }
}

extension Dollars: Comparable {
    package static func < (left: Dollars, right: Dollars) -> Bool { left.ticks < right.ticks }
}

extension Dollars {
    /// Adds prices of tokens without losing what is below a tick until the end.
    package struct Sum: Sendable {
        /// A million of them to the tick.
        private var millionths: Int128 = 0

        package init() {}

        /// Adds the price of so many tokens; a negative number counts as none.
        package mutating func add(_ tokens: Int, at perMillion: Dollars) {
            millionths += Int128(max(tokens, 0)) * Int128(perMillion.ticks)
        }

        /// Rounded up to a whole tick.
        package var dollars: Dollars {
            Dollars(clamping: (millionths + 999_999) / 1_000_000)
        }
    }

    /// The sum with `count` times the other; ``most`` where it would be more.
    package func adding(_ other: Dollars, times count: Int = 1) -> Dollars {
        Dollars(clamping: Int128(ticks) + Int128(other.ticks) * Int128(max(count, 0)))
    }
}
