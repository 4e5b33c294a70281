import SatchelCore
import SatchelTestSupport
@testable import SatchelRemote
import Testing

/// The ways to ask a model.
enum ChatFormat: String, CaseIterable, CustomTestStringConvertible {
    case responses
    case completions
    case messages
    case xAI
    case mistral
    case gemini

    /// The files that it refers to by id; nil for a format that refers to none.
    var backend: Backend? {
        switch self {
        case .responses: .openAI
        case .completions: nil
        case .messages: .anthropic
        case .xAI: .xAI
        case .mistral: .mistral
        case .gemini: .gemini
        }
    }

    /// Whether a model's refusal is told from its text: Mistral's format has no place for it.
    var tellsRefusals: Bool { self != .mistral }

    /// Whether a model that refuses says so in words of its own; else only a reason comes.
    var refusesInWords: Bool { self != .gemini }

    /// The words of the loopback provider for reasons to stop: Mistral's schema has no content filter.
    var reasons: [(String, FinishReason)] {
        self == .mistral
            ? [("max_output_tokens", .length), ("model_length", .length), ("tool_calls", .toolCalls)]
            : [("max_output_tokens", .length), ("content_filter", .contentFilter)]
    }

    var testDescription: String { rawValue }

    /// Runs `body` with a model at a loopback server, and the server.
    func withServer(
        client: HTTPClient = HTTPClient(),
        _ body: (any ChatModel, any LoopbackProvider) async throws -> Void
    ) async throws {
        switch self {
        case .responses: try await LoopbackOpenAI.with { try await body(try model(.openai, at: $0, client), $0) }
        case .xAI: try await LoopbackXAI.with { try await body(try model(.xai, at: $0, client), $0) }
        case .mistral:
            var options = MistralOptions()
            options.looksInside = false
            try await LoopbackMistral.with(options) { try await body(try model(.mistral, at: $0, client), $0) }
        case .gemini: try await LoopbackGemini.with { try await body(try model(.gemini, at: $0, client), $0) }
        case .completions:
            try await LoopbackOpenAI.with { server in
                let endpoint = try Endpoint(baseURL: server.baseURL, key: Secret(server.key))
                try await body(ChatCompletionsModel(endpoint, client: client), server)
            }
        case .messages: try await LoopbackAnthropic.with { try await body(try model(.anthropic, at: $0, client), $0) }
        }
    }

    private func model(
        _ kind: ProviderID,
        at server: any LoopbackProvider,
        _ client: HTTPClient
    ) throws -> any ChatModel {
        let endpoint = try Endpoint(baseURL: server.baseURL, key: Secret(server.key))
        let providers = RemoteProviders(client: client, hashing: IndependentHashing())
        return try #require(providers.model(of: kind, at: endpoint))
    }
}

/// One question, perhaps about files.
func asking(_ text: String, _ files: [ChatRequest.Part] = []) -> ChatRequest {
    ChatRequest(model: "echo", turns: [ChatRequest.Turn(role: .user, parts: files + [.text(text)])])
}

/// What a stream brought, and how it ended.
struct Heard {
    var events: [ChatEvent] = []
    var error: ProviderError?

    init(_ stream: AsyncThrowingStream<ChatEvent, any Error>) async throws {
        do {
            for try await event in stream { events.append(event) }
        } catch let error as ProviderError {
            self.error = error
        }
    }

    var text: String { events.map { if case .text(let text) = $0 { text } else { "" } }.joined() }
    var refusal: String { events.map { if case .refusal(let text) = $0 { text } else { "" } }.joined() }
    var usage: ChatUsage? { events.lazy.compactMap { if case .usage(let usage) = $0 { usage } else { nil } }.first }
    var finish: FinishReason? { if case .finished(let reason)? = events.last { reason } else { nil } }
    var starts: Int { events.count { if case .started = $0 { true } else { false } } }
    var citations: [Citation] { events.compactMap { if case .citation(let citation) = $0 { citation } else { nil } } }
}

@Suite(.timeLimit(.minutes(2)))
struct ChatModelTests {
    @Test(arguments: ChatFormat.allCases) func anAnswerIsStreamed(format: ChatFormat) async throws {
        try await format.withServer { model, server in
            let heard = try await Heard(model.stream(asking("grüße 👋")))
            #expect(heard.error == nil)
            #expect(heard.text == "you said: grüße 👋")
            #expect(heard.finish == .stop)
            #expect(heard.starts == 1)
            #expect((heard.usage?.input ?? 0) > 0)
            #expect((heard.usage?.output ?? 0) > 0)
            #expect(server.server.flaws.isEmpty)
        }
    }

    @Test(arguments: ChatFormat.allCases) func whatNobodyKnowsIsPassedOver(format: ChatFormat) async throws {
        try await format.withServer { model, server in
            for answer in [LoopbackAnswer.unknownEvents, .keepAlives] {
                server.nextAnswer(answer)
                let heard = try await Heard(model.stream(asking("hello")))
                #expect(heard.text == "you said: hello")
                #expect(heard.finish == .stop)
            }
        }
    }

    @Test(arguments: ChatFormat.allCases.filter(\.tellsRefusals))
    func aRefusalOfTheModelIsNoText(format: ChatFormat) async throws {
        try await format.withServer { model, server in
            server.nextAnswer(.refusal("I would rather not."))
            let heard = try await Heard(model.stream(asking("hello")))
            #expect(format.refusesInWords ? heard.refusal == "I would rather not." : !heard.refusal.isEmpty)
            #expect(heard.text.isEmpty)
            #expect(heard.finish != nil)
        }
    }

    @Test(arguments: ChatFormat.allCases) func theReasonForStoppingIsKept(format: ChatFormat) async throws {
        try await format.withServer { model, server in
            for (word, reason) in format.reasons {
                server.nextAnswer(.ending(.incomplete(word)))
                let heard = try await Heard(model.stream(asking("hello")))
                #expect(heard.error == nil)
                #expect(heard.finish == reason)
            }
        }
    }

    @Test(arguments: ChatFormat.allCases, [LoopbackAnswer.Ending.cut, .reset, .silence])
    func aStreamWithoutItsEndIsAnErrorAndWhatCameStays(format: ChatFormat, ending: LoopbackAnswer.Ending) async throws {
        try await format.withServer { model, server in
            server.nextAnswer(.ending(ending, after: 2))
            let heard = try await Heard(model.stream(asking("hello, how are you?")))
            #expect(heard.error?.kind == .answerLost)
            #expect(heard.finish == nil)
            if case .reset = ending { return }
            #expect(heard.text == String("you said: hello, how are you?".prefix(14)))
            if case .silence = ending { #expect(heard.error?.message == "127.0.0.1: the stream ended early") }
        }
    }

    @Test(arguments: ChatFormat.allCases) func anErrorInTheStreamIsThrown(format: ChatFormat) async throws {
        try await format.withServer { model, server in
            for ending in [
                LoopbackAnswer.Ending.failed(code: "server_error", message: "it broke"),
                .errorEvent(code: "server_error", message: "it broke"),
                .nestedError(code: "server_error", message: "it broke"),
            ] {
                server.nextAnswer(.ending(ending, after: 1))
                let heard = try await Heard(model.stream(asking("hello")))
                #expect(heard.error?.kind == .temporary(retryAfter: nil), "\(ending)")
                #expect(heard.error?.message.contains("it broke") == true)
            }
        }
    }

    @Test(arguments: ChatFormat.allCases) func aRefusedRequestIsSortedLikeAnyOther(format: ChatFormat) async throws {
        try await format.withServer { model, server in
            let faults: [(LoopbackFault, ProviderError.Kind)] = [
                (server.refusing(.rateLimited(seconds: 4)), .rateLimited(retryAfter: 4)),
                (server.refusing(.spent), .quota), (server.refusing(.unauthorised), .unauthorised),
                (server.refusing(.overloaded), .temporary(retryAfter: nil)),
                (.status(500), .temporary(retryAfter: nil)),
                (.status(200, headers: ["Content-Type": "application/json"], body: "{}"), .badReply),
                (.refuse, .answerLost),
            ]
            for (fault, kind) in faults {
                server.server.inject(fault)
                let heard = try await Heard(model.stream(asking("hello")))
                #expect(heard.error?.kind == kind)
                #expect(heard.events.isEmpty)
            }
        }
    }

    @Test(arguments: ChatFormat.allCases) func wordsAreHeardWhileTheRestIsStillToCome(format: ChatFormat) async throws {
        let gate = try TestGate()
        try await format.withServer { model, server in
            server.nextAnswer(.pausing(after: 1, at: gate))
            var text = ""
            for try await event in model.stream(asking("hello, how are you?")) {
                guard case .text(let piece) = event else { continue }
                text += piece
                gate.open()
            }
            #expect(text == "you said: hello, how are you?")
        }
    }

    @Test(arguments: ChatFormat.allCases) func lettingGoOfAnAnswerClosesTheConnection(format: ChatFormat) async throws {
        let gate = try TestGate()
        try await format.withServer { model, server in
            server.nextAnswer(.pausing(after: 1, at: gate))
            for try await event in model.stream(asking("hello, how are you?")) {
                if case .text = event { break }
            }
            try await server.server.hangUps()
        }
    }

    @Test(arguments: ChatFormat.allCases) func cancellingTheReaderClosesTheConnection(format: ChatFormat) async throws {
        let gate = try TestGate()
        try await format.withServer { model, server in
            server.nextAnswer(.pausing(after: 1, at: gate))
            let stream = model.stream(asking("hello, how are you?"))
            let task = Task { try await Heard(stream).events.count }
            try await gate.arrivals()
            task.cancel()
            _ = try await task.value
            try await server.server.hangUps()
        }
    }

    @Test(arguments: ChatFormat.allCases) func aConnectionServesManyAnswers(format: ChatFormat) async throws {
        try await format.withServer { model, server in
            for _ in 0..<20 {
                // Let go right at the terminal event, as a reader may.
                for try await event in model.stream(asking("hello")) {
                    if case .finished = event { break }
                }
            }
            // The end of one answer may come a moment after the next question, so one connection is not enough.
            #expect(server.server.connectionCount <= 4)
        }
    }

    @Test(arguments: ChatFormat.allCases) func textAndPicturesCanBeInlined(format: ChatFormat) async throws {
        try await format.withServer { model, server in
            let png: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
            let parts: [ChatRequest.Part] = [
                .inlineText(path: "a.txt", text: "one"), .inlineImage(path: "b.png", media: .png, bytes: png),
            ]
            let heard = try await Heard(model.stream(asking("what is it?", parts)))
            #expect(heard.error == nil)
            #expect(heard.text.contains("you said: what is it?"))
            let body = String(decoding: try #require(server.server.requests.first).body, as: UTF8.self)
            // As a data URL or as it is.
            #expect(body.contains("iVBORw0KGgo="))
            #expect(body.contains("one"))
        }
    }

    @Test(arguments: ChatFormat.allCases.filter { $0.backend != nil })
    func filesAreShownByTheirIDs(format: ChatFormat) async throws {
        let backend = try #require(format.backend)
        try await format.withServer { model, server in
            let files = try backend.files(at: server, key: server.key)
            let upload = backend.upload(Array("secret: heron\n".utf8))
            let stored = try await send(upload, to: files)
            let part = ChatRequest.Part.file(stored.id, path: "src/notes.md", media: upload.media)
            let heard = try await Heard(model.stream(asking("what is it?", [part])))
            #expect(heard.error == nil)
            #expect(heard.text.contains(":14:\(upload.digest)"))
            #expect(heard.text.contains("you said: what is it?"))
            let request = try #require(server.server.requests.last)
            #expect(String(decoding: request.body, as: UTF8.self).contains("notes.md"))
        }
    }

    @Test(arguments: ChatFormat.allCases.filter { $0.backend != nil })
    func aFileThatIsGoneIsSaidToBeGone(format: ChatFormat) async throws {
        let backend = try #require(format.backend)
        try await format.withServer { model, server in
            let files = try backend.files(at: server, key: server.key)
            let upload = backend.upload(Array("secret: heron\n".utf8))
            let stored = try await send(upload, to: files)
            try await files.delete(stored.id)
            let part = ChatRequest.Part.file(stored.id, path: "src/notes.md", media: upload.media)
            let heard = try await Heard(model.stream(asking("what is it?", [part])))
            #expect(heard.error?.kind == .gone)
        }
    }
}
