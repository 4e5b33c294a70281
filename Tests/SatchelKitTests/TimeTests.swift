import FoundationEssentials
import SatchelCore
import SatchelKit
import SatchelTestSupport
import Testing

/// What happens by the clock: copies end, and what nothing refers to is let go.
@Suite struct TimeTests {
    private let hour = WorkspaceFixture.hour

    @Test func whatNothingRefersToIsKeptForADay() async throws {
        let fixture = try WorkspaceFixture(["a.txt": "a\n", "b.txt": "b\n"])
        _ = try await fixture.sync()
        fixture.folder.remove("a.txt")
        #expect(try await fixture.sync().summary.forgotten == 1)
        fixture.clock.advance(by: 23 * hour)
        #expect(try await fixture.sync().summary.deleted == 0)
        fixture.clock.advance(by: 2 * hour)
        #expect(try await fixture.sync().summary.deleted == 1)
    }

    @Test func aContentThatComesBackStartsItsDayAnew() async throws {
        let fixture = try WorkspaceFixture(["a.txt": "a\n", "b.txt": "b\n"])
        _ = try await fixture.sync()
        fixture.folder.remove("a.txt")
        _ = try await fixture.sync()
        fixture.clock.advance(by: 20 * hour)
        try fixture.folder.write("a.txt", "a\n")
        #expect(try await fixture.sync().summary.linked == 1)
        fixture.folder.remove("a.txt")
        _ = try await fixture.sync()
        fixture.clock.advance(by: 20 * hour)
        #expect(try await fixture.sync().summary.deleted == 0)
    }

    @Test func aClockThatGoesBackDeletesNothing() async throws {
        let fixture = try WorkspaceFixture(["a.txt": "a\n", "b.txt": "b\n"])
        _ = try await fixture.sync()
        fixture.folder.remove("a.txt")
        _ = try await fixture.sync()
        fixture.clock.advance(by: -1000 * hour)
        let report = try await fixture.sync()
        #expect(report.summary.deleted == 0 && report.summary.unchanged == 1)
    }

    @Test func aRemoteCopyIsRenewedInItsLastMinutes() async throws {
        try await LoopbackOpenAI.with(store: LoopbackStore(clock: TestClock())) { openAI in
            let clock = openAI.store.clock
            let fixture = try WorkspaceFixture(["a.txt": "a\n"], environment: openAI.environment, clock: clock)
            #expect(try await fixture.sync().summary.uploaded == 1)
            clock.advance(by: 23.5 * hour)
            #expect(try await fixture.sync().summary.unchanged == 1)
            clock.advance(by: 0.4 * hour)
            #expect(try await fixture.workspace.status().accounts.first?.expiring == 1)
            // A watch that renews on use leaves it, a sync does not.
            #expect(try await fixture.sync { $0.renewsExpired = false }.summary.unchanged == 1)
            let renewed = try await fixture.sync()
            #expect(renewed.summary.rehydrated == 1)
            // The older copy is still there for some minutes, and ours to delete.
            #expect(openAI.files.count == 2)
            #expect(try await fixture.cleanup().deleted.count == 1)
            #expect(openAI.files.count == 1)
            clock.advance(by: 48 * hour)
            #expect(try await fixture.workspace.status().accounts.first?.expired == 1)
            #expect(try await fixture.sync().summary.rehydrated == 1)
            #expect(try await fixture.workspace.status().accounts.first?.inStep == 1)
        }
    }

    @Test func anExpiredCopyThatNobodyNeedsIsForgottenWithoutARequest() async throws {
        try await LoopbackOpenAI.with(store: LoopbackStore(clock: TestClock())) { openAI in
            let clock = openAI.store.clock
            let files: [RawBytes: RawBytes] = ["a.txt": "a\n", "b.txt": "b\n"]
            let fixture = try WorkspaceFixture(files, environment: openAI.environment, clock: clock)
            _ = try await fixture.sync()
            fixture.folder.remove("a.txt")
            _ = try await fixture.sync()
            clock.advance(by: 25 * hour)
            let report = try await fixture.sync()
            #expect(report.summary.rehydrated == 1 && report.failures.isEmpty)
            #expect(try await fixture.workspace.status().entries.isEmpty)
            #expect(try await fixture.cleanup().failed.isEmpty)
            #expect(openAI.files.count == 1)
        }
    }

    @Test(arguments: [24.0, -24.0, 23.9, -100])
    func aClockThatJumpsUploadsNothingAndTrustsNoDeadId(_ hours: Double) async throws {
        try await LoopbackOpenAI.with(store: LoopbackStore(clock: TestClock())) { openAI in
            let clock = TestClock()
            let fixture = try WorkspaceFixture(
                ["a.txt": "a\n", "b.txt": "b\n"],
                environment: openAI.environment,
                clock: clock
            )
            #expect(try await fixture.sync().summary.uploaded == 2)
            clock.advance(by: hours * hour)
            let report = try await fixture.sync()
            #expect(report.summary.unchanged == 2 && report.summary.rehydrated == 0)
            #expect(openAI.uploadCount == 2)
            // Their day is really over now, whatever our clock says.
            openAI.store.clock.advance(by: 24 * hour)
            #expect(try await fixture.sync().summary.rehydrated == 2)
            #expect(openAI.files.count == 2)
            clock.advance(by: -hours * hour)
            #expect(try await fixture.sync().summary.unchanged == 2)
        }
    }

    @Test func whatEndsWithinTheTimeAskedForIsRenewed() async throws {
        try await LoopbackOpenAI.with(store: LoopbackStore(clock: TestClock())) { openAI in
            let clock = openAI.store.clock
            let fixture = try WorkspaceFixture(["a.txt": "a\n"], environment: openAI.environment, clock: clock)
            _ = try await fixture.sync()
            clock.advance(by: 21 * hour)
            let connection = try await fixture.workspace.connect(notice: { _ in })
            var options = RehydrateOptions()
            func rehydrate() async throws -> SyncReport {
                try await fixture.workspace.rehydrate(.everything, in: connection, options: options) { _ in }
            }
            options.within = 2 * hour
            #expect(try await rehydrate().summary.unchanged == 1)
            options.within = 4 * hour
            #expect(try await rehydrate().summary.rehydrated == 1)
            options.all = true
            #expect(try await rehydrate().summary.rehydrated == 1)
            #expect(openAI.files.count == 1, "what was replaced is gone")
            openAI.store.forget(try #require(openAI.files.first?.id))
            options = RehydrateOptions()
            #expect(try await rehydrate().summary.uploaded == 1)
        }
    }
}
