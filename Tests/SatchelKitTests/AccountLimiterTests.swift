import Dispatch
import FoundationEssentials
import SatchelCore
import SatchelManifest
import SatchelTestSupport
import Testing

@testable import SatchelKit

/// What one process counts while the book of all processes fails.
struct AccountLimiterTests {
    @Test func whatIsCountedWhileTheBookFailsIsWrittenDownLater() async throws {
        let folder = try TemporaryWorkspace(named: "state")
        let path = "\(folder.root)/limits.db"
        let others = try LimitBook(at: path)
        let policy = LimitPolicy(limits: AccountLimits(), budget: DailyBudget(uploads: 5))
        let limiter = AccountLimiter(
            policy,
            account: "a",
            book: try LimitBook(at: path, patience: 0.01),
            pause: .zero
        )
        let now = Date(timeIntervalSince1970: 1_800_000_000)
        let upload = RequestCost(uploads: 1)
        #expect(await limiter.ask(upload, at: now) == .go)

        // Another process holds the book, with two uploads of its own.
        let isHeld = Watched(false)
        let end = DispatchSemaphore(value: 0)
        let holder = Task {
            try await others.update("a") { state in
                _ = policy.decide(upload, &state, at: now.timeIntervalSince1970)
                _ = policy.decide(upload, &state, at: now.timeIntervalSince1970)
                isHeld.update { $0 = true }
                end.wait()
            }
        }
        try await isHeld.first("the book to be held", within: .seconds(60)) { $0 ? () : nil }
        #expect(await limiter.ask(upload, at: now) == .go)
        #expect(await limiter.ask(upload, at: now) == .go)
        end.signal()
        try await holder.value

        guard case .stop = await limiter.ask(upload, at: now) else {
            Issue.record("a sixth upload goes")
            return
        }
        #expect(try await others.update("a") { $0.dayUploads } == 5)
    }
}
