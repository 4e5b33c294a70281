import SatchelCore
@testable import SatchelRemote
import Testing

struct ChatBodyTests {
    private func request() throws -> ChatRequest {
        let (one, two) = (try #require(RemoteFileID("file-1")), try #require(RemoteFileID("file-2")))
        return ChatRequest(
            model: "gpt-x",
            system: "Be brief.",
            turns: [
                .init(
                    role: .user,
                    parts: [
                        .text("Look."), .file(two, path: "b/Main.swift", media: .text),
                        .image(one, path: "a.png", media: .png),
                    ]
                ),
                .init(role: .assistant, parts: [.text("Seen.")]), .init(role: .user, parts: [.text("And?")]),
            ],
            cacheKey: "thread-1",
            maxOutputTokens: 500
        )
    }

    @Test func aResponsesRequestHasFilesFirstAndNamesTheirPaths() throws {
        let body = String(decoding: ResponsesModel.body(try request()).bytes, as: UTF8.self)
        #expect(
            body == #"{"input":["#
                + #"{"content":[{"detail":"auto","file_id":"file-1","type":"input_image"},"#
                + #"{"file_id":"file-2","type":"input_file"},"#
                + #"{"text":"Attached files, in this order:\n1. a.png\n2. b/Main.swift","type":"input_text"},"#
                + #"{"text":"Look.","type":"input_text"}],"role":"user"},"#
                + #"{"content":"Seen.","role":"assistant"},"#
                + #"{"content":[{"text":"And?","type":"input_text"}],"role":"user"}],"#
                + #""instructions":"Be brief.","max_output_tokens":500,"model":"gpt-x","#
                + #""prompt_cache_key":"thread-1","store":false,"stream":true}"#
        )
    }

    @Test func theOrderOfMentionDoesNotChangeTheRequest() throws {
        let (one, two) = (try #require(RemoteFileID("file-1")), try #require(RemoteFileID("file-2")))
        let parts: [ChatRequest.Part] = [.file(one, path: "a", media: .text), .file(two, path: "b", media: .text)]
        let forth = ChatRequest(model: "m", turns: [.init(role: .user, parts: parts + [.text("x")])])
        let back = ChatRequest(model: "m", turns: [.init(role: .user, parts: [.text("x")] + parts.reversed())])
        #expect(ResponsesModel.body(forth) == ResponsesModel.body(back))
    }

    @Test func aCompletionsRequestOfWordsOnlyIsPlain() {
        let request = ChatRequest(
            model: "m",
            system: "Be brief.",
            turns: [
                .init(role: .user, parts: [.text("Look."), .inlineText(path: "a\"b.txt", text: "one")]),
                .init(role: .assistant, parts: [.text("Seen.")]),
            ],
            maxOutputTokens: 20
        )
        let body = String(decoding: ChatCompletionsModel.body(request).bytes, as: UTF8.self)
        #expect(
            body == #"{"max_tokens":20,"messages":[{"content":"Be brief.","role":"system"},"#
                + #"{"content":"<file path=\"a&quot;b.txt\">\none\n</file>\n\nLook.","role":"user"},"#
                + #"{"content":"Seen.","role":"assistant"}],"#
                + #""model":"m","stream":true,"stream_options":{"include_usage":true}}"#
        )
    }

    @Test func aPictureMakesPartsOfIt() {
        let parts: [ChatRequest.Part] = [.text("x"), .inlineImage(path: "a.gif", media: .gif, bytes: [1, 2, 3])]
        let body = ChatCompletionsModel.body(ChatRequest(model: "m", turns: [.init(role: .user, parts: parts)]))
        #expect(
            String(decoding: body.bytes, as: UTF8.self)
                == #"{"messages":[{"content":[{"image_url":{"url":"data:image/gif;base64,AQID"},"type":"image_url"},"#
                + #"{"text":"x","type":"text"}],"role":"user"}],"#
                + #""model":"m","stream":true,"stream_options":{"include_usage":true}}"#
        )
    }
}
