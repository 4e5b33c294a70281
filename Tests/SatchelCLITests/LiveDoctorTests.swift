import SatchelTestSupport
import Testing

/// `doctor --live`: what an account can do is proven, or the missing proof is said.
@Suite(.timeLimit(.minutes(2)))
struct LiveDoctorTests {
    struct Document: Decodable {
        struct Check: Decodable {
            var name: String
            var ok: Bool
            var detail: String
            var hint: String?
        }

        var ok: Bool
        var checks: [Check]

        subscript(name: String) -> Check? { checks.first { $0.name == name } }
    }

    private func prove(_ at: AtOpenAI, status: Int32 = 0) async throws -> Document {
        try await at.satchel.document(["doctor", "--live", "openai", "-m", "echo"], status: status)
    }

    /// Tells what stands in a text, and the colours of a picture, from the bytes it was given.
    static let seeing = LoopbackAnswer.composed { files in
        guard let file = files.first else { return "nothing was attached" }
        if let text = String(validating: file, as: UTF8.self) { return "The word is in here: \(text)" }
        return colours(of: Array(file)).joined(separator: " ")
    }

    /// The palette's two colours: its chunk comes right behind the header of a PNG.
    private static func colours(of png: [UInt8]) -> [String] {
        guard png.count > 47, png[37..<41].elementsEqual("PLTE".utf8) else { return [] }
        let names: [[UInt8]: String] = [
            [220, 20, 20]: "Red", [20, 160, 40]: "green", [20, 40, 220]: "blue", [250, 230, 20]: "yellow",
            [0, 0, 0]: "black", [255, 255, 255]: "white",
        ]
        return [png[41..<44], png[44..<47]].map { names[Array($0)] ?? "?" }
    }

    @Test func everyCapabilityIsProvenAndNothingStaysBehind() async throws {
        try await AtOpenAI.with { at in
            at.openAI.nextAnswer(Self.seeing)
            at.openAI.nextAnswer(Self.seeing)
            let document = try await prove(at)
            for name in [
                "upload", "expiry", "listing", "file in chat", "upload of a picture", "picture in chat", "delete",
            ] {
                #expect(
                    document["live \(name)"]?.ok == true,
                    "\(name): \(document["live \(name)"]?.detail ?? "missing")"
                )
            }
            #expect(at.openAI.uploadCount == 2)
            #expect(at.openAI.files.isEmpty)
            let cleanup = try await at.satchel.run(["cleanup", "--older-than", "0", "--json"]).check()
            #expect(cleanup.stdout.contains("\"deleted\" : 0"))
        }
    }

    @Test func aFileThatIsSilentlyDroppedIsNoticed() async throws {
        try await AtOpenAI.with { at in
            at.openAI.nextAnswer(.text("Of course! The code word is banana."))
            at.openAI.nextAnswer(.text("blue blue"))
            let document = try await prove(at, status: 1)
            #expect(document["live upload"]?.ok == true)
            let file = try #require(document["live file in chat"])
            #expect(!file.ok)
            #expect(file.detail.contains("NOT SEEN"))
            #expect(file.detail.contains("banana"))
            #expect(file.hint != nil)
            #expect(document["live picture in chat"]?.ok == false)
            #expect(at.openAI.files.isEmpty)
        }
    }

    @Test func anExpiryIsComparedWithWhatTheServerSays() async throws {
        try await AtOpenAI.with(options: .ogx) { at in
            at.openAI.nextAnswer(Self.seeing)
            at.openAI.nextAnswer(Self.seeing)
            let document = try await prove(at)
            #expect(document["live expiry"]?.detail == "honoured: 1h")
        }
    }

    @Test func aCanaryGoesAlsoWhenTheModelFails() async throws {
        try await AtOpenAI.with { at in
            at.openAI.nextAnswer(.ending(.cut, after: 1))
            at.server.inject(.openAI(500, "no"), on: "POST /v1/responses", times: 1)
            let document = try await prove(at, status: 1)
            #expect(document["live file in chat"]?.ok == false)
            #expect(document["live delete"]?.ok == true)
            #expect(at.openAI.files.isEmpty)
        }
    }

    @Test func whatWasNotTakenIsNotSaidToBeGone() async throws {
        try await AtOpenAI.with(environment: ["SATCHEL_RETRIES": "0"]) { at in
            at.server.inject(.status(302, headers: ["Location": "/elsewhere"]), on: "POST /v1/files", times: 2)
            let document = try await prove(at, status: 1)
            #expect(document["live upload"]?.ok == false)
            #expect(document["live delete"] == nil)
            #expect(at.openAI.files.isEmpty)
        }
    }

    @Test func aServerWithoutFilesIsAskedInline() async throws {
        try await AtOpenAI.with(options: .plainChat, environment: ["SATCHEL_RETRIES": "0"]) { at in
            try at.workspace.write(
                "satchel.yaml",
                "accounts:\n  lab:\n    kind: openai-compatible\n    base_url: \(at.openAI.baseURL)\n"
            )
            at.openAI.nextAnswer(Self.seeing)
            let document: Document = try await at.satchel.document(
                ["doctor", "--live", "lab", "-m", "echo"],
                status: 1
            )
            #expect(document["live upload"]?.detail.contains("not offered") == true)
            #expect(at.server.requests("POST /v1/chat/completions").count == 1)
        }
    }

    @Test func anAccountThatIsNotThereIsAnError() async throws {
        try await AtOpenAI.with { at in
            let error = try await at.satchel.failure("doctor", "--live", "nowhere", status: 2)
            #expect(error.message.contains("nowhere"))
        }
    }
}
