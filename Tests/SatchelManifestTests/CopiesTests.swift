import FoundationEssentials
import SatchelCore
import SatchelManifest
import Testing

/// What is remembered of remote copies, and which statement keeps which promise.
@Suite struct CopiesTests {
    @Test func anUploadIsAnnouncedBeforeItIsReady() async throws {
        let fixture = try ManifestFixture()
        let account = try await fixture.account()
        let row = try await fixture.begin("tea", in: account)
        let interrupted = try await fixture.manifest.interruptedUploads(in: account)
        #expect(interrupted.map(\.row) == [row])
        #expect(interrupted.map(\.uploadName) == ["tea.txt"])
        #expect(interrupted.first?.startedAt == fixture.now)
        try await fixture.manifest.finishUploads([.failed(row: row, error: "refused")], at: fixture.now)
        #expect(try await fixture.manifest.interruptedUploads(in: account).isEmpty)
        let copies = try await fixture.manifest.copies(in: account)
        #expect(copies.copies.map(\.state) == [.failed])
    }

    @Test func anUploadThatMayHaveArrivedStaysAnnounced() async throws {
        let fixture = try ManifestFixture()
        let account = try await fixture.account()
        let row = try await fixture.begin("tea", in: account)
        try await fixture.manifest.finishUploads([.doubtful(row: row, error: "lost")], at: fixture.now)
        #expect(try await fixture.manifest.interruptedUploads(in: account).map(\.row) == [row])
        #expect(try await fixture.manifest.details(in: account)[row]?.error == "lost")
    }

    @Test func linksMoveWithTheEndOfTheUpload() async throws {
        let fixture = try ManifestFixture()
        let account = try await fixture.account()
        try await fixture.upload("a.txt", "old", as: "file-1", in: account)
        // Read again, but the new content is not there yet: the path still stands for the old one.
        try await fixture.remember("a.txt", "new")
        var known = try await fixture.manifest.known(in: .everything)
        #expect(known.map(\.linked) == [ManifestFixture.digest("old")])
        #expect(known.map(\.digest) == [ManifestFixture.digest("new")])

        try await fixture.upload("a.txt", "new", as: "file-2", in: account)
        known = try await fixture.manifest.known(in: .everything)
        #expect(known.map(\.linked) == [ManifestFixture.digest("new")])
    }

    @Test func aCopyThatAPathStandsForIsNotDeleted() async throws {
        let fixture = try ManifestFixture()
        let account = try await fixture.account()
        let row = try await fixture.upload("a.txt", "tea", as: "file-1", in: account)
        #expect(try await fixture.manifest.beginDelete(row: row) == nil)
        #expect(try await fixture.manifest.copies(in: account).copies.map(\.state) == [.ready])
        #expect(try await fixture.manifest.beginDelete(row: row, force: true) != nil)
    }

    @Test func aSecondPathKeepsTheCopyOfTheFirst() async throws {
        let fixture = try ManifestFixture()
        let account = try await fixture.account()
        let row = try await fixture.upload("a.txt", "tea", as: "file-1", in: account)
        try await fixture.remember("b.txt", "tea")
        try await fixture.manifest.link(
            [(ManifestFixture.path("b.txt"), ManifestFixture.digest("tea"))],
            at: fixture.now
        )
        try await fixture.manifest.forget([ManifestFixture.path("a.txt")], at: fixture.now)
        #expect(try await fixture.manifest.beginDelete(row: row) == nil)
        try await fixture.manifest.forget([ManifestFixture.path("b.txt")], at: fixture.now)
        let id = try fixture.remote("file-1").id
        #expect(try await fixture.manifest.beginDelete(row: row) == .remote(id))
        // Announced deletes are finished by the next run.
        #expect(try await fixture.manifest.copies(in: account).copies.map(\.state) == [.deleting])
        try await fixture.manifest.finishDelete(row: row, of: id, because: "unreferenced", at: fixture.now)
        #expect(try await fixture.manifest.copies(in: account).copies.isEmpty)
    }

    @Test(arguments: [(ProviderID.local, true), (.openai, false)])
    func aMessageKeepsTheBytesOfTheLocalStoreAlone(_ provider: ProviderID, _ isKept: Bool) async throws {
        let fixture = try ManifestFixture()
        let account = try await fixture.account(provider)
        let row = try await fixture.upload("a.txt", "tea", as: "file-1", in: account)
        let thread = try await fixture.manifest.createThread(title: "t", at: fixture.now)
        _ = try await fixture.manifest.beginTurn(
            in: thread,
            question: "what?",
            files: [.init(path: ManifestFixture.path("a.txt"), digest: ManifestFixture.digest("tea"))],
            model: "m",
            account: account,
            at: fixture.now
        )
        try await fixture.manifest.forget([ManifestFixture.path("a.txt")], at: fixture.now)
        #expect(try await fixture.manifest.pinnedContents() == [ManifestFixture.digest("tea")])
        #expect((try await fixture.manifest.beginDelete(row: row) == nil) == isKept)
    }

    @Test func aCopyWithoutARemoteFileIsDroppedAtOnce() async throws {
        let fixture = try ManifestFixture()
        let account = try await fixture.account()
        let row = try await fixture.begin("tea", in: account)
        #expect(try await fixture.manifest.beginDelete(row: row) == .dropped)
        #expect(try await fixture.manifest.beginDelete(row: row) == nil)
    }

    @Test func accountsAreToldApartByTheirKeys() async throws {
        let fixture = try ManifestFixture()
        let first = try await fixture.account(key: "one")
        let second = try await fixture.account(key: "two")
        #expect(first != second)
        #expect(try await fixture.account(key: "one") == first)
        try await fixture.upload("a.txt", "tea", as: "file-1", in: first)
        #expect(try await fixture.manifest.copies(in: second).copies.isEmpty)
        let digests: Set = [ManifestFixture.digest("tea")]
        #expect(try await fixture.manifest.remoteIDs(of: digests, in: second).isEmpty)
        #expect(try await fixture.manifest.remoteIDs(of: digests, in: first).count == 1)
    }

    @Test func whatLeftThisMachineIsWrittenDownUntilItIsDeleted() async throws {
        let fixture = try ManifestFixture()
        let account = try await fixture.account()
        try await fixture.upload("a.txt", "tea", as: "file-1", in: account)
        // The same content again, as after an expiry: the first copy has lost its row.
        try await fixture.upload("a.txt", "tea", as: "file-2", in: account)
        let lost = try await fixture.manifest.lostCopies(in: account, at: fixture.now)
        #expect(lost.map(\.remoteID.rawValue) == ["file-1"])
        for copy in lost { try await fixture.manifest.settleLost(copy, because: "orphaned", at: fixture.now) }
        #expect(try await fixture.manifest.lostCopies(in: account, at: fixture.now).isEmpty)
        #expect(try fixture.value("SELECT count(*) FROM ledger", as: Int.self) == 2)
    }

    @Test func anExpiredCopyIsNotLost() async throws {
        let fixture = try ManifestFixture()
        let account = try await fixture.account()
        try await fixture.upload("a.txt", "tea", as: "file-1", in: account)
        try await fixture.upload("a.txt", "tea", as: "file-2", in: account)
        let later = fixture.now.addingTimeInterval(90000)
        #expect(try await fixture.manifest.lostCopies(in: account, at: later).isEmpty)
    }

    @Test func aVanishedCopyIsForgottenByItsId() async throws {
        let fixture = try ManifestFixture()
        let account = try await fixture.account()
        try await fixture.upload("a.txt", "tea", as: "file-1", in: account)
        try await fixture.manifest.markGone(try fixture.remote("file-1").id, in: account, at: fixture.now)
        #expect(try await fixture.manifest.copies(in: account).copies.isEmpty)
        #expect(try await fixture.manifest.known(in: .everything).count == 1)
    }

    @Test func aCancelledTaskStillRemembersWhatItDid() async throws {
        let fixture = try ManifestFixture()
        let account = try await fixture.account()
        let row = try await fixture.begin("tea", in: account)
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await fixture.manifest.finishUploads(
                [.ready(row: row, fixture.remote("file-1"), ledgerPath: nil)],
                at: fixture.now
            )
        }
        try await task.value
        #expect(try await fixture.manifest.copies(in: account).copies.map(\.state) == [.ready])
    }

    @Test func pathsAreListedInByteOrderWithinTheirScope() async throws {
        let fixture = try ManifestFixture()
        for path in ["b", "a/x", "a", "a-b", "a/y/z", "a0", "ä"] { try await fixture.remember(path, path) }
        func listed(_ scope: Scope) async throws -> [String] {
            try await fixture.manifest.known(in: scope).map { "\($0.path)" }
        }
        #expect(try await listed(.everything) == ["a", "a-b", "a/x", "a/y/z", "a0", "b", "ä"])
        #expect(try await listed(.paths([ManifestFixture.path("a")])) == ["a", "a/x", "a/y/z"])
        #expect(try await listed(.paths([ManifestFixture.path("a-b"), ManifestFixture.path("a")])).count == 4)
        #expect(try await listed(.paths([ManifestFixture.path("c")])).isEmpty)
    }
}
