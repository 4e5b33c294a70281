package import SatchelCore

/// The one place that knows which code speaks which provider's language.
package struct RemoteProviders: Sendable {
    private let client: HTTPClient
    private let hashing: any Hashing

    package init(client: HTTPClient, hashing: any Hashing) {
        self.client = client
        self.hashing = hashing
    }

    /// What a provider of that kind can do, as far as that is known without asking it.
    package static func traits(of kind: ProviderID) -> ProviderTraits {
        switch kind {
        case .local: .local
        case .openai: .openAI
        case .openaiCompatible: .openAICompatible
        case .anthropic: .anthropic
        case .xai: .xAI
        case .gemini: .gemini
        case .mistral: .mistral
        }
    }

    /// The files of an account; nil for the local store, which has no endpoint.
    package func files(of kind: ProviderID, at endpoint: Endpoint) -> (any FileProvider)? {
        switch kind {
        case .local: nil
        case .openai: OpenAIFiles(endpoint, traits: .openAI, client: client, hashing: hashing)
        case .openaiCompatible: OpenAIFiles(endpoint, traits: .openAICompatible, client: client, hashing: hashing)
        case .anthropic: AnthropicFiles(endpoint, client: client, hashing: hashing)
        case .xai: XAIFiles(endpoint, client: client, hashing: hashing)
        case .gemini: GeminiFiles(endpoint, client: client, hashing: hashing)
        case .mistral: MistralFiles(endpoint, client: client, hashing: hashing)
        }
    }

    /// The models of an account that can be shown its files; nil for the local store.
    package func model(of kind: ProviderID, at endpoint: Endpoint) -> (any ChatModel)? {
        switch kind {
        case .local: nil
        case .openai: ResponsesModel(endpoint, traits: .openAI, client: client)
        case .openaiCompatible: ResponsesModel(endpoint, traits: .openAICompatible, client: client)
        case .anthropic: AnthropicModel(endpoint, client: client)
        case .xai: ResponsesModel.xAI(endpoint, client: client)
        case .gemini: GeminiModel(endpoint, client: client)
        case .mistral: MistralModel(endpoint, client: client)
        }
    }

    /// The models of an account that make pictures; nil where there are none.
    package func images(of kind: ProviderID, at endpoint: Endpoint) -> (any ImageModel)? {
        switch kind {
        case .openai: ImageEndpoint(endpoint, wishes: .openAI, client: client)
        case .openaiCompatible: ImageEndpoint(endpoint, wishes: .openAICompatible, client: client)
        case .xai: ImageEndpoint(endpoint, wishes: .xAI, client: client, dialect: .xAI)
        case .gemini: GeminiImages(endpoint, client: client)
        case .local, .anthropic, .mistral: nil
        }
    }

    /// The models of a server that has no files: everything is shown inline.
    package func modelWithoutFiles(at endpoint: Endpoint) -> any ChatModel {
        ChatCompletionsModel(endpoint, client: client)
    }
}
