import Glibc
import SatchelTestSupport
import Testing

/// What a conversation about files must do at every kind of provider.
@Suite(.timeLimit(.minutes(5)))
struct EveryProviderTests {
    struct At {
        var satchel: RunningSatchel
        var provider: any LoopbackProvider
        var kind: ProviderKind

        /// How often the model was asked.
        var questions: Int { provider.server.requests(kind.question).filter(isQuestion).count }

        /// Gemini and Anthropic count tokens below the same path.
        private func isQuestion(_ request: LoopbackRequest) -> Bool { !request.path.contains("ount") }
    }

    /// A document, because texts are no files everywhere.
    private static let first = "%PDF-1.7 one\n"
    private static let second = "%PDF-1.7 two\n"
    private let files: [RawBytes: RawBytes] = ["paper.pdf": RawBytes(first), "tea.txt": "Earl Grey\n"]

    private func digest(_ text: String) -> String { "\(independentDigest(of: Array(text.utf8)))" }

    private func with(
        _ kind: ProviderKind,
        configuration: String = "",
        more: [String: String] = [:],
        _ body: (At) async throws -> Void
    ) async throws {
        try await kind.with { provider in
            let environment = kind.environment(provider).merging([
                "SATCHEL_MODEL": kind.model, "SATCHEL_ACCOUNT": kind.account, "SATCHEL_TTL": "1h",
                "SATCHEL_RETRIES": "0",
            ]) { $1 }.merging(more) { $1 }
            try await RunningSatchel.with(files, environment: environment) { satchel in
                let lines = kind.configuration(provider) + configuration
                try satchel.home.write(".config/satchel/config.yaml", RawBytes(lines))
                try await satchel.run(["init", "-q"]).check()
                satchel.workspace.remove("satchel.yaml")
                try await body(At(satchel: satchel, provider: provider, kind: kind))
            }
            #expect(provider.server.flaws.isEmpty)
        }
    }

    @Test(arguments: ProviderKind.allCases)
    func aSecondTurnUploadsNothingAndAnEditOneFile(_ kind: ProviderKind) async throws {
        try await with(kind) { at in
            let one = try await at.satchel.chat("what is in @paper.pdf?")
            #expect(one.account == kind.account && one.answer.contains(digest(Self.first)))
            let id = try #require(one.files.first?.remoteId)
            let two = try await at.satchel.chat("-c", "and what else is in @paper.pdf?")
            #expect(two.thread == one.thread && two.answer.contains(digest(Self.first)))
            #expect(at.provider.uploadCount == 1 && at.provider.files.map(\.id) == [id])
            try at.satchel.workspace.write("paper.pdf", RawBytes(Self.second))
            let three = try await at.satchel.chat("-c", "and now?")
            #expect(three.answer.contains(digest(Self.second)) && three.replaced?.map(\.path) == ["paper.pdf"])
            #expect(at.provider.uploadCount == 2 && at.questions == 3)
        }
    }

    @Test(arguments: ProviderKind.allCases)
    func anExpiredFileIsMadeAgainForTheQuestion(_ kind: ProviderKind) async throws {
        try await with(kind) { at in
            at.provider.store.clock.advance(by: -kind.lifetime)
            try await at.satchel.sync("paper.pdf")
            at.provider.store.clock.advance(by: kind.lifetime)
            #expect(at.provider.files.isEmpty && at.provider.uploadCount == 1)
            let answer = try await at.satchel.chat("what is in @paper.pdf?")
            #expect(answer.answer.contains(digest(Self.first)))
            #expect(at.provider.uploadCount == 2 && at.questions == 1)
        }
    }

    @Test(arguments: ProviderKind.allCases, [LoopbackAnswer.Ending.cut, .reset])
    func ofAnAnswerWhoseConnectionDropsWhatCameIsKept(
        _ kind: ProviderKind,
        _ ending: LoopbackAnswer.Ending
    ) async throws {
        try await with(kind) { at in
            let text = "The tea is an Earl Grey with bergamot.\nAnd there is more to say."
            var broken = LoopbackAnswer.text(text)
            broken.ending = ending
            broken.endsAfter = 6
            at.provider.nextAnswer(broken)
            let finished = try await at.satchel.run(["chat", "what is in @paper.pdf?"]).check(6)
            let line = finished.stdout.split(separator: "\n").first ?? ""
            #expect(text.hasPrefix(line))
            // After a reset, the kernel drops what was not read yet.
            if case .cut = ending { #expect(line == "The tea is an Earl Grey with bergamot.") }
            let next = try await at.satchel.chat("-c", "go on")
            #expect(next.answer.contains("you said: go on"))
            let body = String(decoding: at.provider.server.requests(kind.question).last?.body ?? [], as: UTF8.self)
            #expect(line.isEmpty || body.contains(line), "it is shown what it had said")
            #expect(at.provider.uploadCount == 1)
        }
    }

    @Test(arguments: ProviderKind.allCases)
    func aThreadGoesOnAtAnotherProviderAndBack(_ kind: ProviderKind) async throws {
        let other: ProviderKind = kind == .gemini ? .openAI : .gemini
        try await other.with { elsewhere in
            try await with(kind, more: other.environment(elsewhere)) { at in
                let one = try await at.satchel.chat("what is in @paper.pdf?")
                let there = try await at.satchel.chat("-p", other.account, "-m", other.model, "-c", "and here?")
                #expect(there.account == other.account && there.thread == one.thread)
                #expect(there.answer.contains(digest(Self.first)))
                let back = try await at.satchel.chat("-p", kind.account, "-m", kind.model, "-c", "and again?")
                #expect(back.account == kind.account && back.answer.contains(digest(Self.first)))
                #expect(at.provider.uploadCount == 1 && elsewhere.uploadCount == 1)
            }
        }
    }

    private struct Detached: Decodable { var job: Int64 }

    private struct JobDocument: Decodable {
        struct Job: Decodable {
            var state: String
            var attempts: Int
        }

        var job: Job
        var answer: String?
    }

    @Test(arguments: ProviderKind.allCases)
    func aDetachedJobOutlivesTheProcessThatRanIt(_ kind: ProviderKind) async throws {
        try await with(kind) { at in
            let put: Detached = try await at.satchel.document(["chat", "--detach", "what is in @paper.pdf?"])
            let gate = try TestGate()
            at.provider.nextAnswer(.pausing(after: 3, at: gate))
            let first = try at.satchel.start(["jobs", "run"])
            try await gate.arrivals()
            first.send(SIGKILL)
            _ = try await first.finish()
            gate.open()
            try await at.satchel.run(["jobs", "run"]).check()
            let waited: JobDocument = try await at.satchel.document(["wait", "\(put.job)"])
            #expect(waited.job.state == "done" && waited.job.attempts == 2)
            #expect(waited.answer?.contains(digest(Self.first)) == true)
            #expect(at.provider.uploadCount == 1)
        }
    }

    @Test(arguments: ProviderKind.allCases)
    func aQuestionBeyondTheBudgetIsNotAsked(_ kind: ProviderKind) async throws {
        let prices = "prices: [\"\(kind.model) input 1000 output 1000\"]\n"
        try await with(kind, configuration: prices) { at in
            let error = try await at.satchel.failure("chat", "--max-cost", "0.0001", "what is in @tea.txt?", status: 4)
            #expect(error.message.contains("--max-cost") && at.questions == 0)
        }
    }

    @Test(arguments: ProviderKind.allCases)
    func aCitationNamesTheFileAsItWasShown(_ kind: ProviderKind) async throws {
        try await with(kind) { at in
            at.provider.nextAnswer(.citing)
            let name = kind.citesByName ? "tea.txt" : "paper.pdf"
            let answer = try await at.satchel.chat("what is in @\(name)?")
            let citations = try #require(answer.citations)
            #expect(!citations.isEmpty)
            // What Mistral's numbers mean is not documented, so no file is named.
            #expect(citations.allSatisfy { $0.path == (kind.citesByName ? name : nil) })
        }
    }
}
