import FoundationEssentials
import SatchelCore
import SatchelTestSupport
import Testing

@testable import SatchelKit

/// What a clean-up decides for one copy, by table.
@Suite struct CleanupPlanTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var state = CopyState.ready
        /// Seconds from now, each nil for never or none.
        var expires: TimeInterval?
        var untouched: TimeInterval = 0
        var isLinked = false
        var isPinned = false
        var options: @Sendable (inout CleanupOptions) -> Void = { _ in }
        let verdict: String
        let isDelete: Bool
    }

    private static let day: TimeInterval = 86400

    private static let cases: [Case] = [
        Case(testDescription: "a file stands for it", isLinked: true, verdict: "referenced", isDelete: false),
        Case(testDescription: "unreferenced a moment ago", untouched: 60, verdict: "recent", isDelete: false),
        Case(testDescription: "unreferenced for long", untouched: 2 * day, verdict: "unreferenced", isDelete: true),
        Case(
            testDescription: "unreferenced a moment ago, but forced",
            options: { $0.force = true },
            verdict: "unreferenced",
            isDelete: true
        ),
        Case(testDescription: "expired and unneeded", expires: -1, verdict: "expired", isDelete: true),
        Case(
            testDescription: "expired, but not asked for",
            expires: -1,
            untouched: 60,
            options: { $0.expired = false },
            verdict: "recent",
            isDelete: false
        ),
        Case(
            testDescription: "expired, but a file stands for it",
            expires: -1,
            isLinked: true,
            verdict: "expired",
            isDelete: false
        ),
        Case(
            testDescription: "a message needs it",
            untouched: 9 * day,
            isPinned: true,
            verdict: "pinned",
            isDelete: false
        ),
        Case(
            testDescription: "a message needs it, but forced",
            untouched: 9 * day,
            isPinned: true,
            options: { $0.force = true },
            verdict: "unreferenced",
            isDelete: true
        ),
        Case(
            testDescription: "a file stands for it, but everything is to go",
            isLinked: true,
            options: {
                $0.all = true
                $0.force = true
            },
            verdict: "requested",
            isDelete: true
        ),
        Case(
            testDescription: "forced alone leaves what files stand for",
            isLinked: true,
            options: { $0.force = true },
            verdict: "referenced",
            isDelete: false
        ),
        Case(testDescription: "a delete that was begun", state: .deleting, verdict: "unfinished", isDelete: true),
        Case(testDescription: "never arrived", state: .failed, verdict: "unreferenced", isDelete: true),
        Case(
            testDescription: "orphans not asked for",
            untouched: 9 * day,
            options: { $0.orphans = false },
            verdict: "unreferenced",
            isDelete: false
        ),
    ]

    @Test(arguments: cases)
    func eachCopyHasItsVerdict(_ each: Case) {
        let verdicts = verdicts(each, keepUnreferenced: Self.day)
        #expect(verdicts.map(\.code) == [each.verdict])
        #expect(verdicts.map(\.isDelete) == [each.isDelete])
    }

    @Test(arguments: [Double(Int64.max), 1e300, .infinity])
    func aWaitThatAnotherProcessMadeUpKeepsTheCopy(_ wait: Double) {
        let unneeded = Case(testDescription: "unneeded", verdict: "recent", isDelete: false)
        #expect(verdicts(unneeded, keepUnreferenced: wait).map(\.code) == ["recent"])
    }

    private func verdicts(_ each: Case, keepUnreferenced: TimeInterval) -> [CleanupVerdict] {
        let now = Date(timeIntervalSince1970: 1_800_000_000)
        let digest = independentDigest(of: Array("tea".utf8))
        let copy = KnownCopy(
            row: 1,
            digest: digest,
            state: each.state,
            createdAt: now.addingTimeInterval(-10 * Self.day),
            expiresAt: each.expires.map { now.addingTimeInterval($0) },
            touchedAt: now.addingTimeInterval(-each.untouched)
        )
        var options = CleanupOptions()
        each.options(&options)
        return planCleanup(
            CopyIndex(sorted: [copy]),
            linked: each.isLinked ? [digest] : [],
            pinned: each.isPinned ? [digest] : [],
            options: options,
            keepUnreferenced: keepUnreferenced,
            at: now
        )
    }
}
