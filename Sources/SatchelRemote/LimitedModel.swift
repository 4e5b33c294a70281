package import SatchelCore

/// A model that asks its account's limits before a question goes out, and says what the answer cost.
///
/// Where the provider does not say that, the table does. What the question alone will cost is taken from the day's budget
/// before it goes out, and put right when the answer is there.
package struct LimitedModel: ChatModel {
    private let base: any ChatModel
    private let gate: LimitGate
    private let prices: PriceTable
    private let size: @Sendable (RemoteFileID) async -> Int64

    /// - Parameters:
    ///   - base: answers.
    ///   - gate: lets requests through.
    ///   - prices: of models.
    ///   - size: bytes of a file that is referred to by id; 0 where it is not known.
    package init(
        _ base: any ChatModel,
        gate: LimitGate,
        prices: PriceTable = PriceTable(),
        size: @escaping @Sendable (RemoteFileID) async -> Int64
    ) {
        self.base = base
        self.gate = gate
        self.prices = prices
        self.size = size
    }

    package var traits: ProviderTraits { base.traits }

    package func stream(_ request: ChatRequest) -> AsyncThrowingStream<ChatEvent, any Error> {
        // Unbounded, as the stream it passes on: an answer is small beside what it is about.
        let (stream, continuation) = AsyncThrowingStream.makeStream(of: ChatEvent.self)
        let task = Task {
            let tokens = await tokens(of: request)
            let price = request.isAtUsualPrice ? prices.price(of: request.model, at: traits.provider)?.price : nil
            let reserved = RequestCost(requests: 0, money: price?.cost(ofInput: Int(clamping: tokens)) ?? .zero)
            do {
                try await gate.enter(RequestCost(tokens: tokens, money: reserved.money))
            } catch {
                continuation.finish(throwing: error)
                return
            }
            var hasBegun = false
            do {
                for try await event in base.stream(request) {
                    hasBegun = true
                    guard case .usage(var usage) = event else {
                        continuation.yield(event)
                        continue
                    }
                    if request.isAtUsualPrice { usage = prices.priced(usage, of: request.model, at: traits.provider) }
                    if let cost = usage.cost {
                        await gate.giveBack(reserved)
                        await gate.charge(cost)
                    }
                    continuation.yield(.usage(usage))
                }
                await gate.leave()
                continuation.finish()
            } catch {
                await gate.leave()
                // What was refused is not billed; what broke off is.
                if !hasBegun { await gate.giveBack(reserved) }
                if let error = error as? ProviderError { await gate.note(error) }
                continuation.finish(throwing: error)
            }
        }
        continuation.onTermination = { _ in task.cancel() }
        return stream
    }

    package func countTokens(of request: ChatRequest) async throws(ProviderError) -> Int? {
        try await gate.pass { () async throws(ProviderError) in try await base.countTokens(of: request) }
    }

    package func fetch(_ file: MadeFile, upTo limit: ByteCount) async throws(ProviderError) -> FetchedFile {
        if case .here = file.place { return try await base.fetch(file, upTo: limit) }
        return try await gate.pass { () async throws(ProviderError) in try await base.fetch(file, upTo: limit) }
    }

    /// A quarter of the bytes that are shown, which is close for English text and too many for most else.
    private func tokens(of request: ChatRequest) async -> Int64 {
        var bytes = Int64(request.system?.utf8.count ?? 0)
        for tool in request.tools { bytes += Int64(tool.description.utf8.count + tool.parameters.utf8.count) }
        for part in request.turns.flatMap(\.parts) {
            switch part {
            case .text(let text), .inlineText(_, let text): bytes += Int64(text.utf8.count)
            case .file(let id, _, _), .image(let id, _, _): bytes += await size(id)
            case .inlineImage(_, _, let image): bytes += Int64(image.count)
            case .toolCall(let call): bytes += Int64(call.arguments.utf8.count)
            case .toolResult(let result): bytes += Int64(result.text.utf8.count)
            }
        }
        return max(1, bytes / 4)
    }
}
