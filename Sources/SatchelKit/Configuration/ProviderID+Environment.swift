package import SatchelCore

/// What the providers' own programs read from the environment, and where they are found.
extension ProviderID {
    /// The variables that hold a key, the winner first.
    ///
    /// Of Google's two the official SDK prefers `GOOGLE_API_KEY`.
    package var keyVariables: [String] {
        switch self {
        case .local, .openaiCompatible: []
        case .openai: ["OPENAI_API_KEY"]
        case .anthropic: ["ANTHROPIC_API_KEY"]
        case .gemini: ["GOOGLE_API_KEY", "GEMINI_API_KEY"]
        case .xai: ["XAI_API_KEY"]
        case .mistral: ["MISTRAL_API_KEY"]
        }
    }

    /// What to do to have an account of this kind, for somebody who has none; nil when it is always there.
    var wayToAccount: String? {
        if let variable = keyVariables.last { return "set \(variable), or define it under accounts" }
        return self == .local ? nil : "define it under accounts, with its base_url"
    }

    package var baseURLVariable: String? {
        switch self {
        case .local, .openaiCompatible: nil
        case .openai: "OPENAI_BASE_URL"
        case .anthropic: "ANTHROPIC_BASE_URL"
        case .gemini: "GOOGLE_GEMINI_BASE_URL"
        case .xai: "XAI_BASE_URL"
        case .mistral: "MISTRAL_BASE_URL"
        }
    }

    /// Where the provider's own service is; nil where there is none.
    package var publicBaseURL: String? {
        switch self {
        case .local, .openaiCompatible: nil
        case .openai: "https://api.openai.com/v1"
        case .anthropic: "https://api.anthropic.com"
        case .gemini: "https://generativelanguage.googleapis.com"
        case .xai: "https://api.x.ai/v1"
        case .mistral: "https://api.mistral.ai"
        }
    }

    /// The variable that names the organisation requests are billed to.
    var organisationVariable: String? { self == .openai ? "OPENAI_ORG_ID" : nil }

    var projectVariable: String? { self == .openai ? "OPENAI_PROJECT_ID" : nil }
}
