import SatchelCore
import SatchelTestSupport
@testable import SatchelRemote
import Testing

/// What only Mistral's chats have: signed URLs, which are secrets, and contents in pieces.
@Suite(.timeLimit(.minutes(2)))
struct MistralChatTests {
    private static let chat: LoopbackMatch = "POST /v1/chat/completions"
    private let waits = Watched<[Double]>([])

    private func withMistral(
        _ change: (inout MistralOptions) -> Void = { _ in },
        store: LoopbackStore = LoopbackStore(),
        _ body: (MistralFiles, MistralModel, LoopbackMistral) async throws -> Void
    ) async throws {
        var options = MistralOptions()
        options.looksInside = false
        change(&options)
        try await LoopbackMistral.with(options, store: store) { server in
            let endpoint = try Endpoint(baseURL: server.baseURL, key: Secret(server.key))
            let client = HTTPClient()
            try await body(
                MistralFiles(endpoint, client: client, hashing: IndependentHashing()),
                MistralModel(endpoint, client: client) { seconds in waits.update { $0.append(seconds) } },
                server
            )
            #expect(server.server.flaws.isEmpty)
        }
    }

    private func pdf(_ text: String) -> Upload { Backend.mistral.upload(Array(text.utf8)) }

    private func part(_ file: RemoteFile, _ path: String = "docs/notes.pdf") -> ChatRequest.Part {
        .file(file.id, path: path, media: .pdf)
    }

    @Test func aDocumentIsShownByASignedURLUnderItsPath() async throws {
        try await withMistral { files, model, server in
            let upload = pdf("secret: heron")
            let stored = try await send(upload, to: files)
            let heard = try await Heard(model.stream(asking("what is it?", [part(stored)])))
            #expect(heard.text == "file:docs/notes.pdf:13:\(upload.digest)\nyou said: what is it?")
            let fetched = try #require(server.server.requests("GET /v1/files/*").last)
            #expect(fetched.target == "/v1/files/\(stored.id.rawValue)/url?expiry=24")
            let content = try #require(server.server.requests(Self.chat).last?.json?["messages"]?[0]?["content"])
            let url = try #require(server.signedURLs.first)
            #expect(
                content == [
                    ["type": "document_url", "document_url": .string(url), "document_name": "docs/notes.pdf"],
                    ["type": "text", "text": "what is it?"],
                ]
            )
        }
    }

    @Test func aPictureHasALineWithItsPathBeforeIt() async throws {
        try await withMistral { files, model, server in
            var upload = Backend.mistral.upload([0x89, 0x50, 0x4e, 0x47])
            (upload.media, upload.mime, upload.name) = (.png, "image/png", "a.0011223344556677.png")
            let stored = try await send(upload, to: files)
            let picture = ChatRequest.Part.image(stored.id, path: "img/a.png", media: .png)
            let heard = try await Heard(model.stream(asking("what is it?", [picture])))
            #expect(heard.error == nil)
            #expect(heard.text.contains(":4:\(upload.digest)"))
            let content = try #require(server.server.requests(Self.chat).last?.json?["messages"]?[0]?["content"])
            #expect(content[0] == ["type": "text", "text": "img/a.png:"])
            #expect(content[1] == ["type": "image_url", "image_url": .string(server.signedURLs[0])])
        }
    }

    @Test func manyFilesAreAskedAfterAndKeepTheirOrder() async throws {
        try await withMistral { files, model, server in
            var parts: [ChatRequest.Part] = []
            for number in 10..<30 { parts.append(part(try await send(pdf("\(number)"), to: files), "\(number).pdf")) }
            let heard = try await Heard(model.stream(asking("what?", parts.reversed())))
            let names = heard.text.split(separator: "\n").dropLast().map { $0.split(separator: ":")[1] }
            #expect(names == (10..<30).map { "\($0).pdf" })
            #expect(server.signedURLs.count == 20)
        }
    }

    @Test func aSignedURLIsFetchedOnceForMoreQuestions() async throws {
        try await withMistral { files, model, server in
            let stored = try await send(pdf("abc"), to: files)
            for _ in 0..<3 {
                let heard = try await Heard(model.stream(asking("what?", [part(stored)])))
                #expect(heard.finish == .stop)
            }
            #expect(server.signedURLs.count == 1)
            #expect(server.server.requests(Self.chat).count == 3)
        }
    }

    @Test func aSignedURLThatHasEndedIsFetchedAgain() async throws {
        try await withMistral(store: LoopbackStore(clock: TestClock())) { files, model, server in
            let stored = try await send(pdf("abc"), to: files)
            _ = try await Heard(model.stream(asking("what?", [part(stored)])))
            server.store.clock.advance(by: 86400)
            let heard = try await Heard(model.stream(asking("what?", [part(stored)])))
            #expect(heard.error == nil)
            #expect(heard.finish == .stop)
            #expect(server.signedURLs.count == 2)
            #expect(server.server.requests(Self.chat).count == 3)
        }
    }

    @Test func aFileThatWentBetweenTwoQuestionsIsSaidToBeGone() async throws {
        try await withMistral { files, model, server in
            let stored = try await send(pdf("abc"), to: files)
            _ = try await Heard(model.stream(asking("what?", [part(stored)])))
            server.store.forget(stored.id.rawValue)
            let heard = try await Heard(model.stream(asking("what?", [part(stored)])))
            #expect(heard.error?.kind == .gone)
            #expect(server.server.requests(Self.chat).count == 2)
            #expect(server.signedURLs.count == 1)
        }
    }

    @Test func aSignedURLIsNeverSaid() async throws {
        try await withMistral({ $0.maxDocumentSize = 2 }) { files, model, server in
            let stored = try await send(pdf("abc"), to: files)
            let heard = try await Heard(model.stream(asking("what?", [part(stored)])))
            let error = try #require(heard.error)
            #expect(error.kind == .rejected)
            #expect(error.message.contains("is larger than 2 bytes"))
            #expect(error.message.contains("?…"))
            let url = try #require(server.signedURLs.first)
            let signature = try #require(url.split(separator: "sig=").last)
            #expect(!"\(error)".contains(signature) && !"\(error)".contains("sig="))
            let (urls, _) = try await model.signed.urls(of: [stored.id])
            #expect(!"\(urls)".contains("sig=") && !"\(urls)".contains("loopback.invalid"))
        }
    }

    @Test(arguments: [401, 429, 500, 200]) func aSignedURLThatIsNotGivenIsAnErrorOfTheQuestion(status: Int) async throws
    {
        try await withMistral { files, model, server in
            let stored = try await send(pdf("abc"), to: files)
            let body = status == 200 ? #"{"url":"http://insecure/"}"# : ""
            server.server.inject(.status(status, body: body), on: "GET /v1/files/*", times: 10)
            let heard = try await Heard(model.stream(asking("what?", [part(stored)])))
            let kinds: [Int: ProviderError.Kind] = [
                401: .unauthorised, 429: .rateLimited(retryAfter: nil), 500: .temporary(retryAfter: nil),
                200: .badReply,
            ]
            #expect(heard.error?.kind == kinds[status])
            #expect(waits.value.count == (heard.error?.isRetryable == true ? 5 : 0))
            #expect(heard.events.isEmpty)
            #expect(server.server.requests(Self.chat).isEmpty)
        }
    }

    @Test func aServerThatIsHurriedIsWaitedFor() async throws {
        try await withMistral { files, model, server in
            let stored = try await send(pdf("abc"), to: files)
            server.server.inject(server.refusing(.rateLimited(seconds: 2)), on: "GET /v1/files/*", times: 3)
            let heard = try await Heard(model.stream(asking("what?", [part(stored)])))
            #expect(heard.finish == .stop)
            #expect(waits.value == [2, 2, 2])
        }
    }

    @Test func usageIsAskedForUntilThatIsRefused() async throws {
        try await withMistral({ $0.streamOptions = .refused }) { _, model, server in
            for _ in 0..<2 {
                let heard = try await Heard(model.stream(asking("hello")))
                #expect(heard.text == "you said: hello")
                #expect((heard.usage?.input ?? 0) > 0)
            }
            let requests = server.server.requests(Self.chat)
            #expect(requests.map { $0.json?["stream_options"] != nil } == [true, false, false])
        }
    }

    @Test func anotherRefusalIsNotAskedTwice() async throws {
        try await withMistral({ $0.models = ["other"] }) { _, model, server in
            let heard = try await Heard(model.stream(asking("hello")))
            #expect(heard.error?.kind == .rejected)
            #expect(heard.error?.message == "400 from 127.0.0.1: Invalid model: echo")
            for fault in [LoopbackFault.status(500), .loseAnswer, .status(422, body: #"{"detail":"no"}"#)] {
                server.server.inject(fault)
                _ = try await Heard(model.stream(asking("hello")))
            }
            #expect(server.server.requests.count == 4)
        }
    }

    /// A model of which another one reads the documents may lack that one: no file is gone then.
    @Test func aMissingModelIsNoMissingFile() async throws {
        try await withMistral { files, model, server in
            let stored = try await send(pdf("abc"), to: files)
            let body =
                #"{"object":"error","message":"The model `x` does not exist for router `ocr`.","#
                + #""type":"model_not_found","param":null,"code":"3040"}"#
            server.server.inject(.status(404, body: body), on: Self.chat)
            let heard = try await Heard(model.stream(asking("what?", [part(stored)])))
            #expect(heard.error?.kind == .rejected)
        }
    }

    @Test func aWholeConversationIsSentAndItsKeyMeetsTheCache() async throws {
        try await withMistral { files, model, server in
            let stored = try await send(pdf("abc"), to: files)
            let request = ChatRequest(
                model: "echo",
                system: "Be brief.",
                turns: [
                    ChatRequest.Turn(role: .user, parts: [part(stored), .text("first")]),
                    ChatRequest.Turn(role: .assistant, parts: [.text("")]),
                    ChatRequest.Turn(role: .user, parts: [.text("second")]),
                    ChatRequest.Turn(role: .assistant, parts: [.text("answer")]),
                    ChatRequest.Turn(role: .user, parts: [.inlineText(path: "a.txt", text: "one"), .text("third")]),
                ],
                cacheKey: "satchel-1",
                maxOutputTokens: 20
            )
            let heard = try await Heard(model.stream(request))
            #expect(heard.error == nil)
            #expect(heard.text.hasSuffix("you said: <file path=\"a.txt\">\none\n</file>\n\nthird"))
            #expect((heard.usage?.cached ?? 0) > 0)
            let body = try #require(server.server.requests(Self.chat).last?.json)
            #expect(body["prompt_cache_key"] == "satchel-1" && body["max_tokens"] == 20)
            let roles = body["messages"]?.array?.compactMap { $0["role"]?.string }
            #expect(roles == ["system", "user", "user", "assistant", "user"])
        }
    }

    @Test(arguments: ["\n", "\r\n"]) func thoughtsTextsAndReferencesAreToldApart(lineEnd: String) async throws {
        try await withMistral({ options in
            (options.thought, options.answersInChunks, options.lineEnd) = ("let me see", true, lineEnd)
        }) { files, model, server in
            let stored = try await send(pdf("abc"), to: files)
            server.nextAnswer(.citing)
            let heard = try await Heard(model.stream(asking("grüße 👋", [part(stored)])))
            #expect(heard.error == nil)
            #expect(heard.text.hasSuffix("you said: grüße 👋"))
            let thoughts = heard.events.map { if case .reasoning(let text) = $0 { text } else { "" } }.joined()
            #expect(thoughts == "let me see")
            #expect(heard.citations == [Citation(name: "0")])
        }
    }

    @Test func anAnswerThatEndsInAnErrorIsNoWholeAnswer() async throws {
        try await withMistral { _, model, server in
            server.nextAnswer(.ending(.incomplete("error"), after: 2))
            let heard = try await Heard(model.stream(asking("hello, how are you?")))
            #expect(heard.error?.kind == .temporary(retryAfter: nil))
            #expect(heard.text == String("you said: hello, how are you?".prefix(14)))
            #expect(heard.finish == nil)
        }
    }
}
