import FoundationEssentials
import Glibc
import SatchelTestSupport
import Testing

/// Limits and budgets of an account, shared by all who use its key; what a sync would take; what it tells meanwhile.
@Suite struct LimitTests {
    private struct Event: Decodable {
        var type: String
        var account, path, action, reason, code, message, until: String?
        var uploads, files: Int?
        var bytes: Int64?
        var dryRun: Bool?
        var summary: SyncDocument.Summary?
    }

    private struct Estimates: Decodable {
        struct Estimate: Decodable {
            var account: String
            var uploads, untold: Int
            var bytes, tokens, seconds: Int64
            var storagePerDay, storageInAll: String?
        }

        var ok: Bool
        var estimates: [Estimate]
    }

    /// `count` files of one line each.
    private func files(_ count: Int, _ word: String) -> [RawBytes: RawBytes] {
        Dictionary(
            uniqueKeysWithValues: (0..<count).map { (RawBytes("\(word)\($0).txt"), RawBytes("\(word) \($0)\n")) }
        )
    }

    /// The configuration of the account, where the user keeps theirs: both workspaces see it.
    private func configure(_ satchel: RunningSatchel, account: String = "openai", _ lines: String) throws {
        try satchel.home.makeFolder(".config/satchel")
        try satchel.home.write(".config/satchel/config.yaml", RawBytes("accounts:\n  \(account):\n    \(lines)\n"))
    }

    private func events(_ text: String) throws -> [Event] {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try text.split(separator: "\n").map { try decoder.decode(Event.self, from: Data($0.utf8)) }
    }

    @Test func aBudgetStopsBeforeItIsPassedAndExitsWithFour() async throws {
        try await AtOpenAI.with(files(8, "tea")) { at in
            try configure(at.satchel, "budget: {uploads_per_day: 5}")
            let first = try await at.satchel.sync(status: 4)
            #expect(first.summary.uploaded == 5 && first.summary.failed == 3)
            #expect(first.failures.allSatisfy { $0.code == "budget" && !$0.retryable })
            #expect(first.failures.first?.message.contains("5 of 5 are used today") == true)
            try await at.satchel.sync(status: 4)
            #expect(at.openAI.uploadCount == 5)
            try configure(at.satchel, "budget: {uploads_per_day: 8}")
            try await at.satchel.sync()
            #expect(at.openAI.uploadCount == 8)
            // A folder's own file may lower what its user allows, never raise it.
            try at.workspace.write("satchel.yaml", "accounts: {openai: {budget: {uploads_per_day: 100}}}\n")
            try await at.satchel.sync(status: 4)
        }
    }

    @Test func whatNeverArrivedTakesNothingOfTheDaysMoney() async throws {
        // 1 MB costs 0.000023 dollars for the day that it is wanted.
        let files: [RawBytes: RawBytes] = ["a.txt": RawBytes(String(repeating: "tea\n", count: 250_000))]
        try await LoopbackXAI.with { xAI in
            let environment = xAI.environment.merging(["SATCHEL_RETRIES": "2"]) { $1 }
            try await RunningSatchel.initialised(files, environment: environment) { satchel in
                try configure(satchel, account: "xai", "budget: {money_per_day: 0.00003}")
                xAI.server.inject(xAI.refusing(.rateLimited(seconds: 1)), on: xAI.uploadRoute, times: 3)
                let first = try await satchel.run(["sync"])
                #expect(first.status == 6, "\(first)")
                try await satchel.sync()
                #expect(xAI.uploadCount == 1)
                // It counts once it is there.
                try satchel.workspace.write("b.txt", RawBytes(String(repeating: "two\n", count: 250_000)))
                try await satchel.sync(status: 4)
            }
        }
    }

    @Test func twoProcessesInTwoWorkspacesShareOneBudget() async throws {
        try await AtOpenAI.with(files(9, "tea")) { at in
            try configure(at.satchel, "budget: {uploads_per_day: 10}")
            let other = try TemporaryWorkspace(files(9, "coffee"), named: "other")
            try await at.satchel.run(["init", "--quiet"], in: other.root).check()
            other.remove("satchel.yaml")
            let one = try at.satchel.start(["sync"])
            let two = try at.satchel.start(["sync"], in: other.root)
            let statuses = [try await one.status(), try await two.status()]
            #expect(at.openAI.uploadCount == 10)
            #expect(statuses.contains(4))
        }
    }

    @Test func twoProcessesShareOneLimitAndSayWhatTheyWaitFor() async throws {
        try await AtOpenAI.with(files(4, "tea")) { at in
            try configure(at.satchel, "limits: {uploads_per_minute: 6}")
            let other = try TemporaryWorkspace(files(4, "coffee"), named: "other")
            try await at.satchel.run(["init", "--quiet"], in: other.root).check()
            other.remove("satchel.yaml")
            try await at.satchel.sync()
            let second = try at.satchel.start(["sync", "--events"], in: other.root)
            let line = try await second.line(containing: "waiting")
            #expect(at.openAI.uploadCount <= 6)
            let event = try #require(try events(line).first)
            #expect(event.type == "waiting" && event.message == "rate limit of 6 uploads a minute")
            #expect(event.until != nil && event.account == "openai")
            // Stopped while it waits, it leaves nothing undecided behind.
            second.send(SIGTERM)
            #expect(try await second.status() == 130)
            #expect(at.openAI.uploadCount <= 6)
        }
    }

    @Test func whatCannotBeSharedHoldsInOneProcess() async throws {
        try await AtOpenAI.with(files(3, "tea")) { at in
            try configure(at.satchel, "budget: {uploads_per_day: 2}")
            try at.satchel.home.makeFolder(".local/state/satchel/limits.db")
            let ended = try await at.satchel.run(["sync"]).check(4)
            #expect(ended.stderr.contains("limits and budgets hold in this process only"))
            #expect(at.openAI.uploadCount == 2)
        }
    }

    @Test func anEstimateSaysBytesTokensAndMoneyAndSendsNothing() async throws {
        let files: [RawBytes: RawBytes] = ["a.txt": RawBytes(String(repeating: "tea ", count: 1000))]
        try await LoopbackXAI.with { xAI in
            try await RunningSatchel.initialised(files, environment: xAI.environment) { satchel in
                let document: Estimates = try await satchel.document(["sync", "--estimate"])
                let estimate = try #require(document.estimates.first)
                #expect(estimate.account == "xai" && estimate.uploads == 1 && estimate.bytes == 4000)
                #expect(estimate.tokens == 1000 && estimate.untold == 0)
                // 4000 bytes at $0.025 for a GiB and a day, rounded up to a whole tick.
                #expect(estimate.storagePerDay == "0.0000000932 USD")
                #expect(estimate.storageInAll == "0.0000000932 USD")
                #expect(xAI.server.requests.isEmpty)
                let text = try await satchel.run(["sync", "--estimate"]).check().stdout
                #expect(text.contains("1 to upload; 4 KB; about 1000 tokens"))
            }
        }
    }

    @Test func eventsTellEverythingOneLineEach() async throws {
        try await AtOpenAI.with(files(3, "tea")) { at in
            let first = try events(try await at.satchel.run(["sync", "--events"]).check().stdout)
            #expect(first.map(\.type) == ["scanning", "hashed", "planned", "done", "done", "done", "report"])
            #expect(
                first[2].uploads == 3
                    && first[2].bytes == first.filter { $0.action != nil }.compactMap(\.bytes).reduce(0, +)
            )
            #expect(first.allSatisfy { $0.account == "openai" })
            #expect(first.last?.summary?.addsUp == true && first.last?.summary?.uploaded == 3)
            try at.workspace.write("new.txt", "new\n")
            let plan = try events(try await at.satchel.run(["sync", "--events", "--dry-run"]).check().stdout)
            #expect(plan.map(\.type) == ["scanning", "hashed", "planned", "done", "report"])
            #expect(plan[2].uploads == 1 && plan[2].bytes == 4 && plan.last?.dryRun == true)
            let failed = try await at.satchel.run(["sync", "--events", "nothing.txt"]).check(2)
            #expect(try events(failed.stdout).last?.code == "cannot_start")
            try await at.satchel.run(["sync", "--events", "--json"]).check(64)
            at.workspace.remove("new.txt")
            for path in ["tea0.txt", "tea1.txt"] { at.workspace.remove(RawBytes(path)) }
            try await at.satchel.sync()
            let cleaned = try await at.satchel.run(["cleanup", "--older-than", "0", "--events"]).check()
            let deleted = try events(cleaned.stdout)
            #expect(deleted.map(\.type) == ["done", "done", "done", "report"])
            #expect(deleted.count { $0.action == "delete" } == 2)
        }
    }
}
