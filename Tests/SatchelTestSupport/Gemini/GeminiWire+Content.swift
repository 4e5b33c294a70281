/// Reading `contents` of a chat request, and refusing what the provider would.
extension GeminiWire {
    private static let known: Set<String> = [
        "model", "contents", "systemInstruction", "tools", "toolConfig", "safetySettings", "generationConfig",
        "cachedContent", "serviceTier", "labels", "store",
    ]

    func generate(
        _ request: LoopbackRequest,
        model: String,
        streams: Bool,
        _ caller: Caller
    ) throws(GeminiFailure) -> LoopbackResponse {
        try check(request, query: [])
        let body = try document(request, known: Self.known)
        try checkConfig(body["generationConfig"])
        let input = try read(body, caller)
        let (answer, number) = takeAnswer()
        let chunks = GeminiChunks(
            answer: answer,
            input: input,
            id: "resp-\(String(mixed(UInt64(number)), radix: 36))",
            model: model,
            thinks: caller.options.thinks
        )
        if body["generationConfig"]?["responseModalities"]?.array?.contains("IMAGE") == true {
            guard model.contains("image") else {
                throw .invalid(
                    "The requested combination of response modalities (IMAGE) is not supported by the model."
                )
            }
            return .gemini(drawn(MadePicture.png(number * 100), model: model))
        }
        guard streams else {
            if let failure = chunks.failure { throw failure }
            return .gemini(chunks.whole)
        }
        return request.query("alt") == "sse" ? chunks.stream(caller.options) : chunks.list
    }

    /// A picture among the parts, behind the words that come with it.
    private func drawn(_ picture: [UInt8], model: String) -> JSONValue {
        let parts: [JSONValue] = [
            ["text": "Here it is."],
            ["inlineData": ["mimeType": "image/png", "data": .string(MadePicture.base64(picture))]],
        ]
        return [
            "candidates": [
                ["content": ["role": "model", "parts": .array(parts)], "finishReason": "STOP", "index": 0]
            ],
            "usageMetadata": ["promptTokenCount": 9, "candidatesTokenCount": 1290, "totalTokenCount": 1299],
            "modelVersion": .string(model), "responseId": "resp-picture",
        ]
    }

    func countTokens(_ request: LoopbackRequest, model: String, _ caller: Caller) throws(GeminiFailure)
        -> LoopbackResponse
    {
        let body = try document(request, known: ["contents", "generateContentRequest", "model"])
        let inner = try body["generateContentRequest"].map { value throws(GeminiFailure) in
            try ProtoFields(value, at: "generateContentRequest", known: Self.known)
        }
        let input = try read(inner ?? body, caller)
        return .gemini(["totalTokens": .int(input.tokens)])
    }

    private func checkConfig(_ value: JSONValue?) throws(GeminiFailure) {
        let config = try ProtoFields(
            value,
            at: "generation_config",
            known: [
                "candidateCount", "stopSequences", "maxOutputTokens", "temperature", "topP", "topK", "seed",
                "responseMimeType", "responseSchema", "responseJsonSchema", "presencePenalty", "frequencyPenalty",
                "responseLogprobs", "logprobs", "enableEnhancedCivicAnswers", "responseModalities", "speechConfig",
                "thinkingConfig", "imageConfig", "mediaResolution",
            ]
        )
        _ = try config.number("temperature")
        if let most = try config.int("maxOutputTokens"), most < 1 {
            throw .invalid("* GenerateContentRequest.generation_config.max_output_tokens: must be positive")
        }
        let thinking = try ProtoFields(
            config["thinkingConfig"],
            at: "generation_config.thinking_config",
            known: ["includeThoughts", "thinkingBudget", "thinkingLevel"]
        )
        _ = try thinking.bool("includeThoughts")
    }

    private func read(_ body: ProtoFields, _ caller: Caller) throws(GeminiFailure) -> GeminiInput {
        var input = GeminiInput()
        if let system = body["systemInstruction"] {
            let content = try ProtoFields(system, at: "system_instruction", known: ["role", "parts"])
            for (index, part) in try content.list("parts").enumerated() {
                let fields = try ProtoFields(part, at: "system_instruction.parts[\(index)]", known: ["text"])
                input.textBytes += try fields.string("text")?.utf8.count ?? 0
            }
        }
        let contents = try body.list("contents")
        guard !contents.isEmpty else {
            throw .invalid("* GenerateContentRequest.contents: contents is not specified\n")
        }
        for (index, value) in contents.enumerated() {
            let place = "contents[\(index)]"
            let content = try ProtoFields(value, at: place, known: ["role", "parts"])
            let role = try content.string("role") ?? "user"
            guard ["user", "model"].contains(role) else { throw .invalid("Please use a valid role: user, model.") }
            let parts = try content.list("parts")
            guard !parts.isEmpty else {
                throw .invalid("* GenerateContentRequest.\(place).parts: contents.parts must not be empty.\n")
            }
            var label: String?
            try addTools(parts, of: role, at: place, isLast: index == contents.count - 1, to: &input)
            for (index, part) in parts.enumerated() {
                label = try add(part, at: "\(place).parts[\(index)]", role: role, label, to: &input, caller)
            }
        }
        try offer(body, to: &input)
        return input
    }

    private static let datum: Set<String> = [
        "text", "inlineData", "fileData", "functionCall", "functionResponse", "executableCode", "codeExecutionResult",
    ]

    /// Adds one part; returns its text, which names the file that may follow.
    private func add(
        _ value: JSONValue,
        at place: String,
        role: String,
        _ label: String?,
        to input: inout GeminiInput,
        _ caller: Caller
    ) throws(GeminiFailure) -> String? {
        let part = try ProtoFields(
            value,
            at: place,
            known: Self.datum.union(["thought", "thoughtSignature", "videoMetadata", "partMetadata", "mediaResolution"])
        )
        let data = part.names.intersection(Self.datum)
        guard data.count == 1 else {
            throw .invalid(
                "* GenerateContentRequest.\(place).data: required oneof field 'data' must have one initialized field\n"
            )
        }
        _ = try part.bool("thought")
        if let text = try part.string("text") {
            input.textBytes += text.utf8.count
            if role == "user" { input.lastText = text }
            return text
        }
        if data == ["fileData"] {
            let file = try ProtoFields(part["fileData"], at: "\(place).file_data", known: ["fileUri", "mimeType"])
            input.files.append(try stored(file, label, caller))
        } else if data == ["inlineData"] {
            let blob = try ProtoFields(part["inlineData"], at: "\(place).inline_data", known: ["data", "mimeType"])
            let bytes = try blob.bytes("data") ?? []
            try check(bytes[...], as: try blob.string("mimeType") ?? "")
            input.files.append(.init(name: GeminiInput.name(in: label), uri: nil, bytes: bytes[...]))
        }
        return nil
    }

    private func stored(_ fields: ProtoFields, _ label: String?, _ caller: Caller) throws(GeminiFailure)
        -> GeminiInput.Shown
    {
        guard let uri = try fields.string("fileUri"), !uri.isEmpty else {
            throw .invalid("* GenerateContentRequest.\(fields.place).file_uri: must not be empty\n")
        }
        let origin = caller.options.uriOrigin ?? caller.origin
        let heads = caller.options.versions.map { "\(origin)/\($0)/files/" }
        guard let head = heads.first(where: { uri.hasPrefix($0) }) else {
            throw .invalid("Invalid or unsupported file uri: \(uri)")
        }
        let id = String(uri.dropFirst(head.count))
        let file = try find(id, caller)
        guard isActive(file) else {
            throw GeminiFailure(
                400,
                .failedPrecondition,
                "The File \(id) is not in an ACTIVE state and usage is not allowed."
            )
        }
        let type = try fields.string("mimeType") ?? file.contentType ?? ""
        guard type == file.contentType else {
            throw .invalid("The mime type \(type) is not that of the file, \(file.contentType ?? "none").")
        }
        try check(file.bytes, as: type)
        return .init(name: GeminiInput.name(in: label), uri: uri, bytes: file.bytes)
    }

    /// Types that are documented to be read; source code under types of its own is where it breaks in practice.
    private static let types: Set<String> = [
        "text/plain", "application/pdf", "image/png", "image/jpeg", "image/webp", "image/heic", "image/heif",
        "audio/wav", "audio/mp3", "audio/mpeg", "audio/aiff", "audio/aac", "audio/ogg", "audio/flac", "video/mp4",
        "video/mpeg", "video/mov", "video/quicktime", "video/avi", "video/x-flv", "video/mpg", "video/webm",
        "video/wmv", "video/3gpp",
    ]

    private func check(_ bytes: ArraySlice<UInt8>, as type: String) throws(GeminiFailure) {
        guard Self.types.contains(type) else { throw .invalid("Unsupported MIME type: \(type)") }
        let signatures: [String: [UInt8]] = [
            "image/png": [0x89, 0x50, 0x4e, 0x47], "image/jpeg": [0xff, 0xd8], "image/webp": Array("RIFF".utf8),
        ]
        if type == "application/pdf", !bytes.starts(with: Array("%PDF-".utf8)) {
            throw .invalid("The document has no pages.")
        }
        if let signature = signatures[type], !bytes.starts(with: signature) {
            throw .invalid("Unable to process input image. Please retry or report in the forum.")
        }
    }
}
