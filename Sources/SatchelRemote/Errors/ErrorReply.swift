import FoundationEssentials
import SatchelCore

/// What servers say when they refuse, in the shapes that were seen.
///
/// `{"error":{"message","type","param","code"}}` (OpenAI), the same with fewer keys or a numeric code (gateways,
/// llama.cpp), `{"error":"…"}`, `{"detail":"…"}` and `{"detail":[{"msg":"…","loc":[…]}]}` (FastAPI), `{"message":"…"}`.
struct ErrorReply: Hashable, Sendable {
    var message: String?
    var type: String?
    var param: String?
    var code: String?

    /// Reads a body that may be anything.
    init(_ body: [UInt8]) {
        if let decoded = decodeReply(Shape.self, from: body) {
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
        let text = [message, type, code].compactMap { $0?.lowercased() }.joined(separator: " ")
        return words.contains { text.contains($0) }
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

        enum Keys: String, CodingKey {
            case error, message, type, param, code, detail, msg
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Keys.self)
            let inner = try? container.nestedContainer(keyedBy: Keys.self, forKey: .error)
            let fields = inner ?? container
            reply = ErrorReply(
                message: fields.lenient(String.self, .message) ?? container.lenient(String.self, .error)
                    ?? container.lenient(String.self, .detail) ?? Self.detail(container),
                type: fields.lenient(String.self, .type),
                param: fields.lenient(String.self, .param),
                code: fields.lenient(String.self, .code) ?? fields.lenientNumber(.code).map { String($0) }
            )
            // xAI: the word is in `code`, the sentence in `error`.
            if inner == nil, reply.code == nil { reply.code = container.lenient(String.self, .code) }
        }

        private static func detail(_ container: KeyedDecodingContainer<Keys>) -> String? {
            if let list = try? container.decode([Detail].self, forKey: .detail), !list.isEmpty {
                return list.prefix(3).compactMap(\.msg).joined(separator: "; ")
            }
            return container.lenient(Detail.self, .detail).flatMap { $0.msg ?? $0.message }
        }
    }

    private struct Detail: Decodable {
        var msg: String?
        var message: String?
    }
}
