import SatchelCore
import SatchelKit
import SatchelTestSupport
import Testing

/// What a watch renews by the clock, with a clock that can be put forward.
@Suite struct WatchRenewalTests {
    /// What a watch told.
    private struct Told: Sendable {
        var isReady = false
        var entries: [SyncReport.Entry.Kind] = []
    }

    /// Watches a file at a provider until its copy is about to end, and a second one is made.
    private func renewals(_ renew: String, until isEnough: @escaping @Sendable (Told) -> Bool) async throws -> Told {
        let clock = TestClock.running()
        return try await LoopbackOpenAI.with(store: LoopbackStore(clock: clock)) { openAI in
            var environment = openAI.environment
            environment["SATCHEL_RENEW"] = renew
            environment["SATCHEL_WATCH_QUIET"] = "20ms"
            let fixture = try WorkspaceFixture(["a.txt": "a\n"], environment: environment, clock: clock)
            let told = Watched(Told())
            let connection = try await fixture.workspace.connect(notice: { _ in })
            let watch = Task {
                try await fixture.workspace.watch(connection, reconnect: { throw CancellationError() }) { event in
                    told.update { told in
                        if case .ready = event { told.isReady = true }
                        if case .sync(.done(let entry)) = event { told.entries.append(entry.kind) }
                    }
                }
            }
            try await told.first("the watch to be ready") { $0.isReady ? () : nil }
            clock.advance(by: 23.9 * WorkspaceFixture.hour)
            // Whatever it is woken for, it looks at the clock again.
            try fixture.folder.write("b.txt", "b\n")
            let result = try await told.first("what is to happen") { isEnough($0) ? $0 : nil }
            watch.cancel()
            _ = await watch.result
            return result
        }
    }

    @Test func whatIsAboutToEndIsRenewedWhereItIsToBeKeptAlive() async throws {
        let told = try await renewals("always") { $0.entries.contains(.rehydrate) }
        #expect(told.entries.count { $0 == .rehydrate } == 1)
    }

    @Test func elsewhereItIsLeftUntilItIsNeeded() async throws {
        let told = try await renewals("on-use") { $0.entries.count { $0 == .upload } == 2 }
        #expect(!told.entries.contains(.rehydrate))
    }
}
