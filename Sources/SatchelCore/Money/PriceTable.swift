/// What models cost, by the provider's name for them: as published, and as the user says.
package struct PriceTable: Sendable {
    /// Said by the user, for whatever account answers.
    private let own: [String: TokenPrice]

    package init(own: [OwnPrice] = []) {
        self.own = Dictionary(own.map { ($0.model, $0.price) }, uniquingKeysWith: { $1 })
    }

    /// The day of the published prices.
    package static var date: String { PublishedPrices.date }
    /// Where they are from.
    package static var source: String { PublishedPrices.source }

    /// The price of a model; nil where nobody tells it, which is not the same as free.
    ///
    /// Only exact names count: a newer model under a similar name may cost anything.
    package func price(of model: String, at provider: ProviderID) -> (price: TokenPrice, source: CostSource)? {
        let name = model.hasPrefix("models/") ? String(model.dropFirst("models/".count)) : model
        if let price = own[model] ?? own[name] { return (price, .configured) }
        return Self.published["\(provider.rawValue) \(name)"].map { ($0, .published) }
    }

    /// The usage with what it cost, where that is known: what the provider says counts before every table.
    package func priced(_ usage: ChatUsage, of model: String, at provider: ProviderID) -> ChatUsage {
        guard usage.cost == nil, let (price, source) = price(of: model, at: provider),
            let cost = price.cost(of: usage)
        else { return usage }
        var usage = usage
        usage.cost = cost
        usage.costSource = source
        return usage
    }

    private static let published: [String: TokenPrice] = {
        let pairs = PublishedPrices.lines.split(separator: "\n").compactMap { line -> (String, TokenPrice)? in
            let words = line.split(separator: " ")
            guard words.count > 2, let price = price(words.dropFirst(2).map(String.init)) else { return nil }
            return ("\(words[0]) \(words[1])", price)
        }
        return Dictionary(pairs, uniquingKeysWith: { $1 })
    }()

    private static func price(_ figures: [String]) -> TokenPrice? {
        guard let usual = rates(figures[...]) else { return nil }
        guard figures.count > 6, let tokens = Int(figures[5]), let rates = rates(figures.dropFirst(6)) else {
            return TokenPrice(usual)
        }
        return TokenPrice(usual, above: (tokens, rates))
    }

    private static func rates(_ figures: ArraySlice<String>) -> TokenPrice.Rates? {
        let figures = figures.prefix(5).map { Dollars($0) }
        guard figures.count > 3, let input = figures[0], let output = figures[3] else { return nil }
        return TokenPrice.Rates(
            input: input,
            cached: figures[1],
            cacheWrite: figures[2],
            output: output,
            reasoning: figures.count > 4 ? figures[4] : nil
        )
    }
}

/// Who says what an answer cost.
package enum CostSource: String, Hashable, Sendable, CaseIterable {
    /// The provider, with the answer.
    case provider
    /// The table of published prices.
    case published
    /// The user's `prices`.
    case configured
}

/// The price of a model as the user writes it: `gpt-5-mini input 0.25 cached 0.025 output 2`.
package struct OwnPrice: Hashable, Sendable {
    package var model: String
    package var price: TokenPrice
    /// As it was written.
    package var text: String

    /// Nil when it is no price: a model, then pairs of `input`, `cached`, `cache_write`, `output`, `reasoning` (dollars
    /// for a million tokens), `tool_call` or `image` (dollars for one), at least input and output, or `image` alone.
    package init?(_ text: String) {
        let words = text.split(separator: " ").map(String.init)
        guard words.count >= 3, words.count % 2 == 1 else { return nil }
        var figures: [String: Dollars] = [:]
        for index in stride(from: 1, to: words.count, by: 2) {
            guard Self.names.contains(words[index]), figures[words[index]] == nil,
                let figure = Dollars(words[index + 1])
            else { return nil }
            figures[words[index]] = figure
        }
        let image = figures["image"]
        let isForImagesOnly = image != nil && figures.count == 1
        guard let input = figures["input"] ?? (isForImagesOnly ? .zero : nil),
            let output = figures["output"] ?? (isForImagesOnly ? .zero : nil)
        else { return nil }
        model = words[0]
        price = TokenPrice(
            TokenPrice.Rates(
                input: input,
                cached: figures["cached"],
                cacheWrite: figures["cache_write"],
                output: output,
                reasoning: figures["reasoning"]
            ),
            toolCall: figures["tool_call"]
        )
        (price.image, price.isForImagesOnly) = (image, isForImagesOnly)
        self.text = text
    }

    private static let names: Set<String> = [
        "input", "cached", "cache_write", "output", "reasoning", "tool_call", "image",
    ]
}
