import SatchelCore
import SatchelKit

/// What an answer took, for people: `0.0021 USD (published prices of 2026-11-21): 1200 in, 900 of them cached, 80 out`.
func moneyText(_ usage: ChatUsage, account: String) -> String {
    var tokens = "\(usage.input) in"
    if usage.cached > 0, usage.input > 0 {
        tokens += ", \(usage.cached) of them cached (\(usage.cached * 100 / usage.input) %)"
    }
    if usage.cacheWrite > 0 { tokens += ", \(usage.cacheWrite) written to the cache" }
    tokens += ", \(usage.output) out"
    if usage.reasoning > 0 { tokens += ", \(usage.reasoning) of them reasoning" }
    if usage.toolCalls > 0 { tokens += ", \(usage.toolCalls) calls of tools" }
    guard let cost = usage.cost else { return "unpriced: \(tokens)" }
    return switch usage.costSource {
    case .published: "costs \(cost) at the published prices of \(PriceTable.date): \(tokens)"
    case .configured: "costs \(cost) at your prices: \(tokens)"
    case .provider, nil: "\(account) charges \(cost) for this answer: \(tokens)"
    }
}

extension ChatEstimate {
    /// Lines for people.
    var lines: [String] {
        var lines = files.map { file in
            "\(file.path)  \(ByteCount(file.size))\(file.isThere ? "" : "  to be uploaded first")"
        }
        if earlier > 0 { lines.append("\(earlier) earlier messages of the thread, with their files") }
        let how =
            isCounted
            ? "as \(account) counts them"
            : "an estimate: bytes of text / 4" + (untold > 0 ? ", without \(untold) that are no text" : "")
        lines.append("\(isCounted ? "" : "about ")\(tokens) \(tokens == 1 ? "token" : "tokens") of input (\(how))")
        guard let inputCost, let outputPrice else {
            lines.append("unpriced: what \(printable(model)) costs is not known; see prices in the configuration")
            return lines
        }
        let source = priceSource == .configured ? "your prices" : "published prices of \(PriceTable.date)"
        lines.append(
            "at most \(inputCost) for the question, and \(outputPrice) for a million tokens of the answer (\(source))"
        )
        return lines
    }
}

/// The document of `chat --estimate`.
struct JSONChatEstimate: Encodable {
    struct File: Encodable {
        var path, sha256: String
        var bytes: Int64
        var uploaded: Bool
    }

    var ok = true
    var account, model: String
    var files: [File]
    var earlierMessages: Int
    var tokens: Int
    var counted: Bool
    var untold: Int
    var inputCost, outputPrice, costSource: String?

    init(_ estimate: ChatEstimate) {
        (account, model) = (estimate.account, estimate.model)
        files = estimate.files.map {
            File(path: $0.path.description, sha256: $0.digest.hex, bytes: $0.size, uploaded: $0.isThere)
        }
        earlierMessages = estimate.earlier
        (tokens, counted, untold) = (estimate.tokens, estimate.isCounted, estimate.untold)
        inputCost = estimate.inputCost?.description
        outputPrice = estimate.outputPrice?.description
        costSource = estimate.priceSource?.rawValue
    }
}
