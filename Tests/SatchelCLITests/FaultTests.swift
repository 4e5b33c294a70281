import SatchelTestSupport
import Testing

/// One way in which an upload can go wrong at the level of the wire.
struct UploadFault: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let fault: LoopbackFault
    /// How many uploads meet it; two retries follow a first try.
    var times = 1
    /// The documented exit code.
    var status: Int32 = 0
    /// Of the failure in the report.
    var code: String?
}

/// Providers and networks that misbehave: documented exit codes, nothing uploaded twice, and the next run converges.
@Suite(.serialized) struct FaultTests {
    private static let passing: [UploadFault] = [
        UploadFault(testDescription: "429 with a wish", fault: .rateLimited(retryAfter: "0")),
        UploadFault(testDescription: "500", fault: .openAI(500, "The server had an error")),
        UploadFault(testDescription: "503", fault: .status(503, body: "overloaded")),
        UploadFault(testDescription: "a gateway's page", fault: .status(502, body: "<html><title>Bad gateway</title>")),
        UploadFault(testDescription: "hung up before the body", fault: .refuse),
        UploadFault(testDescription: "reset in the middle of the body", fault: .resetRequest(afterBytes: 20_000)),
        UploadFault(testDescription: "lost answer", fault: .loseAnswer),
        UploadFault(testDescription: "answer reset in its head", fault: .resetAnswer(afterBytes: 10)),
        UploadFault(testDescription: "answer reset in its body", fault: .resetAnswer(afterBytes: 400)),
        UploadFault(testDescription: "truncated answer", fault: .truncate(bodyBytes: 30)),
        UploadFault(testDescription: "slow answer", fault: .slow(bytesPerSecond: 2000)),
        UploadFault(testDescription: "early 500 while the body comes", fault: .answerEarly(.text("no", status: 500))),
    ]

    private static let lasting: [UploadFault] = [
        UploadFault(
            testDescription: "413",
            fault: .openAI(413, "too large", type: "invalid_request_error"),
            status: 1,
            code: "too_large"
        ),
        UploadFault(
            testDescription: "400",
            fault: .openAI(400, "no", type: "invalid_request_error"),
            status: 1,
            code: "rejected"
        ),
        UploadFault(
            testDescription: "429 for ever",
            fault: .rateLimited(retryAfter: "0"),
            times: 3,
            status: 6,
            code: "rate_limited"
        ),
        UploadFault(
            testDescription: "500 for ever",
            fault: .openAI(500, "The server had an error"),
            times: 3,
            status: 6,
            code: "temporary"
        ),
        UploadFault(testDescription: "out of credit", fault: .outOfCredit, status: 5, code: "quota"),
        UploadFault(
            testDescription: "403",
            fault: .openAI(403, "not for this project", type: "invalid_request_error"),
            status: 1,
            code: "forbidden"
        ),
    ]

    private let files: [RawBytes: RawBytes] = [
        "big.txt": RawBytes(String(repeating: "All work and no play. ", count: 10_000)), "tea.txt": "Earl Grey\n",
    ]

    @Test(arguments: passing)
    func aPassingFaultIsSurvivedWithoutAnybodyNoticing(_ fault: UploadFault) async throws {
        try await AtOpenAI.with(files, environment: ["SATCHEL_PARALLEL_UPLOADS": "1"]) { at in
            at.server.inject(fault.fault, on: "POST /v1/files")
            let report = try await at.satchel.sync()
            #expect(at.server.pendingFaults == 0)
            #expect(report.ok && report.summary.uploaded == 2)
            try at.expectHeld(["big.txt", "tea.txt"])
            #expect(at.openAI.uploadCount == 2)
            try await at.expectConvergence()
            #expect(at.openAI.uploadCount == 2)
        }
    }

    @Test(arguments: lasting)
    func aLastingFaultEndsWithItsExitCodeAndTheNextRunConverges(_ fault: UploadFault) async throws {
        try await AtOpenAI.with(files, environment: ["SATCHEL_PARALLEL_UPLOADS": "1"]) { at in
            at.server.inject(fault.fault, on: "POST /v1/files", times: fault.times)
            let report = try await at.satchel.sync(status: fault.status)
            #expect(!report.ok)
            #expect(report.failures.first?.code == fault.code)
            let again = try await at.satchel.sync()
            #expect(again.ok)
            try at.expectHeld(["big.txt", "tea.txt"])
            #expect(at.openAI.uploadCount == 2)
        }
    }

    @Test func anUploadThatArrivedDespiteAFaultIsNotSentAgain() async throws {
        try await AtOpenAI.with(["tea.txt": "Earl Grey\n"]) { at in
            let fault = LoopbackResponse.text("no", status: 500, headers: ["x-should-retry": "false"])
            at.server.inject(.answerAfterwards(fault), on: "POST /v1/files")
            let report = try await at.satchel.sync()
            #expect(report.summary.uploaded == 1)
            #expect(at.openAI.uploadCount == 1)
            try at.expectHeld(["tea.txt"])
            try await at.expectConvergence()
        }
    }

    @Test func aFaultThatIsNotToBeTriedAgainIsNot() async throws {
        try await AtOpenAI.with(["tea.txt": "Earl Grey\n"]) { at in
            at.server.inject(.status(500, headers: ["x-should-retry": "false"], body: "no"), on: "POST /v1/files")
            let report = try await at.satchel.sync(status: 6)
            #expect(report.failures.map(\.retryable) == [false])
            #expect(at.openAI.uploadCount == 0)
            try await at.expectConvergence()
        }
    }

    @Test func garbageInsteadOfHTTPIsNoReasonToSendTwice() async throws {
        try await AtOpenAI.with(files, environment: ["SATCHEL_PARALLEL_UPLOADS": "1"]) { at in
            at.server.inject(.garbage(Array("\0\u{1}what is this\r\n\r\n".utf8)), on: "POST /v1/files")
            let report = try await at.satchel.run(["sync"])
            #expect(report.status == 1, "\(report)")
            #expect(!report.stderr.contains("\u{1}"))
            try await at.expectConvergence()
            try at.expectHeld(["big.txt", "tea.txt"])
            #expect(at.openAI.uploadCount == 2)
        }
    }

    @Test func anAnswerThatIsNoFileObjectIsNotBelieved() async throws {
        try await AtOpenAI.with(["tea.txt": "Earl Grey\n"]) { at in
            at.server.inject(.answer(.json(["id": 7, "bytes": "many"])), on: "POST /v1/files")
            let report = try await at.satchel.run(["sync"])
            #expect(report.status == 1, "\(report)")
            #expect(at.openAI.files.isEmpty)
            try await at.expectConvergence()
            #expect(at.openAI.uploadCount == 1)
        }
    }

    @Test func aServerThatIsNotThereEndsWithSix() async throws {
        try await withRefusingPort { port in
            try await AtOpenAI.with(files, environment: ["OPENAI_BASE_URL": "http://127.0.0.1:\(port)/v1"]) { at in
                let report = try await at.satchel.sync(status: 6)
                #expect(report.summary.failed == 2)
                #expect(report.failures.allSatisfy { $0.retryable && $0.code == "unreachable" })
                at.satchel.set("OPENAI_BASE_URL", at.openAI.baseURL)
                try await at.expectConvergence()
                #expect(at.openAI.uploadCount == 2)
            }
        }
    }

    @Test func oneFileThatIsRefusedDoesNotStopTheOthers() async throws {
        let files: [RawBytes: RawBytes] = Dictionary(
            uniqueKeysWithValues: (0..<20).map { (RawBytes("f\($0).txt"), RawBytes("\($0)\n")) }
        )
        try await AtOpenAI.with(files) { at in
            at.server.inject(.openAI(400, "no", type: "invalid_request_error"), on: "POST /v1/files", times: 2)
            let report = try await at.satchel.sync(status: 1)
            #expect(report.summary.uploaded == 18 && report.summary.failed == 2)
            let again = try await at.satchel.sync()
            #expect(again.summary.uploaded == 2 && again.summary.unchanged == 18)
            #expect(at.openAI.uploadCount == 20)
        }
    }

    @Test func aDeleteThatFailsIsTriedAgain() async throws {
        try await AtOpenAI.with(files, environment: ["SATCHEL_RETRIES": "0"]) { at in
            try await at.satchel.sync()
            at.workspace.remove("tea.txt")
            try await at.satchel.sync()
            at.server.inject(.openAI(500, "no"), on: "DELETE *")
            let failed = try await at.satchel.cleanup("--older-than", "0", status: 1)
            #expect(failed.summary.failed == 1)
            let done = try await at.satchel.cleanup()
            #expect(done.summary.deleted == 1)
            try at.expectHeld(["big.txt"])
        }
    }

    @Test func aDeleteWhoseAnswerIsLostIsNoError() async throws {
        try await AtOpenAI.with(files) { at in
            try await at.satchel.sync()
            at.workspace.remove("tea.txt")
            try await at.satchel.sync()
            at.server.inject(.loseAnswer, on: "DELETE *")
            let done = try await at.satchel.cleanup("--older-than", "0")
            #expect(done.summary.deleted == 1 && done.summary.failed == 0)
            try at.expectHeld(["big.txt"])
        }
    }

    @Test func aCopyThatIsGoneAlreadyNeedsNoDelete() async throws {
        try await AtOpenAI.with(files) { at in
            try await at.satchel.sync()
            at.workspace.remove("tea.txt")
            try await at.satchel.sync()
            let id = try #require(at.openAI.files.first { $0.name.hasPrefix("tea.") }?.id)
            at.openAI.store.forget(id)
            let done = try await at.satchel.cleanup("--older-than", "0")
            #expect(done.ok && done.summary.deleted == 1)
        }
    }
}
