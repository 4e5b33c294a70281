import FoundationEssentials
import Glibc
import SatchelTestSupport
import Testing

/// A cause that lies with the account is told once, however many files wait for it, and ends the run soon.
@Suite(.timeLimit(.minutes(2))) struct AccountTroubleTests {
    private let files: [RawBytes: RawBytes] = Dictionary(
        uniqueKeysWithValues: (10..<60).map { (RawBytes("f\($0).txt"), RawBytes("\($0)\n")) }
    )

    /// What a person reads who lets 50 files go to an account that takes none.
    private func expectOneCause(
        of finished: FinishedProcess,
        status: Int32,
        _ words: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let lines = finished.stderr.split(separator: "\n")
        #expect(finished.status == status, sourceLocation: sourceLocation)
        #expect(lines.count == 2, "\(finished.stderr)", sourceLocation: sourceLocation)
        #expect(lines.first?.hasPrefix("satchel: openai: ") == true, "\(lines)", sourceLocation: sourceLocation)
        #expect(lines.first?.contains(words) == true, "\(lines)", sourceLocation: sourceLocation)
        let others = "satchel: f10.txt, f11.txt and 48 more files wait for it; the next sync sends them"
        #expect(lines.last.map(String.init) == others, sourceLocation: sourceLocation)
        #expect(finished.stdout.contains("50 failed"), sourceLocation: sourceLocation)
    }

    @Test func aServerThatIsNotThereIsToldOnce() async throws {
        try await withRefusingPort { port in
            let environment = ["OPENAI_BASE_URL": "http://127.0.0.1:\(port)/v1", "SATCHEL_RETRIES": "0"]
            try await AtOpenAI.with(files, environment: environment) { at in
                let text = try await at.satchel.run(["sync"])
                expectOneCause(of: text, status: 6, "127.0.0.1 cannot be reached")
                let document = try await at.satchel.sync(status: 6)
                #expect(document.failures.compactMap(\.path) == (10..<60).map { "f\($0).txt" })
                let all = try await at.satchel.run(["sync", "--verbose"])
                #expect(all.stderr.split(separator: "\n").count == 50)
            }
        }
    }

    @Test func aWrongKeyIsToldOnceAndTriedFewTimes() async throws {
        try await AtOpenAI.with(files, environment: ["OPENAI_API_KEY": "sk-wrong"]) { at in
            expectOneCause(of: try await at.satchel.run(["sync"]), status: 5, "check the API key")
            #expect(at.server.requests("POST /v1/files").count <= 16)
        }
    }

    @Test func aKeyThatMayNotUploadIsToldOnceAndTriedFewTimes() async throws {
        try await AtOpenAI.with(files, environment: ["SATCHEL_PARALLEL_UPLOADS": "4"]) { at in
            at.server.inject(
                .openAI(403, "not for this project", type: "invalid_request_error"),
                on: "POST /v1/files",
                times: 50
            )
            expectOneCause(of: try await at.satchel.run(["sync"]), status: 5, "not for this project")
            #expect(at.server.requests("POST /v1/files").count < 16)
        }
    }

    @Test func anOverloadedServerIsNotAskedForEveryFile() async throws {
        let environment = ["SATCHEL_RETRIES": "0", "SATCHEL_PARALLEL_UPLOADS": "4"]
        try await AtOpenAI.with(files, environment: environment) { at in
            at.server.inject(.status(503, body: "overloaded"), on: "POST /v1/files", times: 12)
            expectOneCause(of: try await at.satchel.run(["sync"]), status: 6, "overloaded")
            #expect(at.server.pendingFaults > 0)
            while at.server.pendingFaults > 0 { _ = try await at.satchel.run(["sync"]) }
            try await at.expectConvergence()
            try at.expectHeld(Array(files.keys))
        }
    }

    @Test func aFewFilesOfMisfortuneDoNotStopTheOthers() async throws {
        let environment = ["SATCHEL_RETRIES": "0", "SATCHEL_PARALLEL_UPLOADS": "1"]
        try await AtOpenAI.with(files, environment: environment) { at in
            at.server.inject(.status(503, body: "overloaded"), on: "POST /v1/files", times: 3)
            let finished = try await at.satchel.run(["sync"])
            #expect(finished.status == 6)
            #expect(finished.stderr.contains("and 1 more file waits for it"), "\(finished.stderr)")
            #expect(finished.stdout.contains("47 uploaded"))
        }
    }

    @Test func aCleanUpThatIsGivenUpNamesWhatItDidNotTry() async throws {
        try await AtOpenAI.with(files) { at in
            try await at.satchel.sync()
            for path in files.keys { at.workspace.remove(path) }
            try await at.satchel.sync("--yes")
            at.satchel.set("SATCHEL_RETRIES", "0")
            let troubles =
                [(fault: LoopbackFault.openAI(401, "no", type: "invalid_request_error"), status: Int32(5))]
                + [(fault: .status(503, body: "overloaded"), status: 6)]
            for trouble in troubles {
                at.server.inject(trouble.fault, on: "DELETE *", times: 50)
                let document = try await at.satchel.cleanup("--older-than", "0", "--yes", status: trouble.status)
                #expect(document.summary.failed < 30)
                #expect(document.summary.failed + document.summary.kept == 50)
                #expect(document.kept.contains { $0.reason.hasPrefix("not tried: ") })
                at.server.clearFaults()
            }
        }
    }

    @Test func aLongWaitIsToldWithoutATerminalAndAShortOneIsNot() async throws {
        try await AtOpenAI.with(["a.txt": "a\n", "b.txt": "b\n", "c.txt": "c\n"]) { at in
            at.server.inject(.status(503, body: "overloaded"), on: "GET /v1/files")
            let brief = try await at.satchel.run(["remote", "ls"]).check()
            #expect(!brief.stderr.contains("waiting"), "\(brief.stderr)")
            try at.satchel.home.makeFolder(".config/satchel")
            try at.satchel.home.write(
                ".config/satchel/config.yaml",
                "accounts:\n  openai:\n    limits: {uploads_per_minute: 1}\n"
            )
            let sync = try at.satchel.start(["sync"])
            _ = try await sync.errorLine(containing: "satchel: waiting until")
            sync.send(SIGINT)
            #expect(try await sync.status() == 130)
            #expect(sync.stderr.components(separatedBy: "waiting until").count == 2, "\(sync.stderr)")
        }
    }

    @Test(arguments: ["sk-two\nlines", "sk-fünf", "sk with spaces"])
    func aKeyThatIsNoneDoesNotSendTheFilesElsewhere(_ key: String) async throws {
        try await RunningSatchel.initialised(["a.txt": "a\n"], environment: ["OPENAI_API_KEY": key]) { satchel in
            let failure = try await satchel.failure("sync", status: 2)
            #expect(failure.message.hasPrefix("account openai: OPENAI_API_KEY holds no key; "), "\(failure)")
            #expect(!failure.message.contains(key))
            satchel.set("OPENAI_API_KEY", " \n")
            #expect(try await satchel.sync().account == "local")
        }
    }

    @Test func anAccountWithoutItsKeySaysHowToHaveOne() async throws {
        try await RunningSatchel.initialised { satchel in
            let failure = try await satchel.failure("sync", "--to", "openai", status: 2)
            #expect(
                failure.message
                    == "account: there is no account \"openai\"; set OPENAI_API_KEY, or define it under accounts"
            )
            let other = try await satchel.failure("sync", "--to", "nobody", status: 2)
            #expect(other.message.hasSuffix("there is only local"))
        }
    }
}
