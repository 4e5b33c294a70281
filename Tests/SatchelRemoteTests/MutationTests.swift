import Glibc
import SatchelCore
import SatchelTestSupport
@testable import SatchelRemote
import Testing

/// What strangers send, changed at random: nothing stops the program, and the same bytes mean the same however they
/// come.
///
/// `SATCHEL_MUTATIONS=100000` tries more of them, `SATCHEL_SEED=17` begins with those of that seed.
struct MutationTests {
    private static func wish(_ name: String) -> Int? { getenv(name).flatMap { Int(String(cString: $0)) } }
    private static let count = wish("SATCHEL_MUTATIONS") ?? 400
    private static let first = wish("SATCHEL_SEED") ?? 1

    private static let streams = [
        "event: response.created\ndata: {\"type\":\"response.created\",\"response\":{\"id\":\"r1\"}}\n\n",
        "data: {\"type\":\"response.output_text.delta\",\"delta\":\"caf\u{e9} \\u00e9\\ud83d\\ude00\"}\r\n\r\n",
        "data: {\"choices\":[{\"delta\":{\"content\":\"x\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":3}}\n\ndata: [DONE]\n\n",
        "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"a\"}}\n\n",
        "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"a\"}]},\"finishReason\":\"STOP\"}],\"usageMetadata\":{\"promptTokenCount\":9223372036854775807}}\n\n",
        "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":1e400}}\n\n",
        "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"no\"}}\n\n",
        "data: {\"type\":\"response.completed\",\"response\":{\"output\":[{\"content\":[{\"text\":\"Hi.\",\"annotations\":[]}]}],\"usage\":{\"input_tokens\":-1}}}\n\n",
    ]

    private static let replies = [
        #"{"id":"file-1","bytes":12,"created_at":1800000000,"expires_at":1.8e9,"filename":"a.txt","purpose":"user_data","status":"processed"}"#,
        #"{"object":"list","data":[{"id":"file-1","bytes":12}],"has_more":true,"first_id":"file-1","last_id":"file-1"}"#,
        #"{"error":{"message":"no","type":"invalid_request_error","param":null,"code":"x"}}"#,
        #"{"detail":[{"loc":["body",0],"msg":"Field required","type":"missing"}]}"#,
        #"{"file":{"name":"files/abc","sizeBytes":"12","sha256Hash":"YQ==","expirationTime":"2026-12-01T00:00:00.123Z","state":"ACTIVE"}}"#,
    ]

    /// Tokens that have broken parsers before.
    private static let tokens =
        [
            "\0", "\r", "\n\n", "\r\n\r\n", "data:", "event:", ":", "\"", "\\", "\\u0000", "\\ud800", "{", "}", "[",
            "]",
            "null", "-1", "1e999", "99999999999999999999", "true", "\u{feff}", "\u{1b}[31m", "[DONE]", "0.1", ",",
        ].map { Array($0.utf8) } + [
            [0xff], [0xc3], [0xed, 0xa0, 0x80], Array(repeating: UInt8(ascii: "["), count: 300),
        ]

    private static func mutated(_ text: String, _ chance: inout Chance) -> [UInt8] {
        var bytes = Array(text.utf8)
        for _ in 0...chance.below(6) {
            let at = chance.below(bytes.count + 1)
            let end = min(bytes.count, at + 1 + chance.below(12))
            switch chance.below(6) {
            case 0: bytes.removeSubrange(at..<end)
            case 1: bytes.insert(contentsOf: tokens[chance.below(tokens.count)], at: at)
            case 2: bytes.replaceSubrange(at..<end, with: tokens[chance.below(tokens.count)])
            case 3: bytes.insert(contentsOf: bytes[at..<end], at: chance.below(bytes.count + 1))
            case 4: if at < bytes.count { bytes[at] ^= 1 << UInt8(chance.below(8)) }
            default: bytes.removeSubrange(at...)
            }
        }
        return bytes
    }

    private static func events(_ bytes: [UInt8], pieces: (Int) -> Int) -> [SSEEvent]? {
        var reader = SSEReader(limit: 4096)
        var events: [SSEEvent] = []
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + max(1, pieces(start)))
            guard let some = try? reader.take(Array(bytes[start..<end])) else { return nil }
            events += some
            start = end
        }
        if let last = reader.finish() { events.append(last) }
        return events
    }

    @Test func aStreamMeansTheSameHoweverItIsChangedAndCut() {
        for seed in Self.first..<Self.first + Self.count {
            var chance = Chance(seed: UInt64(seed))
            let text = (0..<3).map { _ in Self.streams[chance.below(Self.streams.count)] }.joined()
            let bytes = Self.mutated(text, &chance)
            let whole = Self.events(bytes) { _ in bytes.count }
            #expect(Self.events(bytes) { _ in 1 } == whole, "SATCHEL_SEED=\(seed)")
            var cuts = chance
            #expect(Self.events(bytes) { _ in 1 + cuts.below(40) } == whole, "SATCHEL_SEED=\(seed)")
        }
    }

    @Test func noDecoderIsStoppedByWhatAStreamSays() throws {
        let endpoint = try Endpoint(baseURL: "https://api.example.com/v1", key: Secret("sk-0123456789"))
        for seed in Self.first..<Self.first + Self.count {
            var chance = Chance(seed: UInt64(seed))
            let text = (0..<3).map { _ in Self.streams[chance.below(Self.streams.count)] }.joined()
            let events = Self.events(Self.mutated(text, &chance)) { _ in 64 } ?? []
            let decoders: [any ChatDecoder] = [
                ResponsesDecoder(), ChatCompletionsDecoder(), AnthropicDecoder(), GeminiDecoder(at: endpoint),
                MistralDecoder(),
            ]
            for decoder in decoders {
                var decoder = decoder
                var said: [ChatEvent] = []
                for event in events { said += (try? decoder.take(event)) ?? [] }
                said += decoder.end()
                let finishes = said.count { if case .finished = $0 { true } else { false } }
                #expect(finishes <= events.count + 1, "SATCHEL_SEED=\(seed)")
            }
        }
    }

    @Test func noReplyStopsTheProgramOrReachesATerminal() throws {
        let refusals = Refusals(
            endpoint: try Endpoint(baseURL: "https://api.example.com/v1", key: Secret("sk-0123456789"))
        )
        for seed in Self.first..<Self.first + Self.count {
            var chance = Chance(seed: UInt64(seed))
            let bytes = Self.mutated(Self.replies[chance.below(Self.replies.count)], &chance)
            _ = decodeReply(FileObject.self, from: bytes)
            _ = decodeReply(GeminiFile.self, from: bytes)
            let status = [400, 401, 404, 413, 429, 500][chance.below(6)]
            let error = refusals.error(HTTPResponse(head: HTTPHead(status: status), body: bytes), about: .file)
            #expect(!error.message.utf8.contains { $0 < 0x20 || $0 == 0x7f }, "SATCHEL_SEED=\(seed): \(error.message)")
        }
    }

    @Test func noFileNameEndsItsHeaderOrItsPart() throws {
        for seed in Self.first..<Self.first + Self.count {
            var chance = Chance(seed: UInt64(seed))
            let name = String(decoding: Self.mutated("na\u{ef}ve \"name\".txt", &chance), as: UTF8.self)
            let form = SatchelRemote.MultipartForm(fileName: name, mime: "text/plain", boundary: "b0undary")
            let body = form.prefix + Array("hello".utf8) + form.suffix
            let parsed = try SatchelTestSupport.MultipartForm(parsing: body, contentType: form.contentType)
            #expect(parsed.parts.count == 1, "SATCHEL_SEED=\(seed)")
            #expect(parsed["file"].map { Array($0.bytes) } == Array("hello".utf8), "SATCHEL_SEED=\(seed)")
        }
    }
}
