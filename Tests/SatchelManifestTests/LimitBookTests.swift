import Glibc
import SatchelCore
import SatchelManifest
import SatchelTestSupport
import Testing

/// The file in which all processes of a user count together.
struct LimitBookTests {
    private let folder: TemporaryWorkspace
    private var path: String { "\(folder.root)/limits.db" }

    init() throws { folder = try TemporaryWorkspace(named: "state") }

    @Test func twoWhoAskAtOnceNeverGetTheLastPlaceBoth() async throws {
        let books = [try LimitBook(at: path), try LimitBook(at: path)]
        let policy = LimitPolicy(limits: AccountLimits(requestsPerMinute: 30))
        let decisions = await withTaskGroup(of: LimitDecision?.self) { group in
            for index in 0..<100 {
                group.addTask {
                    try? await books[index % 2].update("a") { policy.decide(RequestCost(), &$0, at: 1_800_000_000) }
                }
            }
            return await group.reduce(into: [LimitDecision?]()) { $0.append($1) }
        }
        #expect(decisions.count { $0 == .go } == 30)
        #expect(!decisions.contains(nil))
    }

    @Test func aStateIsReadBackAsItWasWrittenAndAccountsAreApart() async throws {
        let policy = LimitPolicy(limits: AccountLimits(uploadsPerMinute: 3, bandwidth: ByteCount(10)))
        let cost = RequestCost(uploads: 1, bytes: 100, tokens: 7, money: Dollars(ticks: 9) ?? .zero)
        let written = try await LimitBook(at: path).update("a") { state in
            _ = policy.decide(RequestCost(requests: 20), &state, at: 1_800_000_000)
            _ = policy.decide(cost, &state, at: 1_800_000_000.25)
            policy.noteRefusal(&state, retryAfter: 4, at: 1_800_000_001)
            return state
        }
        let book = try LimitBook(at: path)
        #expect(try await book.update("a") { $0 } == written)
        #expect(written.dayMoney.ticks == 9 && written.ceiling != nil)
        #expect(try await book.update("b") { $0 } == LimitState())
        var status = stat()
        #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
    }

    @Test func aCancelledTaskCanStillGiveBack() async throws {
        let book = try LimitBook(at: path)
        let policy = LimitPolicy(limits: AccountLimits(), budget: DailyBudget(uploads: 1))
        let cost = RequestCost(uploads: 1)
        _ = try await book.update("a") { policy.decide(cost, &$0, at: 1_800_000_000) }
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await book.update("a") { policy.giveBack(cost, &$0) }
        }
        try await task.value
        #expect(try await book.update("a") { $0.dayUploads } == 0)
    }

    @Test func whatIsNoDatabaseIsRefusedAndLeftAlone() throws {
        try folder.write("limits.db", "not a database, but long enough to be taken for one by a careless reader\n")
        #expect(throws: ManifestError.self) { try LimitBook(at: path) }
        #expect(folder.text("limits.db")?.hasPrefix("not a database") == true)
    }
}
