import SatchelCore

/// What `/images/generations` is asked for at one of the providers that have it.
struct ImageWishes: Sendable {
    var traits: ImageTraits
    /// The members that a wish becomes besides model, prompt and number.
    var members: @Sendable (ImageRequest) -> [String: JSON]
    /// The members that pictures shown with the prompt become.
    var inputs: @Sendable ([ImageRequest.Input]) -> [String: JSON]

    /// Its picture models answer with base64 alone, unasked.
    static let openAI = ImageWishes(
        traits: ImageTraits(
            provider: .openai,
            model: "gpt-image-2",
            perRequest: 10,
            takesQuality: true,
            takesBackground: true,
            mostInputs: 16
        ),
        members: usual,
        inputs: openAIInputs
    )

    /// Servers that took over the wire format: which models they have, only their users know.
    static let openAICompatible = ImageWishes(
        traits: ImageTraits(
            provider: .openaiCompatible,
            model: nil,
            perRequest: 10,
            takesQuality: true,
            takesBackground: true,
            mostInputs: 16
        ),
        members: usual,
        inputs: openAIInputs
    )

    /// Pictures would come as short-lived URLs of another host, so base64 is asked for.
    static let xAI = ImageWishes(
        traits: ImageTraits(
            provider: .xai,
            model: "grok-imagine-image",
            perRequest: 10,
            takesQuality: false,
            takesBackground: false,
            mostInputs: 3
        ),
        members: { request in
            var members: [String: JSON] = ["response_format": "b64_json"]
            // A size is a ratio here, or a resolution such as `2k`.
            if let size = request.size { members[size.contains(":") ? "aspect_ratio" : "resolution"] = .string(size) }
            return members
        },
        inputs: { inputs in
            let pictures: [JSON] = inputs.map {
                ["type": "image_url", "url": .string(ChatText.dataURL($0.media, $0.bytes))]
            }
            return pictures.count == 1 ? ["image": pictures[0]] : ["images": .array(pictures)]
        }
    )

    @Sendable private static func usual(_ request: ImageRequest) -> [String: JSON] {
        var members: [String: JSON] = [:]
        if let size = request.size { members["size"] = .string(size) }
        if let quality = request.quality { members["quality"] = .string(quality) }
        if let background = request.background { members["background"] = .string(background) }
        return members
    }

    @Sendable private static func openAIInputs(_ inputs: [ImageRequest.Input]) -> [String: JSON] {
        ["images": .array(inputs.map { ["image_url": .string(ChatText.dataURL($0.media, $0.bytes))] })]
    }
}
