import SatchelTestSupport
import Testing

/// Keeping an account at a provider in step: what is sent, when, and what is not.
@Suite struct OpenAISyncTests {
    private let files: [RawBytes: RawBytes] = [
        "README.md": "# Example\n", "src/main.swift": "print(1)\n", "src/twin.swift": "print(1)\n",
        "notes/tea.txt": "Earl Grey\n",
    ]

    @Test func aSyncUploadsEachContentOnceWithItsTimeToLive() async throws {
        try await AtOpenAI.with(files) { at in
            let first = try await at.satchel.sync()
            #expect(first.account == "openai")
            #expect(first.summary.uploaded == 3 && first.summary.linked == 1)
            try at.expectHeld(["README.md", "src/main.swift", "notes/tea.txt"])
            for request in at.server.requests("POST /v1/files") {
                let form = try request.form()
                #expect(form["purpose"]?.text == "user_data")
                #expect(form["expires_after[anchor]"]?.text == "created_at")
                #expect(form["expires_after[seconds]"]?.text == "86400")
            }
            let requests = at.server.requests.count
            let second = try await at.satchel.sync()
            #expect(second.summary.unchanged == 4)
            #expect(at.server.requests.count == requests, "a second sync asks nothing")
        }
    }

    @Test func theListNamesWhatTheAccountHolds() async throws {
        try await AtOpenAI.with(files) { at in
            try await at.satchel.sync()
            let list = try await at.satchel.list()
            #expect(list.files.count == 4)
            for file in list.files {
                let remote = try #require(file.remotes.first)
                #expect(remote.account == "openai" && remote.state == "ready" && remote.expiresAt != nil)
                let held = try #require(at.openAI.files.first { $0.id == remote.remoteId })
                #expect("\(held.sha256)" == file.sha256)
            }
        }
    }

    @Test func sourceCodeIsStoredUnderANameThatAChatAccepts() async throws {
        try await AtOpenAI.with(files) { at in
            try await at.satchel.sync()
            let names = at.openAI.files.map(\.name).sorted()
            #expect(names.count == 3)
            #expect(names[0].hasPrefix("README.") && names[0].hasSuffix(".md"))
            #expect(names[1].hasSuffix(".swift.txt") || names[2].hasSuffix(".swift.txt"))
        }
    }

    @Test func aRenameAndACopyUploadNothing() async throws {
        try await AtOpenAI.with(files) { at in
            try await at.satchel.sync()
            try at.workspace.move("notes/tea.txt", to: "kitchen/tea.txt")
            try at.workspace.write("copy.md", "# Example\n")
            let report = try await at.satchel.sync("--verbose")
            #expect(report.summary.uploaded == 0 && report.summary.linked == 2)
            #expect(report.actions.contains { $0.path == "kitchen/tea.txt" && $0.reason == "renamed" })
            #expect(report.actions.contains { $0.path == "copy.md" && $0.reason == "same_content" })
            #expect(at.openAI.uploadCount == 3)
            #expect(at.server.requests("DELETE *").isEmpty)
        }
    }

    @Test func anEditUploadsOneFileAndGoingBackNone() async throws {
        try await AtOpenAI.with(files) { at in
            try await at.satchel.sync()
            try at.workspace.write("README.md", "# Another\n")
            #expect(try await at.satchel.sync().summary.uploaded == 1)
            #expect(at.openAI.uploadCount == 4)
            // The old copy is kept for a while, so that going back costs nothing.
            try at.workspace.write("README.md", "# Example\n")
            #expect(try await at.satchel.sync().summary.linked == 1)
            #expect(at.openAI.uploadCount == 4)
        }
    }

    @Test func onlyWhatIsNamedIsSynced() async throws {
        try await AtOpenAI.with(files) { at in
            let report = try await at.satchel.sync("notes", "README.md")
            #expect(report.summary.uploaded == 2)
            try at.expectHeld(["README.md", "notes/tea.txt"])
            try await at.expectConvergence()
            #expect(at.openAI.uploadCount == 3)
        }
    }

    @Test func cleanupDeletesOnlyWhatThisWorkspaceMade() async throws {
        try await AtOpenAI.with(files) { at in
            // The same content, in the same account, from elsewhere.
            let other = try RunningSatchel(["tea.txt": "Earl Grey\n"], environment: at.openAI.environment)
            try await other.run(["init", "-q"]).check()
            try await other.run(["sync", "tea.txt"]).check()
            let foreign = try #require(at.openAI.files.first?.id)

            try await at.satchel.sync()
            #expect(at.openAI.uploadCount == 4)
            at.workspace.remove("notes")
            try await at.satchel.sync()
            #expect(at.server.requests("DELETE *").isEmpty)
            let done = try await at.satchel.cleanup("--older-than", "0")
            #expect(done.summary.deleted == 1 && done.summary.kept == 2)
            #expect(at.server.requests("DELETE *").count == 1)
            #expect(at.openAI.files.contains { $0.id == foreign })
            #expect(at.openAI.files.count == 3)

            let all = try await at.satchel.cleanup("--all", "--force")
            #expect(all.summary.deleted == 2)
            #expect(at.openAI.files.map(\.id) == [foreign])
        }
    }

    @Test func anUnneededCopyGoesAfterTheNewOneHasCome() async throws {
        try await AtOpenAI.with(files, environment: ["SATCHEL_KEEP_UNREFERENCED": "0s"]) { at in
            try await at.satchel.sync()
            try at.workspace.write("README.md", "# Another\n")
            at.server.forgetRequests()
            let report = try await at.satchel.sync()
            #expect(report.summary.uploaded == 1 && report.summary.deleted == 1)
            #expect(at.server.requests.map(\.method) == ["POST", "DELETE"])
            try at.expectHeld(["README.md", "src/main.swift", "notes/tea.txt"])
        }
    }

    @Test func aCopyThatEndsSoonIsUploadedAgain() async throws {
        try await AtOpenAI.with(["tea.txt": "Earl Grey\n"], environment: ["SATCHEL_TTL": "1h"]) { at in
            // The account's clock is nearly an hour late: what it stores ends within minutes.
            at.openAI.store.clock.advance(by: -3300)
            try await at.satchel.sync()
            #expect(try await at.satchel.list()["tea.txt"]?.remotes.map(\.state) == ["expiring"])
            #expect(try await at.satchel.status().accounts.first?.expiring == 1)
            at.openAI.store.clock.advance(by: 3300)

            let report = try await at.satchel.sync("--verbose")
            #expect(report.summary.rehydrated == 1 && report.summary.uploaded == 0)
            #expect(report.actions.map(\.reason) == ["expires_soon"])
            #expect(try await at.satchel.list()["tea.txt"]?.remotes.map(\.state) == ["ready"])
            try await at.expectConvergence()
            #expect(at.openAI.uploadCount == 2)
        }
    }

    @Test func anExpiredCopyIsUploadedAgain() async throws {
        try await AtOpenAI.with(["tea.txt": "Earl Grey\n"], environment: ["SATCHEL_TTL": "1h"]) { at in
            at.openAI.store.clock.advance(by: -7200)
            try await at.satchel.sync()
            at.openAI.store.clock.advance(by: 7200)
            #expect(at.openAI.files.isEmpty)
            #expect(try await at.satchel.status().accounts.first?.expired == 1)
            let report = try await at.satchel.sync("--verbose")
            #expect(report.summary.rehydrated == 1)
            #expect(report.actions.map(\.reason) == ["expired"])
            try at.expectHeld(["tea.txt"])
        }
    }

    @Test(arguments: [("never", nil), ("10m", "3600"), ("90d", "2592000"), ("2h", "7200")])
    func theTimeToLiveIsRoundedIntoWhatTheProviderTakes(_ ttl: String, _ seconds: String?) async throws {
        try await AtOpenAI.with(["tea.txt": "Earl Grey\n"]) { at in
            try await at.satchel.sync("--ttl", ttl)
            let form = try #require(at.server.requests("POST /v1/files").first).form()
            #expect(form["expires_after[seconds]"]?.text == seconds)
        }
    }

    @Test func aDryRunSendsAndChangesNothing() async throws {
        try await AtOpenAI.with(files) { at in
            let plan = try await at.satchel.sync("--dry-run")
            #expect(plan.dryRun && plan.summary.uploaded == 3 && plan.summary.linked == 1)
            #expect(plan.actions.filter { $0.action == "upload" }.allSatisfy { $0.reason == "new" })
            let check = try await at.satchel.sync("--check", status: 3)
            #expect(check.summary == plan.summary)
            #expect(at.server.requests.isEmpty)
            #expect(try await at.satchel.list().files.isEmpty)
            try await at.satchel.sync()
            try await at.satchel.sync("--check")
        }
    }

    @Test func whatTheAccountDoesNotTakeIsSkippedWithAReason() async throws {
        let files: [RawBytes: RawBytes] = ["empty.txt": "", "data.bin": [0, 1, 2, 3], "tea.txt": "Earl Grey\n"]
        try await AtOpenAI.with(files) { at in
            let report = try await at.satchel.sync()
            #expect(report.summary.uploaded == 1)
            #expect(report.skippedByReason["empty"] == 1)
            #expect(report.skippedByReason["unsupported"] == 1)
            #expect(try await at.satchel.why("data.bin").decision == "skip")
            // The local store takes everything.
            let local = try await at.satchel.sync("--to", "local")
            #expect(local.summary.uploaded == 3)
        }
    }

    @Test func eachAccountIsKeptInStepByItself() async throws {
        try await AtOpenAI.with(files) { at in
            try await at.satchel.run(["sync", "--to", "openai", "--to", "local"]).check()
            #expect(at.openAI.uploadCount == 3)
            let remotes = try await at.satchel.list()["README.md"]?.remotes.map(\.account).sorted()
            #expect(remotes == ["local", "openai"])
            // Another key is another account: the ids of the first mean nothing there.
            at.satchel.set("OPENAI_API_KEY", at.openAI.otherKey)
            #expect(try await at.satchel.sync().summary.uploaded == 3)
            #expect(Set(at.openAI.files.map(\.project)) == ["project-1", "project-2"])
        }
    }

    @Test func aListSaysWhatTheNextSyncWouldMakeOfAFile() async throws {
        try await AtOpenAI.with(["tea.txt": "Earl Grey\n", "empty.txt": "", "b.txt": "b\n"]) { at in
            func states() async throws -> [String: String] {
                Dictionary(uniqueKeysWithValues: try await at.satchel.list().files.map { ($0.path, $0.state) })
            }
            at.server.inject(.openAI(400, "no", type: "invalid_request_error"), on: "POST /v1/files")
            at.satchel.set("SATCHEL_PARALLEL_UPLOADS", "1")
            try await at.satchel.sync(status: 1)
            #expect(try await states() == ["tea.txt": "in_step", "empty.txt": "skipped", "b.txt": "pending"])
            try await at.satchel.sync()
            try await at.satchel.cleanup("--all", "--force")
            #expect(try await states() == ["tea.txt": "new", "empty.txt": "skipped", "b.txt": "new"])
            let status = try await at.satchel.status().accounts.first
            #expect(status?.inStep == 0 && status?.new == 2)
        }
    }

    @Test func whatIsNotUploadedInAdvanceIsSkippedInTheList() async throws {
        try await AtOpenAI.with(["tea.txt": "Earl Grey\n"]) { at in
            try await at.satchel.sync()
            at.satchel.set("SATCHEL_UPLOAD", "on-reference")
            try at.workspace.write("tea.txt", "Lapsang\n")
            try await at.satchel.sync()
            #expect(try await at.satchel.list()["tea.txt"]?.state == "skipped")
        }
    }

    @Test func aReplacedCopyThatCannotBeDeletedIsAFailure() async throws {
        try await AtOpenAI.with(["tea.txt": "Earl Grey\n"], environment: ["SATCHEL_RETRIES": "0"]) { at in
            try await at.satchel.sync()
            at.server.inject(.openAI(500, "no"), on: "DELETE *")
            let report: SyncDocument = try await at.satchel.document(["rehydrate", "--all"], status: 1)
            #expect(report.summary.rehydrated == 1 && report.failures.map(\.code) == ["temporary"])
            #expect(at.openAI.files.count == 2)
            #expect(try await at.satchel.cleanup().summary.deleted == 1)
            try at.expectHeld(["tea.txt"])
        }
    }
}
