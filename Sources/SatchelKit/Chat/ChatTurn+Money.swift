internal import SatchelCore
internal import SatchelManifest

/// The input tokens of a question.
struct InputTokens: Sendable {
    var count: Int
    /// Whether the provider has counted them; else it is a quarter of the bytes of text.
    var isCounted: Bool
    /// Files that are no text, which an estimate leaves out.
    var untold = 0
}

extension ChatTurn {
    /// The most output tokens that may be asked for so that the answer costs no more than is wanted; nil for no bound.
    ///
    /// - Throws: ``WorkspaceError`` when the question alone costs more, or nobody knows what the model costs.
    func outputBound(for request: ChatRequest) async throws -> Int? {
        guard let whole = wishes.maxCost else { return nil }
        if let option = request.lengthOption {
            throw WorkspaceError(
                .stoppedForSafety,
                "--max-cost: -o \(printable(option)) would take its place in the request; leave one of them out"
            )
        }
        // What earlier rounds of looking things up have cost is spent.
        let spent = usage?.cost ?? .zero
        let most = Dollars(ticks: whole.ticks - spent.ticks) ?? .zero
        guard request.isAtUsualPrice,
            let (price, _) = workspace.prices.price(of: modelName, at: model.traits.provider)
        else {
            throw WorkspaceError(
                .stoppedForSafety,
                "--max-cost: what \(modelName) costs is not known; add it to prices in your configuration"
            )
        }
        let tokens = try await inputTokens(of: request)
        // An estimate may be too low by a third where text is code or not English.
        let input = tokens.isCounted ? tokens.count : tokens.count + tokens.count / 3
        guard let output = price.outputTokens(for: most, behindInput: input), output >= Self.shortestAnswer else {
            let kind = tokens.isCounted ? "" : "about "
            let next = "\(kind)\(input) tokens, \(price.cost(ofInput: input))"
            throw WorkspaceError(
                .stoppedForSafety,
                spent == .zero
                    ? "--max-cost \(whole): the question alone is \(next); show less, or raise it"
                    : "--max-cost \(whole): \(spent) is spent on looking things up, and the next request is \(next); "
                        + "raise it, or use --no-tools"
            )
        }
        // More than any model writes is no bound, and as a bound would be refused.
        return output < 32_000 ? output : nil
    }

    /// Fewer tokens are no answer, and OpenAI refuses to be asked for fewer.
    private static var shortestAnswer: Int { 16 }

    /// As the provider counts them, or where it cannot be asked, an estimate.
    func inputTokens(of request: ChatRequest) async throws -> InputTokens {
        if let count = try await model.countTokens(of: request) { return InputTokens(count: count, isCounted: true) }
        var bytes = Int64(request.system?.utf8.count ?? 0)
        for tool in request.tools { bytes += Int64(tool.description.utf8.count + tool.parameters.utf8.count) }
        var untold = 0
        for part in request.turns.flatMap(\.parts) {
            switch part {
            case .text(let text), .inlineText(_, let text): bytes += Int64(text.utf8.count)
            case .file(let id, _, let media) where media == .text:
                bytes += try await workspace.manifest.size(of: id, in: connection.id) ?? 0
            case .toolCall(let call): bytes += Int64(call.arguments.utf8.count)
            case .toolResult(let result): bytes += Int64(result.text.utf8.count)
            case .file, .image, .inlineImage: untold += 1
            }
        }
        return InputTokens(count: Int(clamping: bytes / 4 + 1), isCounted: false, untold: untold)
    }
}
