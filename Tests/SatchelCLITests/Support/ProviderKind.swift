import SatchelTestSupport
import Testing

/// A kind of provider that files can be sent to, on 127.0.0.1.
enum ProviderKind: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case openAI = "openai"
    case anthropic, gemini, mistral
    case xAI = "xai"
    /// A server of one's own that speaks like OpenAI and has a Files API.
    case compatible = "lab"

    var testDescription: String { rawValue }

    /// The name of its account.
    var account: String { rawValue }

    var model: String {
        switch self {
        case .anthropic: "claude-echo"
        case .gemini: "gemini-2.5-flash"
        default: "echo"
        }
    }

    /// The request that asks the model.
    var question: LoopbackMatch {
        switch self {
        case .openAI, .xAI, .compatible: "POST /v1/responses"
        case .anthropic: "POST /v1/messages"
        case .gemini: "POST /v1beta/models/*"
        case .mistral: "POST /v1/chat/completions"
        }
    }

    /// Seconds after which a copy that is made with `ttl: 1h` has expired there.
    var lifetime: Double {
        switch self {
        case .gemini: 2 * 86400 + 60
        case .mistral: 30 * 86400 + 60
        default: 3600 + 60
        }
    }

    /// Whether a citation names the file.
    var citesByName: Bool { self != .mistral }

    /// Starts one for the time of `body`.
    func with(_ body: (any LoopbackProvider) async throws -> Void) async throws {
        switch self {
        case .openAI: try await LoopbackOpenAI.with { try await body($0) }
        case .anthropic: try await LoopbackAnthropic.with { try await body($0) }
        case .gemini: try await LoopbackGemini.with { try await body($0) }
        case .mistral: try await LoopbackMistral.with { try await body($0) }
        case .xAI: try await LoopbackXAI.with { try await body($0) }
        case .compatible: try await LoopbackOpenAI.with(.ogx) { try await body($0) }
        }
    }

    /// The lines of a configuration that lead to it where no variable does.
    func configuration(_ provider: any LoopbackProvider) -> String {
        guard self == .compatible else { return "" }
        return "accounts: {lab: {kind: openai-compatible, base_url: \"\(provider.baseURL)\"}}\n"
    }

    func environment(_ provider: any LoopbackProvider) -> [String: String] {
        self == .compatible ? [:] : provider.environment
    }
}
