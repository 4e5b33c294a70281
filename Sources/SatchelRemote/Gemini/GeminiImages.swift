import FoundationEssentials
import SatchelCore

/// Google's models that draw: `generateContent` with pictures among the modalities of the answer.
///
/// One picture a request. The parts are those of a chat, so the chat's decoder reads them.
struct GeminiImages: ImageModel {
    private let endpoint: Endpoint
    private let client: HTTPClient
    private let refusals: Refusals

    init(_ endpoint: Endpoint, client: HTTPClient) {
        self.endpoint = endpoint
        self.client = client
        refusals = Refusals(endpoint: endpoint, dialect: .gemini)
    }

    let traits = ImageTraits(
        provider: .gemini,
        model: "gemini-3.1-flash-image",
        perRequest: 1,
        takesQuality: false,
        takesBackground: false,
        mostInputs: 14
    )

    func make(_ request: ImageRequest) async throws(ProviderError) -> ImageReply {
        let name = request.model.contains("/") ? request.model : "models/" + request.model
        let segments = name.split(separator: "/").map { percentEncoded(String($0)) }
        let http = HTTPRequest(
            .post,
            endpoint.geminiURL(segments.joined(separator: "/") + ":generateContent"),
            headers: endpoint.geminiHeaders + [HTTPHeader("Content-Type", "application/json")],
            body: .bytes(body(request).bytes),
            limits: .images(request)
        )
        let response = try await client.answer(to: http, refusals: refusals)
        var decoder = GeminiDecoder(at: endpoint)
        let events: [ChatEvent]
        do throws(ChatStreamFault) {
            events = try decoder.take(SSEEvent(data: response.body)) + decoder.end()
        } catch {
            switch error {
            case .refused(let reply): throw refusals.error(inStream: reply, head: response.head, ids: [])
            case .unreadable: throw refusals.badReply(response.head, "the answer is no JSON")
            }
        }
        var reply = ImageReply(images: [])
        var refusal: String?
        var reason = FinishReason.stop
        for event in events {
            switch event {
            case .made(let file):
                if case .here(let bytes) = file.place { reply.images.append(bytes) }
            case .text(let text): reply.text += text
            case .refusal(let text): refusal = text
            case .usage(let usage): reply.usage = usage
            case .finished(let word): reason = word
            default: break
            }
        }
        guard reply.images.isEmpty else { return reply }
        if refusal != nil || reason == .contentFilter {
            throw ProviderError(
                .rejected,
                "\(endpoint.host) makes no picture of this: \(reason.code); say it in other words",
                status: response.status
            )
        }
        throw refusals.badReply(
            response.head,
            "the answer has no picture; is \(printable(request.model)) one that draws?"
        )
    }

    func body(_ request: ImageRequest) -> JSON {
        var parts: [JSON] = request.inputs.map { input in
            [
                "inlineData": [
                    "data": .string(Data(input.bytes).base64EncodedString()),
                    "mimeType": .string(mimeType(of: input.media)),
                ]
            ]
        }
        parts.append(["text": .string(request.prompt)])
        var config: [String: JSON] = ["responseModalities": ["TEXT", "IMAGE"]]
        // A ratio such as `16:9`, or a size such as `2K`.
        if let size = request.size {
            config["imageConfig"] = [size.contains(":") ? "aspectRatio" : "imageSize": .string(size)]
        }
        return JSON.object([
            "contents": [["role": "user", "parts": .array(parts)]], "generationConfig": .object(config),
        ]).adding(request.options)
    }
}
