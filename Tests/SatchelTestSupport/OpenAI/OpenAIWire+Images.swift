/// `POST /v1/images/generations` and `/edits`, as the specification of 2026 has them for its picture models.
extension OpenAIWire {
    private static let known: Set<String> = [
        "background", "model", "moderation", "n", "output_compression", "output_format", "partial_images", "prompt",
        "quality", "response_format", "size", "stream", "style", "user",
    ]

    func draw(_ request: LoopbackRequest, edits: Bool, _ options: OpenAIOptions) throws(OpenAIFailure)
        -> LoopbackResponse
    {
        let body = try document(request, known: Self.known.union(edits ? ["images", "mask", "input_fidelity"] : []))
        guard let prompt = body["prompt"]?.string, !prompt.isEmpty else { throw .missing("prompt") }
        guard prompt.unicodeScalars.count <= 32_000 else { throw .invalid("prompt", "too long") }
        guard let model = body["model"]?.string else { throw .missing("model") }
        // These always answer with base64, and refuse to be asked for it.
        if model.hasPrefix("gpt-image"), body["response_format"] != nil { throw .unknownParameter("response_format") }
        let count = body["n"]?.int ?? 1
        guard (1...10).contains(count) else { throw .invalid("n", "expected a number from 1 to 10") }
        for (name, words) in [
            ("quality", ["low", "medium", "high", "auto"]), ("background", ["transparent", "opaque", "auto"]),
        ] {
            if let word = body[name]?.string, !words.contains(word) { throw .invalid(name, "invalid value") }
        }
        if edits {
            guard let images = body["images"]?.array, (1...16).contains(images.count) else { throw .missing("images") }
            for image in images {
                let url = image["image_url"]?.string ?? ""
                guard url.hasPrefix("data:image/") || image["file_id"]?.string != nil else {
                    throw .invalid("images", "expected a data URL or a file id")
                }
            }
        }
        let first = takeAnswer().number * 100
        let pictures = (0..<Int(count)).map { index -> JSONValue in
            ["b64_json": .string(MadePicture.base64(MadePicture.png(first + index)))]
        }
        return .json([
            "created": .int(store.clock.seconds), "data": .array(pictures), "output_format": "png",
            "usage": [
                "input_tokens": 12, "output_tokens": .int(272 * Int64(count)),
                "total_tokens": .int(12 + 272 * Int64(count)),
                "input_tokens_details": ["text_tokens": 12, "image_tokens": 0],
            ],
        ])
    }
}
