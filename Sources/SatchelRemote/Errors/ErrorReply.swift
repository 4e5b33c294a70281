import FoundationEssentials
import SatchelCore

/// What servers say when they refuse, in the shapes that were seen.
///
/// `{"error":{"message","type","param","code"}}` (OpenAI), the same with fewer keys or a numeric code (gateways,
/// llama.cpp), `{"error":"…"}`, `{"detail":"…"}` and `{"detail":[{"msg":"…","loc":[…]}]}` (FastAPI), `{"message":"…"}`,
/// with `details` that are an object (Anthropic) or a list of typed objects (Google), and a list of one of all these.
struct ErrorReply: Hashable, Sendable {
    var message: String?
    var type: String?
    var param: String?
    var code: String?
    /// Google's word for the status: `PERMISSION_DENIED`.
    var status: String?
    /// A finer word: Anthropic's `file_expired`, Google's `API_KEY_INVALID`.
    var detail: String?
    /// Seconds that Google's `RetryInfo` asks for.
    var retryDelay: Double?
    /// Google's names of the quotas that are used up.
    var quotas: [String] = []
    /// Where the id of the request stands in the body.
    var requestID: String?

    /// Reads a body that may be anything.
    init(_ body: [UInt8]) {
        if let decoded = decodeReply(Shape.self, from: body) ?? decodeReply([Shape].self, from: body)?.first {
            self = decoded.reply
        } else {
            message = Self.plainText(body)
        }
    }

    init(message: String? = nil, type: String? = nil, param: String? = nil, code: String? = nil) {
        self.message = message
        self.type = type
        self.param = param
        self.code = code
    }

    /// Whether any of its words is one of these.
    func says(_ words: String...) -> Bool {
        let text = [message, type, code, status, detail].compactMap { $0?.lowercased() }.joined(separator: " ")
        return words.contains { text.contains($0) }
    }

    /// Whether it is what web servers and frameworks say of an address that they do not have.
    var isOnlyNotFound: Bool {
        let words = (message ?? "").lowercased().split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return ["", "not found", "file not found", "404 not found", "404 page not found"].contains(words)
            || words.hasPrefix("invalid url")
    }

    /// A page or a line of text, boiled down; nil when there is nothing to read.
    private static func plainText(_ body: [UInt8]) -> String? {
        var text = Substring(String(decoding: body.prefix(4096), as: UTF8.self))
        if let open = text.firstRange(of: "<title>"), let close = text[open.upperBound...].firstRange(of: "</title>") {
            text = text[open.upperBound..<close.lowerBound]
        } else if text.contains("<") {
            return nil
        }
        // What is mostly not text helps nobody.
        let odd = text.unicodeScalars.count {
            $0.value == 0xfffd || $0.value < 0x20 && $0.value != 10 && $0.value != 13
        }
        return text.isEmpty || odd * 8 > text.unicodeScalars.count ? nil : String(text)
    }

    private struct Shape: Decodable {
        var reply: ErrorReply

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Keys.self)
            if let fields = container.lenient(Fields.self, .error) {
                reply = fields.reply
                // xAI: the sentence is in `error`, the word beside it.
                reply.code = reply.code ?? container.lenient(String.self, .code)
                reply.requestID = container.lenient(String.self, .requestID)
                return
            }
            reply = try Fields(from: decoder).reply
            reply.message =
                reply.message ?? container.lenient(String.self, .detail) ?? Self.complaints(container, .detail)
                // Mistral: what the validator found stands where a sentence should.
                ?? Self.complaints(container, .message)
                ?? (try? container.nestedContainer(keyedBy: Keys.self, forKey: .message))
                .flatMap { Self.complaints($0, .detail) }
        }

        private static func complaints(_ container: KeyedDecodingContainer<Keys>, _ key: Keys) -> String? {
            if let list = container.lenient([Detail].self, key), !list.isEmpty {
                return list.prefix(3).compactMap(\.sentence).joined(separator: "; ")
            }
            return container.lenient(Detail.self, key)?.sentence
        }
    }

    /// The value of an `error` key: an object or a sentence.
    struct Fields: Decodable {
        var reply: ErrorReply

        init(from decoder: any Decoder) throws {
            if let sentence = try? decoder.singleValueContainer().decode(String.self) {
                reply = ErrorReply(message: sentence)
                return
            }
            let container = try decoder.container(keyedBy: Keys.self)
            reply = ErrorReply(
                message: container.lenient(String.self, .message),
                type: container.lenient(String.self, .type),
                param: container.lenient(String.self, .param),
                code: container.lenient(String.self, .code) ?? container.lenientNumber(.code).map { String($0) }
            )
            reply.status = container.lenient(String.self, .status)
            reply.detail = container.lenient(Finer.self, .details)?.error_code
            for detail in container.lenient([GoogleDetail].self, .details) ?? [] {
                reply.retryDelay = reply.retryDelay ?? detail.seconds
                reply.detail = reply.detail ?? detail.reason
                reply.quotas += detail.violations?.compactMap(\.quotaId) ?? []
            }
        }
    }

    private enum Keys: String, CodingKey {
        case error, message, type, param, code, detail, status, details
        case requestID = "request_id"
    }

    private struct Finer: Decodable {
        var error_code: String?
    }

    /// One of `google.rpc`'s error details.
    private struct GoogleDetail: Decodable {
        struct Violation: Decodable {
            var quotaId: String?
        }

        var reason: String?
        var retryDelay: String?
        var violations: [Violation]?

        /// `37s` and `1.5s` as seconds.
        var seconds: Double? {
            guard let text = retryDelay, text.hasSuffix("s"), let value = Double(text.dropLast()), value.isFinite else {
                return nil
            }
            return max(value, 0)
        }
    }

    /// What a validator has to say about one place of a request.
    private struct Detail: Decodable {
        /// A key, or a position.
        struct Step: Decodable {
            var text: String

            init(from decoder: any Decoder) throws {
                let container = try decoder.singleValueContainer()
                text = try (try? container.decode(Int.self)).map { String($0) } ?? container.decode(String.self)
            }
        }

        var msg: String?
        var message: String?
        var loc: [Step]?

        /// `body.file: Field required`.
        var sentence: String? {
            guard let text = msg ?? message, let loc, !loc.isEmpty else { return msg ?? message }
            return loc.map(\.text).joined(separator: ".") + ": " + text
        }
    }
}
