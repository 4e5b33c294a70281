/// Tokens of one answer, as the provider counted them.
///
/// A server may say any number: what is below none counts as none, and what is above ``most`` as that.
package struct ChatUsage: Hashable, Sendable {
    /// All input, cached or not.
    package var input: Int
    /// Of these, read from the provider's prompt cache.
    package var cached: Int
    /// Of the input, written to it.
    package var cacheWrite: Int
    /// All output, reasoning included.
    package var output: Int
    package var reasoning: Int
    /// Calls of the provider's own tools, which may be billed.
    package var toolCalls: Int
    /// What the answer cost; nil when nobody tells it, which is not the same as nothing.
    package var cost: Dollars?
    /// Who tells it.
    package var costSource: CostSource?

    /// A `cost` without a source is what the provider says.
    package init(
        input: Int,
        cached: Int,
        cacheWrite: Int = 0,
        output: Int,
        reasoning: Int,
        toolCalls: Int = 0,
        cost: Dollars? = nil,
        costSource: CostSource? = nil
    ) {
        self.input = Self.sum(input)
        self.cached = Self.sum(cached)
        self.cacheWrite = Self.sum(cacheWrite)
        self.output = Self.sum(output)
        self.reasoning = Self.sum(reasoning)
        self.toolCalls = Self.sum(toolCalls)
        self.cost = cost
        self.costSource = cost == nil ? nil : costSource ?? .provider
    }
}

extension ChatUsage {
    /// Far more than anybody uses up, and far below where sums of it would overflow.
    package static let most = 1 << 40

    /// Counts that a provider tells apart, as one; those that it left out are none.
    package static func sum(_ counts: Int?...) -> Int {
        counts.reduce(0) { min($0 + min(max($1 ?? 0, 0), most), most) }
    }

    /// The figures of several requests for one answer.
    ///
    /// What is not known of one of them is not known of the whole.
    package static func + (one: ChatUsage, other: ChatUsage) -> ChatUsage {
        ChatUsage(
            input: sum(one.input, other.input),
            cached: sum(one.cached, other.cached),
            cacheWrite: sum(one.cacheWrite, other.cacheWrite),
            output: sum(one.output, other.output),
            reasoning: sum(one.reasoning, other.reasoning),
            toolCalls: sum(one.toolCalls, other.toolCalls),
            cost: one.cost.flatMap { cost in other.cost.map { cost.adding($0) } },
            costSource: one.costSource
        )
    }
}
