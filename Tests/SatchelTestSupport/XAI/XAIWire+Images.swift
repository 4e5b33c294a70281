/// `POST /v1/images/generations` and `/edits` of xAI: a URL unless base64 is asked for, and no size but a ratio.
extension XAIWire {
    private static let known: Set<String> = [
        "aspect_ratio", "deferred", "model", "n", "prompt", "resolution", "response_format", "storage_options", "user",
    ]

    func draw(_ request: LoopbackRequest, edits: Bool) throws(XAIFailure) -> LoopbackResponse {
        let body = try document(request, known: Self.known.union(edits ? ["image", "images"] : []))
        guard let prompt = body["prompt"]?.string, !prompt.isEmpty else { throw .field("body.prompt", "missing") }
        guard body["model"]?.string?.hasPrefix("grok-imagine-image") == true else {
            throw .field("body.model", "no model that makes images")
        }
        let count = body["n"]?.int ?? 1
        guard (1...10).contains(count) else { throw .field("body.n", "out of range") }
        if edits, body["image"]?["url"]?.string == nil, body["images"]?.array == nil {
            throw .field("body.image", "missing")
        }
        let first = takeAnswer().number * 100
        let asksForBytes = body["response_format"]?.string == "b64_json"
        let host = request.headers["host"] ?? "127.0.0.1"
        let pictures = (0..<Int(count)).map { index -> JSONValue in
            let bytes = MadePicture.png(first + index)
            return asksForBytes
                ? ["b64_json": .string(MadePicture.base64(bytes)), "mime_type": "image/png"]
                : ["url": .string("http://\(host)/imgen/\(first + index).png"), "mime_type": "image/png"]
        }
        return .json(["data": .array(pictures)])
    }
}
