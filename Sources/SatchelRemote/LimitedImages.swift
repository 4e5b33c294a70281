package import SatchelCore

/// A model that makes pictures within its account's limits, and says what they cost.
///
/// What is known of the price is taken from the day's budget before the request goes out, and put right after it.
package struct LimitedImages: ImageModel {
    private let base: any ImageModel
    private let gate: LimitGate
    private let prices: PriceTable

    package init(_ base: any ImageModel, gate: LimitGate, prices: PriceTable) {
        self.base = base
        self.gate = gate
        self.prices = prices
    }

    package var traits: ImageTraits { base.traits }

    package func make(_ request: ImageRequest) async throws(ProviderError) -> ImageReply {
        let bytes = request.prompt.utf8.count + request.inputs.reduce(0) { $0 + $1.bytes.count }
        let tokens = max(1, bytes / 4)
        let known = prices.price(of: request.model, at: traits.provider)
        let expected = known?.price.cost(ofImages: request.count, nil) ?? known?.price.cost(ofInput: tokens) ?? .zero
        let reserved = RequestCost(requests: 0, money: expected)
        try await gate.enter(RequestCost(tokens: Int64(tokens), money: expected))
        do throws(ProviderError) {
            var reply = try await base.make(request)
            if reply.usage?.cost == nil, let (price, source) = known,
                let cost = price.cost(ofImages: reply.images.count + reply.failures.count, reply.usage)
            {
                var usage = reply.usage ?? ChatUsage(input: 0, cached: 0, output: 0, reasoning: 0)
                (usage.cost, usage.costSource) = (cost, source)
                reply.usage = usage
            }
            if let cost = reply.usage?.cost {
                await gate.giveBack(reserved)
                await gate.charge(cost)
            }
            await gate.leave()
            return reply
        } catch {
            await gate.leave()
            // What was refused is not billed; an answer that was lost on its way may be.
            if error.status != nil || error.kind == .unreachable { await gate.giveBack(reserved) }
            await gate.note(error)
            throw error
        }
    }
}
