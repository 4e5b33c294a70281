import SatchelTestSupport
import Testing

/// Stopping before something is lost.
@Suite struct SafetyTests {
    private func manyFiles(_ count: Int) -> [RawBytes: RawBytes] {
        Dictionary(uniqueKeysWithValues: (0..<count).map { (RawBytes("file\($0).txt"), RawBytes("text \($0)\n")) })
    }

    @Test func anEmptiedWorkspaceStopsAndAsks() async throws {
        try await AtOpenAI.with(manyFiles(4), environment: ["SATCHEL_KEEP_UNREFERENCED": "0s"]) { at in
            try await at.satchel.sync()
            for name in at.workspace.list() where name != ".satchel" { at.workspace.remove(name) }
            let stopped = try await at.satchel.sync(status: 4)
            #expect(!stopped.ok && stopped.stopped != nil && stopped.summary.deleted == 0)
            #expect(at.openAI.files.count == 4)
            let look = try await at.satchel.sync("--dry-run", status: 4)
            #expect(look.stopped != nil && look.summary.forgotten == 4 && look.summary.deleted == 4)
            #expect(at.openAI.files.count == 4)
            let status = try await at.satchel.run(["status"]).check()
            #expect(status.stdout.contains("! openai: 0 in step"), "\(status.stdout)")
            // The disk is mounted again: nothing has happened.
            for (path, content) in manyFiles(4) { try at.workspace.write(path, content) }
            #expect(try await at.satchel.sync().summary.unchanged == 4)
            #expect(at.openAI.uploadCount == 4)

            for name in at.workspace.list() where name != ".satchel" { at.workspace.remove(name) }
            let confirmed = try await at.satchel.sync("--yes")
            #expect(confirmed.summary.deleted == 4 && confirmed.summary.forgotten == 4)
            #expect(at.openAI.files.isEmpty)
        }
    }

    @Test(arguments: [
        ["audit", "--revoke", "--yes", ""], ["sync", ""], ["rehydrate", "--all", ""], ["ls", ""], ["status", ""],
        ["why", ""], ["sync", "file0.txt", ""],
    ])
    func anEmptyPathIsNotEverything(_ arguments: [String]) async throws {
        try await AtOpenAI.with(manyFiles(3)) { at in
            try await at.satchel.sync("file0.txt")
            let refused = try await at.satchel.run(arguments).check(64)
            #expect(refused.stdout.isEmpty && refused.stderr.contains("an empty path names nothing"))
            #expect(at.openAI.uploadCount == 1 && at.openAI.files.count == 1)
        }
    }

    @Test func manyDeletesStopAndAsk() async throws {
        try await AtOpenAI.with(manyFiles(30), environment: ["SATCHEL_KEEP_UNREFERENCED": "0s"]) { at in
            try await at.satchel.sync()
            for index in 0..<20 { at.workspace.remove(RawBytes("file\(index).txt")) }
            try at.workspace.write("new.txt", "new\n")
            let stopped = try await at.satchel.sync(status: 4)
            #expect(stopped.stopped?.contains("20 of 30") == true)
            // Where it says to look.
            let look = try await at.satchel.sync("--dry-run", status: 4)
            #expect(look.stopped != nil && look.summary.deleted == 20 && look.summary.forgotten == 20)
            #expect(look.actions.count { $0.action == "delete" } == 20)
            // Uploads harm nobody and are done.
            #expect(stopped.summary.uploaded == 1 && at.openAI.files.count == 31)
            let low = try await at.satchel.sync("--max-delete", "19", status: 4)
            #expect(low.summary.deleted == 0)
            let enough = try await at.satchel.sync("--max-delete", "20")
            #expect(enough.summary.deleted == 20 && at.openAI.files.count == 11)
        }
    }

    @Test func aWrongKeyEndsWithFiveAndIsNowhereToBeFound() async throws {
        let key = "sk-not-this-one-48151623"
        try await AtOpenAI.with(manyFiles(12), environment: ["OPENAI_API_KEY": key]) { at in
            for arguments in [["sync"], ["sync", "--json"], ["sync", "-v"], ["status"], ["ls"], ["config", "ls"]] {
                let isSync = arguments[0] == "sync"
                let finished = try await at.satchel.run(arguments).check(isSync ? 5 : 0)
                #expect(!finished.stdout.contains(key) && !finished.stderr.contains(key))
                if arguments == ["sync"] { #expect(finished.stderr.contains("401")) }
            }
            let doctor = try await at.satchel.run(["doctor"]).check(1)
            #expect(!doctor.stdout.contains(key))
            for name in at.workspace.list(".satchel") {
                guard let bytes = at.workspace.read(RawBytes(Array(".satchel/".utf8) + name.bytes)) else { continue }
                #expect(bytes.firstRange(of: Array(key.utf8)) == nil)
            }
            // One refusal is enough; nobody hammers on a locked door.
            #expect(at.openAI.files.isEmpty)
            at.satchel.set("OPENAI_API_KEY", at.openAI.key)
            try await at.expectConvergence()
        }
    }

    @Test func theKeyOfTheAccountStaysInTheEnvironment() async throws {
        try await AtOpenAI.with(manyFiles(2)) { at in
            try await at.satchel.sync()
            for name in at.workspace.list(".satchel") {
                guard let bytes = at.workspace.read(RawBytes(Array(".satchel/".utf8) + name.bytes)) else { continue }
                #expect(bytes.firstRange(of: Array(at.openAI.key.utf8)) == nil)
            }
        }
    }
}
