package import SatchelCore

/// A model that asks its account's limits before a question goes out, and tells them what the answer cost.
package struct LimitedModel: ChatModel {
    private let base: any ChatModel
    private let gate: LimitGate
    private let size: @Sendable (RemoteFileID) async -> Int64

    /// - Parameters:
    ///   - base: answers.
    ///   - gate: lets requests through.
    ///   - size: bytes of a file that is referred to by id; 0 where it is not known.
    package init(
        _ base: any ChatModel,
        gate: LimitGate,
        size: @escaping @Sendable (RemoteFileID) async -> Int64
    ) {
        self.base = base
        self.gate = gate
        self.size = size
    }

    package var traits: ProviderTraits { base.traits }

    package func stream(_ request: ChatRequest) -> AsyncThrowingStream<ChatEvent, any Error> {
        // Unbounded, as the stream it passes on: an answer is small beside what it is about.
        let (stream, continuation) = AsyncThrowingStream.makeStream(of: ChatEvent.self)
        let task = Task {
            do {
                try await gate.enter(RequestCost(tokens: tokens(of: request)))
            } catch {
                continuation.finish(throwing: error)
                return
            }
            do {
                for try await event in base.stream(request) {
                    if case .usage(let usage) = event, let cost = usage.cost { await gate.charge(cost) }
                    continuation.yield(event)
                }
                await gate.leave()
                continuation.finish()
            } catch {
                await gate.leave()
                if let error = error as? ProviderError { await gate.note(error) }
                continuation.finish(throwing: error)
            }
        }
        continuation.onTermination = { _ in task.cancel() }
        return stream
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
