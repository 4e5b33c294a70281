import SatchelTestSupport
import Testing

/// `remote reconcile`: what is there beside what is remembered, adopted or deleted where it is ours.
@Suite(.timeLimit(.minutes(2)))
struct ReconcileTests {
    struct Document: Decodable {
        struct File: Decodable {
            var remoteId, name: String
            var path, sha256: String?
        }

        var ok, dryRun: Bool
        var ours, missing, foreign: Int
        var orphaned, adoptable, adopted, deleted, failed: [File]
    }

    private let files: [RawBytes: RawBytes] = [
        "tea.txt": "Earl Grey\n", "a/milk.md": "# milk\n", "twin.txt": "Earl Grey\n",
    ]

    private func loseManifest(_ satchel: RunningSatchel) {
        for name in ["manifest.db", "manifest.db-wal", "manifest.db-shm"] {
            satchel.workspace.remove(RawBytes(".satchel/\(name)"))
        }
    }

    private func reconcile(_ satchel: RunningSatchel, _ arguments: String...) async throws -> Document {
        try await satchel.document(["remote", "reconcile"] + arguments)
    }

    @Test func whatWasAddedIsNoStrangerInTheLocalStore() async throws {
        try await RunningSatchel.initialised(["a.txt": "one\n"]) { satchel in
            try await satchel.sync()
            try await satchel.run(["add", "-", "--name", "note"], stdin: "added\n").check()
            let list = try await satchel.run(["remote", "ls"]).check()
            #expect(list.stdout.split(separator: "\n").allSatisfy { $0.hasPrefix("ours") }, "\(list.stdout)")
            let reconciled = try await satchel.run(["remote", "reconcile"]).check()
            #expect(reconciled.stdout == "local: 2 ours\n", "\(reconciled.stdout)")
        }
    }

    @Test func aLostManifestIsRebuiltWithoutAnUpload() async throws {
        try await AtOpenAI.with(files) { at in
            try await at.satchel.sync()
            #expect(at.openAI.uploadCount == 2)
            loseManifest(at.satchel)
            let seen = try await reconcile(at.satchel)
            #expect(seen.adoptable.count == 2 && seen.adopted.isEmpty && seen.ours == 0)
            #expect(try await reconcile(at.satchel, "--adopt", "--dry-run").adoptable.count == 2)
            let done = try await reconcile(at.satchel, "--adopt")
            #expect(Set(done.adopted.compactMap(\.path)) == ["a/milk.md", "tea.txt"])
            #expect(try await at.satchel.status().accounts.first?.inStep == 3)
            #expect(try await at.satchel.sync().summary.unchanged == 3)
            #expect(at.openAI.uploadCount == 2)
            #expect(try await reconcile(at.satchel).ours == 2)
            // They are ours again, with all that follows from it.
            at.workspace.remove("tea.txt")
            at.workspace.remove("twin.txt")
            try await at.satchel.sync()
            #expect(try await at.satchel.cleanup("--older-than", "0").summary.deleted == 1)
            try at.expectHeld(["a/milk.md"])
        }
    }

    @Test func atGeminiTheDigestDecides() async throws {
        try await LoopbackGemini.with { gemini in
            try await RunningSatchel.initialised(files, environment: gemini.environment) { satchel in
                try await satchel.sync()
                loseManifest(satchel)
                #expect(try await reconcile(satchel, "--adopt").adopted.count == 2)
                #expect(try await satchel.sync().summary.unchanged == 3)
                #expect(gemini.uploadCount == 2)
            }
        }
    }

    @Test func theLocalStoreIsAdoptedToo() async throws {
        try await RunningSatchel.initialised(files) { satchel in
            try await satchel.sync()
            loseManifest(satchel)
            #expect(try await reconcile(satchel, "--adopt").adopted.count == 2)
            #expect(try await satchel.sync().summary.unchanged == 3)
        }
    }

    @Test func nothingIsAdoptedThatIsNotSurelyTheSame() async throws {
        try await AtOpenAI.with(files) { at in
            try await at.satchel.sync()
            loseManifest(at.satchel)
            // Another text of the same length, and the same name with other digits.
            try at.workspace.write("tea.txt", "Lapsang!!\n")
            at.workspace.remove("twin.txt")
            let found = try await reconcile(at.satchel, "--adopt")
            #expect(found.adopted.map(\.path) == ["a/milk.md"])
            #expect(found.foreign == 1)
            #expect(at.openAI.files.count == 2)
        }
    }

    @Test func onlyWhatTheLedgerNamesIsDeleted() async throws {
        try await AtOpenAI.with(["tea.txt": "Earl Grey\n"]) { at in
            try await at.satchel.sync()
            try await RunningSatchel.initialised(["b.txt": "theirs\n"], environment: at.openAI.environment) { other in
                try await other.sync()
            }
            // A renewal leaves the old copy behind for some minutes.
            _ = try await at.satchel.run(["rehydrate", "--within", "30h"]).check()
            #expect(at.openAI.files.count == 3)
            let seen = try await reconcile(at.satchel)
            #expect(seen.ours == 1 && seen.foreign == 1 && seen.orphaned.map(\.path) == ["tea.txt"])
            #expect(try await reconcile(at.satchel, "--delete-orphans", "--dry-run").deleted.isEmpty)
            let done = try await reconcile(at.satchel, "--delete-orphans", "--adopt")
            #expect(done.deleted.count == 1 && done.foreign == 1)
            #expect(at.openAI.files.count == 2)
            #expect(try await at.satchel.sync().summary.unchanged == 1)
        }
    }

    @Test func aKeyThatIsRefusedEndsEveryDeleteWithTheSameStatus() async throws {
        try await AtOpenAI.with(["tea.txt": "Earl Grey\n"]) { at in
            try await at.satchel.sync()
            _ = try await at.satchel.run(["rehydrate", "--within", "30h"]).check()
            at.server.inject(.openAI(401, "Incorrect API key provided"), on: "DELETE *", times: 20)
            for arguments in [
                ["remote", "reconcile", "--delete-orphans"], ["audit", "--revoke"],
                ["cleanup", "--all", "--force"],
            ] {
                let finished = try await at.satchel.run(arguments)
                #expect(finished.status == 5, "\(arguments): \(finished)")
            }
            // A watch that does it on their behalf says so, too.
            let watch = try at.satchel.start(["watch"])
            try await watch.line(containing: "watching")
            try await at.satchel.run(["audit", "--revoke"]).check(5)
        }
    }

    @Test func aCopyOfAnotherWorkspaceStaysForeignWhereThereIsOneOfOurs() async throws {
        try await AtOpenAI.with(["tea.txt": "Earl Grey\n"]) { at in
            try await at.satchel.sync()
            try await RunningSatchel.initialised(["tea.txt": "Earl Grey\n"], environment: at.openAI.environment) {
                other in
                try await other.sync()
                let found = try await reconcile(at.satchel, "--adopt", "--delete-orphans")
                #expect(found.ours == 1 && found.foreign == 1 && found.adopted.isEmpty && found.deleted.isEmpty)
                #expect(at.openAI.files.count == 2)
            }
        }
    }
}
