import SatchelCore
import SatchelTestSupport
@testable import SatchelRemote
import Testing

/// What only Anthropic's Messages have.
@Suite(.timeLimit(.minutes(2)))
struct AnthropicChatTests {
    private func withModel(
        _ options: AnthropicOptions = AnthropicOptions(),
        _ body: (AnthropicModel, AnthropicFiles, LoopbackAnthropic) async throws -> Void
    ) async throws {
        try await LoopbackAnthropic.with(options) { server in
            let endpoint = try Endpoint(baseURL: server.baseURL, key: Secret(server.key))
            let client = HTTPClient()
            let files = AnthropicFiles(endpoint, client: client, hashing: IndependentHashing())
            try await body(AnthropicModel(endpoint, client: client), files, server)
            #expect(server.server.flaws.isEmpty)
        }
    }

    private func user(_ parts: ChatRequest.Part...) -> ChatRequest.Turn { .init(role: .user, parts: parts) }

    private func assistant(_ text: String) -> ChatRequest.Turn { .init(role: .assistant, parts: [.text(text)]) }

    @Test func aRequestHasFilesFirstUnderTheirPathsAndMarksWhatStays() throws {
        let (one, two) = (try #require(RemoteFileID("file_1")), try #require(RemoteFileID("file_2")))
        let request = ChatRequest(
            model: "claude-x",
            system: "Be brief.",
            turns: [
                user(
                    .text("Look."),
                    .file(two, path: "b/Main.swift", media: .text),
                    .image(one, path: "a.png", media: .png)
                ),
                assistant("Seen."), user(.text("And?")),
            ],
            cacheKey: "thread-1",
            maxOutputTokens: 500
        )
        let mark = #""cache_control":{"type":"ephemeral"}"#
        #expect(
            String(decoding: AnthropicModel.body(request).bytes, as: UTF8.self)
                == #"{"max_tokens":500,"messages":["#
                + #"{"content":[{"text":"a.png:","type":"text"},"#
                + #"{"source":{"file_id":"file_1","type":"file"},"type":"image"},"#
                + "{\(mark),"
                + #""source":{"file_id":"file_2","type":"file"},"title":"b/Main.swift","type":"document"},"#
                + #"{"text":"Look.","type":"text"}],"role":"user"},"#
                + "{\"content\":[{\(mark),"
                + #""text":"Seen.","type":"text"}],"role":"assistant"},"#
                + #"{"content":[{"text":"And?","type":"text"}],"role":"user"}],"#
                + #""model":"claude-x","stream":true,"system":"Be brief."}"#
        )
    }

    @Test func theOrderOfMentionDoesNotChangeTheRequest() throws {
        let (one, two) = (try #require(RemoteFileID("file_1")), try #require(RemoteFileID("file_2")))
        let files: [ChatRequest.Part] = [.file(one, path: "a", media: .text), .file(two, path: "b", media: .text)]
        let forth = ChatRequest(model: "m", turns: [.init(role: .user, parts: files + [.text("x")])])
        let back = ChatRequest(model: "m", turns: [.init(role: .user, parts: [.text("x")] + files.reversed())])
        #expect(AnthropicModel.body(forth) == AnthropicModel.body(back))
    }

    @Test func whatIsBlankIsLeftOutAndLongTitlesKeepTheirEnd() async throws {
        try await withModel { model, files, server in
            let stored = try await send(upload([0x61]), to: files)
            let path = String(repeating: "folder/", count: 100) + "naïve.txt"
            let request = ChatRequest(
                model: "m",
                system: "",
                turns: [
                    user(.text(" \n")), assistant(""),
                    user(.file(stored.id, path: path, media: .text), .inlineText(path: "e.txt", text: ""), .text("x")),
                ]
            )
            let heard = try await Heard(model.stream(request))
            #expect(heard.error == nil)
            #expect(heard.text.contains("folder/naïve.txt:1:"))
            let body = try #require(server.server.requests("POST /v1/messages").first?.json)
            #expect(body["messages"]?.array?.count == 1)
            #expect(body["system"] == nil)
            let title = body["messages"]?[0]?["content"]?.array?.compactMap { $0["title"]?.string }.last
            #expect(title?.unicodeScalars.count == 500)
        }
    }

    @Test func theModelsOwnMessagesHaveNoFiles() async throws {
        try await withModel { model, files, _ in
            let stored = try await send(upload([0x61]), to: files)
            let shown = ChatRequest.Part.file(stored.id, path: "a", media: .text)
            let turns = [user(.text("x")), .init(role: .assistant, parts: [shown, .text("y")]), user(.text("z"))]
            let heard = try await Heard(model.stream(ChatRequest(model: "m", turns: turns)))
            #expect(heard.text == "you said: z")
        }
    }

    @Test func aSecondQuestionReadsTheFirstFromTheCache() async throws {
        try await withModel { model, files, server in
            let large = try await send(upload(Array(repeating: 0x61, count: 40_000)), to: files)
            let small = try await send(upload(Array(repeating: 0x62, count: 8_000)), to: files)
            var turns = [user(.file(large.id, path: "large.txt", media: .text), .text("one"))]
            let first = try await Heard(model.stream(ChatRequest(model: "m", turns: turns)))
            #expect(first.usage?.cached == 0)
            #expect((first.usage?.input ?? 0) > 10_000)
            // The same files, another question: a thread of its own.
            let aside = [user(.file(large.id, path: "large.txt", media: .text), .text("else"))]
            let other = try await Heard(model.stream(ChatRequest(model: "m", turns: aside)))
            #expect((other.usage?.cached ?? 0) > 10_000)
            // The same thread goes on, with one more file each time; everything older is read from the cache.
            var known = 10_000
            for round in 0..<6 {
                turns += [
                    assistant(first.text), user(.file(small.id, path: "\(round).txt", media: .text), .text("\(round)")),
                ]
                let next = try await Heard(model.stream(ChatRequest(model: "m", turns: turns)))
                #expect(next.error == nil)
                #expect((next.usage?.cached ?? 0) >= known, "round \(round)")
                known += 2000
            }
            for request in server.server.requests("POST /v1/messages") {
                let text = String(decoding: request.body, as: UTF8.self)
                #expect(text.ranges(of: "cache_control").count <= 4)
            }
        }
    }

    @Test func thirtyFilesOfOneQuestionAreReadFromTheCacheByTheNext() async throws {
        try await withModel { model, files, _ in
            let results = await files.upload(
                (0..<30).map { upload(Array("\($0)".utf8) + [UInt8](repeating: 0x61, count: 400)) }
            )
            let ids = try results.map { try $0.get().id }
            let shown = ids.enumerated().map { ChatRequest.Part.file($1, path: "\($0).txt", media: .text) }
            var turns = [
                user(.text("zero")), assistant("none"), ChatRequest.Turn(role: .user, parts: shown + [.text("one")]),
            ]
            _ = try await Heard(model.stream(ChatRequest(model: "m", turns: turns)))
            turns += [assistant("yes"), user(.text("two"))]
            let next = try await Heard(model.stream(ChatRequest(model: "m", turns: turns)))
            #expect((next.usage?.cached ?? 0) > 3000)
        }
    }

    @Test func thoughtsAreNoText() async throws {
        var options = AnthropicOptions()
        options.thoughts = "let me see"
        try await withModel(options) { model, _, _ in
            let heard = try await Heard(model.stream(asking("hello")))
            let thoughts = heard.events.map { if case .reasoning(let text) = $0 { text } else { "" } }.joined()
            #expect(thoughts == "let me see")
            #expect(heard.text == "you said: hello")
            #expect((heard.usage?.reasoning ?? 0) > 0)
            #expect((heard.usage?.output ?? 0) > (heard.usage?.reasoning ?? 0))
        }
    }

    @Test(arguments: [true, false], [404, 400]) func aFileThatIsGoneIsSaidToBeGone(hasExpired: Bool, status: Int)
        async throws
    {
        var options = AnthropicOptions()
        options.missingFileStatus = status
        try await withModel(options) { model, files, server in
            let stored = try await send(upload([0x61], expiresAfter: 3600), to: files)
            if hasExpired { server.store.clock.advance(by: 3600) } else { server.store.forget(stored.id.rawValue) }
            let part = ChatRequest.Part.file(stored.id, path: "a.txt", media: .text)
            let heard = try await Heard(model.stream(asking("what is it?", [part])))
            #expect(heard.error?.kind == .gone)
            #expect(heard.error?.status == status)
        }
    }

    @Test func aModelThatIsNotThereIsNoFile() async throws {
        try await withModel { model, files, _ in
            let stored = try await send(upload([0x61]), to: files)
            var request = asking("x", [.file(stored.id, path: "a.txt", media: .text)])
            request.model = "no-such-model"
            let heard = try await Heard(model.stream(request))
            #expect(heard.error?.kind == .rejected)
            #expect(heard.error?.message == "404 from 127.0.0.1: model: no-such-model")
        }
    }

    @Test func aServerWithoutMessagesIsToldFromARefusal() async throws {
        try await withModel { model, _, server in
            server.server.inject(.status(404, body: "Not Found"))
            let heard = try await Heard(model.stream(asking("x")))
            #expect(heard.error?.kind == .unsupported)
        }
    }

    @Test(arguments: ["\n", "\r\n"]) func bothLineEndsAreProper(lineEnd: String) async throws {
        var options = AnthropicOptions()
        options.lineEnd = lineEnd
        try await withModel(options) { model, _, _ in
            let heard = try await Heard(model.stream(asking("grüße 👋")))
            #expect(heard.text == "you said: grüße 👋")
            #expect(heard.finish == .stop)
        }
    }
}
