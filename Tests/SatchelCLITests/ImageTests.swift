import Glibc
import SatchelTestSupport
import Testing

/// What is in `outputs` and `images` of documents.
struct OutputDocument: Decodable, Hashable, Sendable {
    var name: String
    var sha256, mime, file, error: String?
    var bytes: Int64?
}

/// Pictures that models make: kept by digest, in a thread, and in the workspace where that is wanted.
@Suite(.timeLimit(.minutes(3)))
struct ImageTests {
    struct Document: Decodable, Sendable {
        struct File: Decodable, Sendable { var path, sha256: String }

        var ok: Bool
        var thread, message: Int64
        var model, account: String
        var files: [File]
        var images: [OutputDocument]
        var text, cost, costSource: String?
    }

    struct Transcript: Decodable, Sendable {
        struct Message: Decodable, Sendable {
            var role, text, status: String
            var error: String?
            var outputs: [OutputDocument]?
        }

        var messages: [Message]
    }

    enum Kind: String, CaseIterable {
        case openai, xai, gemini

        func with(_ body: (any LoopbackProvider, [String: String]) async throws -> Void) async throws {
            switch self {
            case .openai: try await LoopbackOpenAI.with { try await body($0, $0.environment) }
            case .xai: try await LoopbackXAI.with { try await body($0, $0.environment) }
            case .gemini: try await LoopbackGemini.with { try await body($0, $0.environment) }
            }
        }

        var route: LoopbackMatch {
            switch self {
            case .openai, .xai: "POST /v1/images/generations"
            case .gemini: "POST /v1beta/models/gemini-3.1-flash-image:generateContent"
            }
        }
    }

    private func with(
        _ kind: Kind = .openai,
        _ files: [RawBytes: RawBytes] = ["tea.txt": "Earl Grey\n"],
        environment: [String: String] = [:],
        _ body: (RunningSatchel, any LoopbackProvider) async throws -> Void
    ) async throws {
        try await kind.with { provider, surroundings in
            try await RunningSatchel.initialised(files, environment: surroundings.merging(environment) { $1 }) {
                try await body($0, provider)
            }
            #expect(provider.server.flaws.isEmpty)
        }
    }

    private func image(_ satchel: RunningSatchel, _ arguments: String...) async throws -> Document {
        try await satchel.document(["image"] + arguments)
    }

    private func transcript(_ satchel: RunningSatchel, _ thread: Int64) async throws -> Transcript {
        try await satchel.document(["thread", "show", "\(thread)"])
    }

    private func digest(_ bytes: [UInt8]) -> String { "\(independentDigest(of: bytes))" }

    @Test(arguments: Kind.allCases) func aPictureIsKeptAndShownInItsThread(_ kind: Kind) async throws {
        try await with(kind) { satchel, provider in
            let made = try await image(satchel, "a red robot")
            let picture = try #require(made.images.first)
            #expect(made.ok && made.images.count == 1 && made.account == kind.rawValue)
            #expect(picture.sha256 == digest(MadePicture.png(100)) && picture.mime == "image/png")
            #expect(provider.server.requests.count == 1, "one request, and no file is uploaded")
            let request = try #require(provider.server.requests(kind.route).first)
            #expect(request.body.firstRange(of: Array("a red robot".utf8)) != nil)

            let shown = try await transcript(satchel, made.thread)
            #expect(shown.messages.map(\.role) == ["user", "assistant"])
            #expect(shown.messages.map(\.status) == ["success", "success"])
            #expect(
                shown.messages[0].text == "a red robot" && shown.messages[1].outputs?.first?.sha256 == picture.sha256
            )
            // The bytes are there by their digest, also after everything unneeded is gone.
            _ = try await satchel.run(["cleanup", "--orphans", "--older-than", "0"])
            let prefix = String(try #require(picture.sha256).prefix(12))
            _ = try await satchel.run(["restore", prefix, "-o", "back.png"]).check()
            #expect(satchel.workspace.read("back.png").map { digest($0) } == picture.sha256)
        }
    }

    @Test(arguments: Kind.allCases) func asManyPicturesComeAsAreWanted(_ kind: Kind) async throws {
        try await with(kind) { satchel, provider in
            let made = try await image(satchel, "robots", "-n", "3", "--size", kind == .openai ? "1024x1024" : "16:9")
            #expect(Set(made.images.compactMap(\.sha256)).count == 3)
            #expect(provider.server.requests(kind.route).count == (kind == .gemini ? 3 : 1))
            #expect(made.images.map(\.name) == ["image-1.png", "image-2.png", "image-3.png"])
        }
    }

    @Test(arguments: Kind.allCases) func aPictureOfTheWorkspaceIsShownWithThePrompt(_ kind: Kind) async throws {
        let before = MadePicture.png(7)
        try await with(kind, ["before.png": RawBytes(before), "notes.md": "# Notes\n"]) { satchel, provider in
            let made = try await image(satchel, "make @before.png blue")
            #expect(made.ok && made.files.map(\.path) == ["before.png"] && made.files[0].sha256 == digest(before))
            let sent = provider.server.requests.last { $0.body.firstRange(of: Array("make @before".utf8)) != nil }
            #expect(sent?.body.firstRange(of: Array(MadePicture.base64(before).utf8)) != nil)
            #expect(kind == .gemini || sent?.path == "/v1/images/edits")
            let refused = try await satchel.failure("image", "draw @notes.md", status: 2)
            #expect(refused.message.contains("notes.md: is no picture"))
        }
    }

    @Test func aPictureCanBeWrittenOutAndNothingIsReplacedUnasked() async throws {
        try await with { satchel, provider in
            let made = try await image(satchel, "a robot", "--out", "robot.png")
            #expect(made.images[0].file == "robot.png")
            #expect(satchel.workspace.read("robot.png").map { digest($0) } == made.images[0].sha256)
            let refused = try await satchel.failure("image", "a robot", "--out", "robot.png", status: 2)
            #expect(refused.message.contains("there is a file already"))
            #expect(provider.server.requests.count == 1, "what cannot be written is not paid for")
            let again = try await image(satchel, "a robot", "--out", "robot.png", "--force")
            #expect(satchel.workspace.read("robot.png").map { digest($0) } == again.images[0].sha256)
            let several = try await image(satchel, "robots", "-n", "2", "--out", "many.png")
            #expect(several.images.map(\.file) == ["many-1.png", "many-2.png"])
            _ = try await satchel.failure("image", "a robot", "--out", "nowhere/robot.png", status: 2)
        }
    }

    @Test func aWatchUploadsAWrittenPictureOnceAndGoesOn() async throws {
        try await AtWatch.with(["tea.txt": "Earl Grey\n"], environment: ["SATCHEL_MODEL": "echo"]) { watch in
            let made: Document = try await watch.at.satchel.document(["image", "a robot", "--out", "robot.png"])
            try await watch.process.line(containing: "robot.png")
            try watch.workspace.write("later.txt", "later\n")
            try await watch.process.line(containing: "later.txt")
            let digests = watch.at.openAI.files.map { "\($0.sha256)" }
            #expect(digests.count { $0 == made.images[0].sha256 } == 1)
            #expect(watch.at.openAI.uploadCount == 3, "tea.txt, the picture, and what came later")
            #expect(watch.at.server.requests("POST /v1/images/generations").count == 1)
        }
    }

    @Test func whatIsRefusedIsAFailedMessage() async throws {
        try await with { satchel, provider in
            provider.server.inject(provider.refusing(.rateLimited(seconds: 3)), on: Kind.openai.route)
            _ = try await satchel.failure("image", "a robot", status: 6)
            #expect(provider.server.requests.count == 1, "it is billed: never sent twice")
            let messages = try await transcript(satchel, 1).messages
            #expect(messages.map(\.status) == ["success", "failed"])
            #expect(messages[1].error?.contains("429") == true)
        }
    }

    @Test func theFirstInterruptEndsAPictureAsAborted() async throws {
        try await with { satchel, provider in
            let gate = try TestGate()
            provider.server.inject(.holdAnswer(gate), on: Kind.openai.route)
            let process = try satchel.start(["image", "a robot", "-v"])
            _ = try await provider.server.request(Kind.openai.route)
            process.send(SIGINT)
            #expect(try await process.finish().status == 130)
            gate.open()
            #expect(try await transcript(satchel, 1).messages.last?.error == "aborted")
        }
    }

    @Test func bytesThatAreNoPictureAreNotKept() async throws {
        try await with { satchel, provider in
            let page = MadePicture.base64(Array("<html>not a picture</html>".utf8))
            provider.server.inject(
                .answer(.json(["data": [["b64_json": .string(page)]]])),
                on: Kind.openai.route
            )
            let refused = try await satchel.failure("image", "a robot", status: 5)
            #expect(refused.message.contains("no PNG, JPEG, GIF or WebP"))
        }
    }

    @Test func aPictureByURLIsFetchedWithoutTheKeyAndOnlyFromWhereItMay() async throws {
        try await with(.xai) { satchel, provider in
            let port = provider.server.url
            provider.server.inject(
                .answer(.json(["data": [["url": .string("\(port)/imgen/1.png")]]])),
                on: Kind.xai.route
            )
            provider.server.inject(.answer(MadePicture.bytes(MadePicture.png(5))), on: "GET /imgen/1.png")
            let made = try await image(satchel, "a robot")
            #expect(made.images[0].sha256 == digest(MadePicture.png(5)))
            let fetched = try #require(provider.server.requests("GET /imgen/1.png").first)
            #expect(fetched.headers["authorization"] == nil)
            for url in ["http://192.0.2.1/1.png", "file:///etc/passwd", "http://127.0.0.1:1/x", "gopher://x/1"] {
                provider.server.inject(.answer(.json(["data": [["url": .string(url)]]])), on: Kind.xai.route)
                let refused = try await satchel.failure("image", "a robot", status: 5)
                #expect(refused.message.contains("neither https nor of this provider"), "\(url)")
            }
        }
    }

    @Test func moneyIsCountedAndBounded() async throws {
        let prices = "prices:\n  - gpt-image-2 image 0.04\n"
        try await with { satchel, provider in
            let blind = try await satchel.failure("image", "a robot", "--max-cost", "1", status: 4)
            #expect(blind.message.contains("is not known"))
            try satchel.home.write(".config/satchel/config.yaml", RawBytes(prices))
            let estimate = try await satchel.run(["image", "robots", "-n", "3", "--estimate"]).check()
            #expect(estimate.stdout.contains("0.12 USD for 3 pictures of gpt-image-2"), "\(estimate)")
            _ = try await satchel.failure("image", "robots", "-n", "3", "--max-cost", "0.10", status: 4)
            #expect(provider.server.requests.isEmpty)
            let made = try await image(satchel, "robots", "-n", "2", "--max-cost", "0.10")
            #expect(made.cost == "0.08 USD" && made.costSource == "configured")
            let sum = try await satchel.run(["cost", "--by", "model"]).check()
            #expect(sum.stdout.contains("gpt-image-2") && sum.stdout.contains("0.08"), "\(sum)")
        }
    }

    @Test func anAccountWithoutPicturesSaysSo() async throws {
        try await LoopbackAnthropic.with { anthropic in
            try await RunningSatchel.initialised([:], environment: anthropic.environment) { satchel in
                let refused = try await satchel.failure("image", "a robot", status: 5)
                #expect(refused.message.contains("anthropic makes no pictures; use -p"))
                _ = try await satchel.failure("image", "a robot", "-p", "local", status: 5)
            }
            #expect(anthropic.server.requests.isEmpty)
        }
    }

    @Test func thePromptIsAmongWhatHasLeft() async throws {
        try await with { satchel, _ in
            _ = try await image(satchel, "a robot")
            let audit = try await satchel.run(["audit"]).check()
            #expect(audit.stdout.contains("(a prompt)  7 B  openai  -  what a picture was to show"), "\(audit)")
            let document: ToolChatTests.AuditDocument = try await satchel.document(["audit"])
            #expect(document.departures.map(\.way) == ["image"])
        }
    }

    @Test func aBudgetOfTheDayCountsPictures() async throws {
        try await with { satchel, provider in
            let configuration = """
                prices:
                  - gpt-image-2 image 0.04
                accounts:
                  openai:
                    kind: openai
                    budget:
                      money_per_day: 0.10

                """
            try satchel.home.write(".config/satchel/config.yaml", RawBytes(configuration))
            _ = try await image(satchel, "robots", "-n", "2")
            let refused = try await satchel.failure("image", "a robot", status: 4)
            #expect(refused.message.contains("budget"), "\(refused)")
            #expect(provider.server.requests(Kind.openai.route).count == 1)
        }
    }

    @Test func picturesMayComeFromAnotherAccountThanAnswers() async throws {
        try await LoopbackXAI.with { xAI in
            try await with(environment: xAI.environment) { satchel, openAI in
                satchel.set("SATCHEL_ACCOUNT", "openai")
                satchel.set("SATCHEL_IMAGE_ACCOUNT", "xai")
                satchel.set("SATCHEL_IMAGE_MODEL", "grok-imagine-image-quality")
                let made = try await image(satchel, "a robot")
                #expect(made.account == "xai" && made.model == "grok-imagine-image-quality")
                let other = try await image(satchel, "a robot", "-p", "openai")
                #expect(other.account == "openai" && other.model == "gpt-image-2")
                #expect(xAI.server.requests.count == 1 && openAI.server.requests.count == 1)
            }
        }
    }

    @Test func aSecretInThePromptStopsIt() async throws {
        try await with { satchel, provider in
            _ = try await satchel.failure("image", "a poster of \(MadeUpSecret.all()[0].text)", status: 4)
            #expect(provider.server.requests.isEmpty)
        }
    }

    @Test func aChatGoesOnBehindAPicture() async throws {
        try await with(environment: ["SATCHEL_MODEL": "echo"]) { satchel, provider in
            let made = try await image(satchel, "a robot")
            let answer = try await satchel.chat("-c", "and now?")
            #expect(answer.thread == made.thread)
            let request = try #require(provider.server.requests("POST /v1/responses").first)
            #expect(request.body.firstRange(of: Array("[made with this answer: image-1.png]".utf8)) != nil)
            let forked = try await satchel.run(["thread", "fork", "\(made.thread)"]).check()
            #expect(forked.status == 0)
            #expect(try await transcript(satchel, made.thread + 1).messages[1].outputs?.count == 1)
            let list = try await satchel.run(["thread", "ls"]).check()
            #expect(list.stdout.contains("\t4 messages\ta robot"), "\(list)")
            let exported = try await satchel.run(["thread", "export", "\(made.thread)"]).check()
            #expect(exported.stdout.contains("- image-1.png  "))
        }
    }
}
