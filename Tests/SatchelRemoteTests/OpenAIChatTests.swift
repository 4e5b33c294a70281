import SatchelCore
import SatchelTestSupport
@testable import SatchelRemote
import Testing

/// What only OpenAI's two formats have, and the servers that took them over.
@Suite(.timeLimit(.minutes(2)))
struct OpenAIChatTests {
    @Test(arguments: ["\n", "\r\n"], [OpenAIOptions(), .ogx])
    func bothLineEndsAreProper(lineEnd: String, options: OpenAIOptions) async throws {
        var options = options
        options.lineEnd = lineEnd
        try await LoopbackOpenAI.with(options) { server in
            let endpoint = try Endpoint(baseURL: server.baseURL, key: Secret(server.key))
            for model in [
                ResponsesModel(endpoint, client: HTTPClient()) as any ChatModel,
                ChatCompletionsModel(endpoint, client: HTTPClient()),
            ] {
                let heard = try await Heard(model.stream(asking("grüße 👋")))
                #expect(heard.text == "you said: grüße 👋")
                #expect(heard.finish == .stop)
            }
        }
    }

    @Test func filesAreShownByTheirIDsAndCited() async throws {
        try await LoopbackOpenAI.with { server in
            let endpoint = try Endpoint(baseURL: server.baseURL, key: Secret(server.key))
            let files = OpenAIFiles(endpoint, client: HTTPClient(), hashing: IndependentHashing())
            let stored = try await send(upload(Array("secret: heron\n".utf8)), to: files)
            server.nextAnswer(.citing)
            let model = ResponsesModel(endpoint, client: HTTPClient())
            let heard = try await Heard(
                model.stream(asking("what is it?", [.file(stored.id, path: "notes.md", media: .text)]))
            )
            #expect(heard.text.contains("file:notes.0011223344556677.md:14:"))
            #expect(heard.citations == [Citation(file: stored.id, name: stored.name)])
            #expect(heard.finish == .stop)
        }
    }

    @Test(arguments: [OpenAIOptions(), .ogx], [true, false])
    func aFileThatIsGoneIsSaidToBeGone(options: OpenAIOptions, wasThere: Bool) async throws {
        try await LoopbackOpenAI.with(options) { server in
            let endpoint = try Endpoint(baseURL: server.baseURL, key: Secret(server.key))
            let files = OpenAIFiles(endpoint, client: HTTPClient(), hashing: IndependentHashing())
            let stored = try await send(upload([1]), to: files)
            if wasThere { try await files.delete(stored.id) }
            let id = wasThere ? stored.id : try #require(RemoteFileID("file-00"))
            let model = ResponsesModel(endpoint, client: HTTPClient())
            let heard = try await Heard(
                model.stream(asking("what is it?", [.file(id, path: "notes.md", media: .text)]))
            )
            #expect(heard.error?.kind == .gone)
        }
    }

    @Test func aServerWithoutResponsesIsToldFromARefusal() async throws {
        try await LoopbackOpenAI.with(.plainChat) { server in
            let heard = try await Heard(
                ResponsesModel(Endpoint(baseURL: server.baseURL, key: nil), client: HTTPClient()).stream(
                    asking("hello")
                )
            )
            #expect(heard.error?.kind == .unsupported)
        }
    }

    @Test func completionsRefuseIDsThatWouldNotBeRead() async throws {
        try await LoopbackOpenAI.with { server in
            let id = try #require(RemoteFileID("file-1"))
            let model = ChatCompletionsModel(
                try Endpoint(baseURL: server.baseURL, key: Secret(server.key)),
                client: HTTPClient()
            )
            for part in [
                ChatRequest.Part.file(id, path: "a.txt", media: .text), .image(id, path: "a.png", media: .png),
            ] {
                let heard = try await Heard(model.stream(asking("what is it?", [part])))
                #expect(heard.error?.kind == .unsupported)
            }
            #expect(server.server.requests.isEmpty)
        }
    }
}
