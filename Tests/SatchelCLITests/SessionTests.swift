import Glibc
import SatchelTestSupport
import Testing

/// `ttl: 0`: copies are made for the chat that needs them, and end with it.
@Suite(.timeLimit(.minutes(2)))
struct SessionTests {
    private func with(_ body: (AtOpenAI) async throws -> Void) async throws {
        try await AtOpenAI.with(
            ["tea.txt": "Earl Grey\n", "milk.txt": "milk\n"],
            environment: ["SATCHEL_MODEL": "echo", "SATCHEL_TTL": "0"],
            body
        )
    }

    @Test func aSyncUploadsNothingAndSaysWhy() async throws {
        try await with { at in
            let report = try await at.satchel.sync()
            #expect(report.skippedByReason["on_demand"] == 2)
            #expect(at.openAI.uploadCount == 0)
            #expect(try await at.satchel.run(["sync"]).check().stderr.contains("ttl is 0"))
            #expect(try await at.satchel.sync("--check").skippedByReason["on_demand"] == 2)
            #expect(try await at.satchel.why("tea.txt").reason.contains("when a chat needs it"))
        }
    }

    @Test func aChatUploadsWhatItNeedsAndDeletesItAtItsEnd() async throws {
        try await with { at in
            let answer = try await at.satchel.chat("what is in @tea.txt?")
            #expect(answer.files.map(\.remoteId).count == 1)
            #expect(answer.answer.contains("file:tea."))
            #expect(at.openAI.uploadCount == 1 && at.openAI.files.isEmpty && at.openAI.deleteCount == 1)
            let again = try await at.satchel.chat("-c", "and now?")
            #expect(again.answer.contains("file:tea."))
            #expect(at.openAI.uploadCount == 2 && at.openAI.files.isEmpty)
        }
    }

    @Test func aChatThatIsStoppedDeletesThemToo() async throws {
        try await with { at in
            let gate = try TestGate()
            at.server.inject(.hold(gate), on: "POST /v1/responses")
            let chat = try at.satchel.start(["chat", "what is in @tea.txt?"])
            try await gate.arrivals()
            #expect(at.openAI.files.count == 1)
            chat.send(SIGINT)
            _ = try await chat.finish().check(130)
            #expect(at.openAI.files.isEmpty)
            gate.open()
        }
    }

    @Test(arguments: [["sync"], ["cleanup"], ["chat", "hello"]])
    func whatAKilledChatLeftIsDeletedByTheNextCommand(_ arguments: [String]) async throws {
        try await with { at in
            let gate = try TestGate()
            at.server.inject(.hold(gate), on: "POST /v1/responses")
            let chat = try at.satchel.start(["chat", "what is in @tea.txt?"])
            try await gate.arrivals()
            chat.send(SIGKILL)
            _ = try await chat.status()
            gate.open()
            #expect(at.openAI.files.count == 1)
            _ = try await at.satchel.run(arguments).check()
            #expect(at.openAI.files.isEmpty)
        }
    }

    @Test func twoChatsAtOnceDoNotTakeEachOthersCopies() async throws {
        try await with { at in
            let gate = try TestGate()
            at.server.inject(.hold(gate), on: "POST /v1/responses")
            let first = try at.satchel.start(["chat", "what is in @tea.txt?"])
            try await gate.arrivals()
            try await at.satchel.chat("what is in @tea.txt?")
            #expect(at.openAI.files.count == 1, "the first chat still needs it")
            gate.open()
            _ = try await first.finish().check()
            #expect(at.openAI.files.isEmpty)
            #expect(at.openAI.uploadCount == 1)
        }
    }

    @Test func aDeleteThatFailsIsTriedAgain() async throws {
        try await with { at in
            at.satchel.set("SATCHEL_RETRIES", "0")
            at.server.inject(.openAI(500, "no"), on: "DELETE *")
            let finished = try await at.satchel.run(["chat", "what is in @tea.txt?"]).check()
            #expect(finished.stderr.contains("could not be deleted"))
            #expect(at.openAI.files.count == 1)
            try await at.satchel.cleanup()
            #expect(at.openAI.files.isEmpty)
        }
    }
}
