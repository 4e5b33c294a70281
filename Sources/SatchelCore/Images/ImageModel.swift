/// A model that makes pictures.
package protocol ImageModel: Sendable {
    var traits: ImageTraits { get }

    /// Makes the pictures of one request; it is never sent twice, because each is billed.
    ///
    /// - Throws: what a refusal means; `.badReply` where no picture came.
    func make(_ request: ImageRequest) async throws(ProviderError) -> ImageReply
}

/// What a provider's picture models can be asked for.
package struct ImageTraits: Hashable, Sendable {
    /// Whose price list counts.
    package var provider: ProviderID
    /// The model that is meant where none is named; nil where nobody can know.
    package var model: String?
    /// Pictures that one request can ask for.
    package var perRequest: Int
    package var takesQuality: Bool
    package var takesBackground: Bool
    /// Pictures that can be shown with the prompt.
    package var mostInputs: Int

    package init(
        provider: ProviderID,
        model: String?,
        perRequest: Int,
        takesQuality: Bool,
        takesBackground: Bool,
        mostInputs: Int
    ) {
        self.provider = provider
        self.model = model
        self.perRequest = perRequest
        self.takesQuality = takesQuality
        self.takesBackground = takesBackground
        self.mostInputs = mostInputs
    }
}

/// The wish for pictures.
package struct ImageRequest: Hashable, Sendable {
    /// A picture that is shown with the prompt, to be changed or drawn from.
    package struct Input: Hashable, Sendable {
        package var media: MediaType
        package var bytes: [UInt8]

        package init(media: MediaType, bytes: [UInt8]) {
            self.media = media
            self.bytes = bytes
        }
    }

    package var model: String
    package var prompt: String
    package var count: Int
    /// As the provider writes it: `1024x1024`, or a ratio such as `16:9`.
    package var size: String?
    package var quality: String?
    package var background: String?
    package var inputs: [Input] = []
    /// Members that the request body has besides, or instead of those that are usual: JSON by name.
    package var options: [String: String] = [:]
    /// Seconds that the provider may be silent: it is while it draws.
    package var idleTimeout = 600.0

    package init(model: String, prompt: String, count: Int = 1) {
        self.model = model
        self.prompt = prompt
        self.count = count
    }

    /// Of one picture; larger ones are not taken.
    package static let largest = ByteCount.mebibytes(32)
}

/// What came of it.
package struct ImageReply: Hashable, Sendable {
    /// The bytes of each picture, not looked at yet.
    package var images: [[UInt8]]
    /// Why pictures that were made could not be had.
    package var failures: [String]
    /// Words that came with them, such as the prompt as the provider wrote it anew.
    package var text: String
    package var usage: ChatUsage?

    package init(images: [[UInt8]], failures: [String] = [], text: String = "", usage: ChatUsage? = nil) {
        self.images = images
        self.failures = failures
        self.text = text
        self.usage = usage
    }
}
