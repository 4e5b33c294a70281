import Glibc
import SatchelTestSupport
import Testing

/// Disks that fail and resources that run out: said in words with a documented status, and nothing is lost.
@Suite struct FailingDiskTests {
    struct Blow: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let strike: Strike
    }

    private static let blows = [
        Blow(
            testDescription: "EIO at a write of the manifest",
            strike: Strike(blow: .ioError, at: 12, goesOn: true, calls: ["pwrite64"])
        ),
        Blow(
            testDescription: "EIO when the log is made durable",
            strike: Strike(blow: .ioError, at: 1, goesOn: true, calls: ["fsync", "fdatasync"])
        ),
        Blow(
            testDescription: "ENOSPC at a write of the manifest",
            strike: Strike(blow: .noSpace, at: 9, goesOn: true, calls: ["pwrite64", "fallocate"])
        ),
        Blow(
            testDescription: "EIO at one write",
            strike: Strike(blow: .ioError, at: 10, calls: ["pwrite64"])
        ),
    ]

    @Test(.enabled(if: Strike.isPossible, "needs ptrace"), arguments: blows)
    func aDiskThatFailsStopsTheRunAndTheNextOneGoesOn(_ blow: Blow) async throws {
        let files: [RawBytes: RawBytes] = ["a.txt": "a\n", "b.txt": "b\n", "c.txt": "c\n"]
        try await AtOpenAI.with(files, environment: ["SATCHEL_RETRIES": "0"]) { at in
            try await at.satchel.sync("a.txt")
            let (failed, calls) = try await blow.strike.run(at.satchel, ["sync"])
            #expect(calls >= blow.strike.at, "\(calls) such calls")
            #expect([0, 1, 2].contains(failed.status), "\(failed)")
            if failed.status != 0 {
                #expect(failed.stderr.contains("satchel: ") || failed.stderr.contains("✗"), "\(failed)")
            }
            try await at.expectConvergence()
            try at.expectHeld(Array(files.keys))
            #expect(at.openAI.uploadCount == 3, "nothing is sent twice")
            let doctor = try await at.satchel.run(["doctor"]).check()
            #expect(doctor.stdout.contains("sound"))
        }
    }

    @Test(.enabled(if: Strike.isPossible, "needs ptrace"))
    func aFileThatCannotBeReadIsSaidAndDoesNotStopTheOthers() async throws {
        try await AtOpenAI.with(["a.txt": "a\n", "b.txt": "b\n"]) { at in
            // The first read of file contents comes after those of the program itself and its configuration.
            var seen = false
            for point in 1...12 where !seen {
                let strike = Strike(blow: .ioError, at: point, calls: ["read", "pread64"])
                let (finished, _) = try await strike.run(at.satchel, ["sync", "--dry-run", "--json"])
                guard finished.status == 1, let document: SyncDocument = try? decode(finished) else { continue }
                seen = true
                #expect(document.summary.failed == 1 && document.summary.addsUp)
                #expect(document.failures.first?.message.isEmpty == false)
            }
            try await at.expectConvergence()
            try at.expectHeld(["a.txt", "b.txt"])
        }
    }

    @Test(.enabled(if: Strike.isPossible, "needs ptrace"))
    func whenDescriptorsRunOutNothingIsForgotten() async throws {
        try await AtOpenAI.with(["a.txt": "a\n", "d/b.txt": "b\n"], environment: ["SATCHEL_RETRIES": "0"]) { at in
            try await at.satchel.sync()
            let (_, count) = try await Strike(blow: .count, calls: ["openat", "open"]).run(at.satchel, ["sync"])
            for point in stride(from: 1, to: count + 1, by: max(1, count / 8)) {
                let strike = Strike(blow: .noDescriptors, at: point, goesOn: true, calls: ["openat", "open"])
                let (finished, _) = try await strike.run(at.satchel, ["sync"])
                // Before the program itself is loaded, the loader answers with a status of its own.
                #expect([0, 1, 2, 127].contains(finished.status), "at \(point): \(finished)")
                try at.expectHeld(["a.txt", "d/b.txt"])
            }
            try await at.expectConvergence()
            #expect(at.openAI.uploadCount == 2)
        }
    }

    @Test func aPageOfTheManifestThatIsOverwrittenIsSaid() async throws {
        let files: [RawBytes: RawBytes] = Dictionary(
            uniqueKeysWithValues: (0..<200).map { (RawBytes("f\($0).txt"), RawBytes("\($0)\n")) }
        )
        try await RunningSatchel.initialised(files) { satchel in
            try await satchel.sync()
            let path: RawBytes = ".satchel/manifest.db"
            var bytes = try #require(satchel.workspace.read(path))
            // Every page but the first, which says whose file it is.
            for index in bytes.indices where index >= 4096 { bytes[index] = UInt8(truncatingIfNeeded: index &* 31) }
            try satchel.workspace.write(path, RawBytes(bytes))
            let sync = try await satchel.run(["sync"]).check(2)
            #expect(sync.stderr.contains("damaged") && sync.stderr.contains("move it away"), "\(sync)")
            try await satchel.run(["doctor"]).check(1)
            satchel.workspace.remove(path)
            let again = try await satchel.sync()
            #expect(again.ok && again.summary.failed == 0)
        }
    }

    @Test func aFolderThatCannotBeReadKeepsWhatIsKnownOfIt() async throws {
        try await AtOpenAI.with { at in
            let environment = ["OPENAI_API_KEY": at.openAI.key, "OPENAI_BASE_URL": at.openAI.baseURL]
            let person = try Unprivileged(["open.txt": "open\n", "d/closed.txt": "closed\n"], environment: environment)
            try await person.run(["init", "-q"]).check()
            person.workspace.remove("satchel.yaml")
            try await person.run(["sync", "-q"]).check()
            #expect(at.openAI.uploadCount == 2)
            try person.workspace.setMode("d", 0)
            let blind = try await person.run(["sync", "--json"])
            #expect(blind.status == 1, "\(blind)")
            let report: SyncDocument = try decode(blind)
            #expect(report.summary.failed == 1 && report.summary.forgotten == 0 && report.summary.addsUp)
            #expect(at.openAI.files.count == 2, "what could not be seen is not deleted")
            try person.workspace.setMode("d", 0o755)
            try await person.run(["sync", "--check"]).check()
            #expect(at.openAI.uploadCount == 2)
        }
    }
}
