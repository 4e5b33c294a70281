import SatchelTestSupport
import Testing

/// Accounts that are full, and clean-ups of many.
@Suite(.timeLimit(.minutes(2)))
struct RoomTests {
    private func configure(_ at: AtOpenAI, _ text: String) throws {
        try at.satchel.home.write(
            ".config/satchel/config.yaml",
            RawBytes("accounts:\n  openai:\n    max_bytes: 25\n" + text)
        )
    }

    private let environment = ["SATCHEL_MODEL": "echo"]

    @Test func whatDoesNotFitFailsWithAReason() async throws {
        let files: [RawBytes: RawBytes] = ["a.txt": "aaaaaaaaa\n", "b.txt": "bbbbbbbbb\n", "c.txt": "ccccccccc\n"]
        try await AtOpenAI.with(files, environment: environment) { at in
            try configure(at, "")
            let report = try await at.satchel.sync(status: 1)
            #expect(report.summary.uploaded == 2 && report.summary.failed == 1)
            #expect(report.failures.first?.code == "full")
            #expect(at.openAI.uploadCount == 2)
            let quota = try await at.satchel.run(["quota"]).check().stdout
            #expect(quota.contains("openai: 20 B in 2 copies") && quota.contains("max_bytes"))
        }
    }

    @Test func copiesUnusedForLongestMakeRoom() async throws {
        try await AtOpenAI.with(["a.txt": "aaaaaaaaa\n", "b.txt": "bbbbbbbbb\n"], environment: environment) { at in
            try configure(at, "when_full: evict\n")
            try await at.satchel.sync()
            // A file that something stands for is not taken by a sync, …
            try at.workspace.write("c.txt", "ccccccccc\n")
            #expect(try await at.satchel.sync(status: 1).summary.failed == 1)
            // … but one that nothing refers to is, although its day is not over.
            at.workspace.remove("a.txt")
            // This one lets go of it, the next one takes its place.
            try await at.satchel.sync(status: 1)
            let report = try await at.satchel.sync()
            #expect(report.summary.uploaded == 1 && report.summary.deleted == 1)
            try at.expectHeld(["b.txt", "c.txt"])
            // A chat may take what it does not need itself.
            try await at.satchel.chat("what is in @b.txt?")
            try at.workspace.write("d.txt", "ddddddddd\n")
            _ = try await at.satchel.sync(status: 1)
            try at.expectHeld(["b.txt", "c.txt"])
        }
    }

    @Test func whatAProviderPublishesHoldsAtItsOwnAddressOnly() async throws {
        try await AtOpenAI.with(["a.txt": "a\n"]) { at in
            try await at.satchel.sync()
            let here = try await at.satchel.run(["quota"]).check().stdout
            #expect(here.contains("no limit known"), "\(here)")
            at.satchel.set("OPENAI_BASE_URL", nil)
            let there = try await at.satchel.run(["quota", "--to", "openai"]).check().stdout
            #expect(there.contains("of 2.5 TB (published)"), "\(there)")
        }
    }

    @Test(arguments: ["", "when_full: evict\n"])
    func aDryRunSaysWhatIsDeletedAndWhatDoesNotFit(_ whenFull: String) async throws {
        try await AtOpenAI.with(["a.txt": "aaaaaaaaa\n", "b.txt": "bbbbbbbbb\n"], environment: environment) { at in
            try configure(at, whenFull)
            try await at.satchel.sync()
            at.workspace.remove("a.txt")
            try await at.satchel.sync()
            try at.workspace.write("c.txt", "ccccccccc\n")
            let status: Int32 = whenFull.isEmpty ? 1 : 0
            let plan = try await at.satchel.sync("--dry-run", status: status)
            #expect(at.openAI.files.count == 2 && at.openAI.uploadCount == 2)
            let done = try await at.satchel.sync("-v", status: status)
            #expect(plan.summary == done.summary && plan.summary.addsUp)
            #expect(plan.actions.map(\.action) == done.actions.map(\.action))
            #expect(plan.failures == done.failures)
        }
    }

    @Test func manyDeletesNeedAYes() async throws {
        let files = Dictionary(uniqueKeysWithValues: (0..<130).map { (RawBytes("f\($0).txt"), RawBytes("\($0)\n")) })
        try await AtOpenAI.with(files) { at in
            try await at.satchel.sync()
            for name in files.keys where name != "f0.txt" { at.workspace.remove(name) }
            try await at.satchel.sync("--yes")
            #expect(try await at.satchel.cleanup("--older-than", "0", "--dry-run").summary.deleted == 129)
            let stopped = try await at.satchel.cleanup("--older-than", "0", status: 4)
            #expect(stopped.summary.deleted == 0 && at.openAI.files.count == 130)
            let some = try await at.satchel.cleanup("--older-than", "0", "--limit", "7")
            #expect(some.summary.deleted == 7 && at.openAI.files.count == 123)
            let done = try await at.satchel.cleanup("--older-than", "0", "--yes")
            #expect(done.summary.deleted == 122)
            try at.expectHeld(["f0.txt"])
        }
    }
}
