import FoundationEssentials
import SatchelCore

/// OpenAI's `/images/generations` and `/images/edits`, and what has taken over their shape.
struct ImageEndpoint: ImageModel {
    private let endpoint: Endpoint
    private let wishes: ImageWishes
    private let client: HTTPClient
    private let refusals: Refusals

    init(_ endpoint: Endpoint, wishes: ImageWishes, client: HTTPClient, dialect: ErrorDialect = .common) {
        self.endpoint = endpoint
        self.wishes = wishes
        self.client = client
        refusals = Refusals(endpoint: endpoint, dialect: dialect)
    }

    var traits: ImageTraits { wishes.traits }

    func make(_ request: ImageRequest) async throws(ProviderError) -> ImageReply {
        let http = HTTPRequest(
            .post,
            endpoint.url(request.inputs.isEmpty ? "/images/generations" : "/images/edits"),
            headers: endpoint.openAIHeaders + [HTTPHeader("Content-Type", "application/json")],
            body: .bytes(body(request).bytes),
            limits: .images(request)
        )
        let response = try await client.answer(to: http, refusals: refusals)
        guard let reply = decodeReply(Reply.self, from: response.body) else {
            throw refusals.badReply(response.head, "the answer is no JSON")
        }
        var result = ImageReply(images: [], usage: reply.usage)
        for picture in reply.pictures {
            if let text = picture.base64 {
                if let data = Data(base64Encoded: text) {
                    result.images.append([UInt8](data))
                } else {
                    result.failures.append("a picture came as broken base64")
                }
            } else if let url = picture.url {
                do throws(ProviderError) {
                    result.images.append(try await download(url))
                } catch {
                    if error.kind == .cancelled { throw error }
                    result.failures.append("a picture could not be fetched: \(error.message)")
                }
            }
            if result.text.isEmpty, let words = picture.prompt { result.text = words }
        }
        guard !result.images.isEmpty || !result.failures.isEmpty else {
            throw refusals.badReply(response.head, "the answer has no picture")
        }
        return result
    }

    func body(_ request: ImageRequest) -> JSON {
        var body: [String: JSON] = ["model": .string(request.model), "prompt": .string(request.prompt)]
        if request.count > 1 { body["n"] = .int(request.count) }
        body.merge(wishes.members(request)) { $1 }
        if !request.inputs.isEmpty { body.merge(wishes.inputs(request.inputs)) { $1 } }
        return JSON.object(body).adding(request.options)
    }

    /// Without the key: the URL is of whatever host the provider keeps its pictures at.
    private func download(_ url: String) async throws(ProviderError) -> [UInt8] {
        if url.hasPrefix("data:"), let comma = url.firstIndex(of: ",") {
            guard let data = Data(base64Encoded: String(url[url.index(after: comma)...])) else {
                throw ProviderError(.badReply, "its data URL has no base64")
            }
            return [UInt8](data)
        }
        guard endpoint.mayFetch(url) else {
            throw ProviderError(.badReply, "its URL is neither https nor of this provider")
        }
        var refusals = refusals
        refusals.hidden = [url]
        return try await client.fetch(url, headers: [], upTo: ImageRequest.largest, refusals: refusals)
    }
}

extension HTTPClient {
    /// The whole answer to a request that must not be sent twice.
    func answer(to request: HTTPRequest, refusals: Refusals) async throws(ProviderError) -> HTTPResponse {
        let response: HTTPResponse
        do throws(HTTPFailure) {
            response = try await send(request)
        } catch {
            throw refusals.error(error, isRepeatable: false)
        }
        guard (200..<300).contains(response.status) else { throw refusals.error(response, about: .chat(ids: [])) }
        return response
    }
}

extension HTTPLimits {
    /// Ten large pictures as base64 come in one piece, after minutes of silence.
    static func images(_ request: ImageRequest) -> HTTPLimits {
        var limits = HTTPLimits(connect: 10, idle: request.idleTimeout)
        limits.body = min(request.count + 1, 10) * 48 << 20
        return limits
    }
}

// MARK: The wire

extension ImageEndpoint {
    private struct Reply: Decodable {
        var pictures: [Picture]
        var usage: ChatUsage?

        private enum Keys: CodingKey {
            case data, usage
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Keys.self)
            pictures = container.lenient([Picture].self, .data) ?? []
            usage = container.lenient(Usage.self, .usage)?.chatUsage
        }
    }

    private struct Picture: Decodable {
        var base64: String?
        var url: String?
        var prompt: String?

        private enum Keys: String, CodingKey {
            case url
            case base64 = "b64_json"
            case prompt = "revised_prompt"
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Keys.self)
            base64 = container.lenient(String.self, .base64).flatMap { $0.isEmpty ? nil : $0 }
            url = container.lenient(String.self, .url).flatMap { $0.isEmpty ? nil : $0 }
            prompt = container.lenient(String.self, .prompt).flatMap { $0.isEmpty ? nil : $0 }
        }
    }

    private struct Usage: Decodable {
        var chatUsage: ChatUsage

        private enum Keys: String, CodingKey {
            case input = "input_tokens"
            case output = "output_tokens"
            case details = "input_tokens_details"
            /// xAI's exact price, in 10,000,000,000ths of a dollar.
            case ticks = "cost_in_usd_ticks"
        }

        private struct Details: Decodable {
            var cached_tokens: Int?
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Keys.self)
            chatUsage = ChatUsage(
                input: container.lenient(Int.self, .input) ?? 0,
                cached: container.lenient(Details.self, .details)?.cached_tokens ?? 0,
                output: container.lenient(Int.self, .output) ?? 0,
                reasoning: 0,
                cost: container.lenient(Int64.self, .ticks).flatMap { Dollars(ticks: $0) }
            )
        }
    }
}
