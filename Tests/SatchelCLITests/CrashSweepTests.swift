import Glibc
import SatchelTestSupport
import Testing

/// A run of the program that is ended at one system call after the other.
struct SweptRun: Sendable, CustomTestStringConvertible {
    let testDescription: String
    var arguments = ["sync"]
    /// Whether the account is this machine's own store.
    var isLocal = false
    /// Whether the run deletes what nothing refers to any more.
    var deletes = false
    /// How many points the ordinary suite tries.
    var sample = 6
}

/// Wherever a run is killed, the next one goes on from there: the account holds exactly the bytes of the workspace,
/// each once, nothing is sent twice, and nothing is left behind.
///
/// The ordinary suite tries some points of each run. `SATCHEL_SWEEP=all` tries every one: some hundred, in a few
/// minutes. `SATCHEL_SWEEP=17` tries that point alone.
@Suite(.serialized) struct CrashSweepTests {
    static let runs = [
        SweptRun(testDescription: "a sync with uploads and links"),
        SweptRun(testDescription: "a sync that also deletes", deletes: true),
        SweptRun(testDescription: "a sync to the local store", isLocal: true, deletes: true),
        SweptRun(testDescription: "a chat", arguments: ["chat", "what is in @new.txt and @edited.txt ?"], sample: 4),
    ]

    @Test(.enabled(if: Strike.isPossible, "needs ptrace"), arguments: runs)
    func whereverARunIsKilledTheNextOneGoesOn(_ run: SweptRun) async throws {
        try await AtOpenAI.with(Self.files, environment: environment(of: run)) { at in
            try await at.satchel.sync()
            var round = 0
            try change(at.workspace, &round)
            let (counted, count) = try await Strike(blow: .count).run(at.satchel, run.arguments)
            try counted.check()
            #expect(count > 20, "\(count) calls")
            try await expectConverged(at, run, round, point: 0)
            print("\(run): killed at \(points(upTo: count, of: run).count) of \(count) calls")
            for point in points(upTo: count, of: run) {
                try change(at.workspace, &round)
                let before = at.openAI.uploadCount
                let (killed, _) = try await Strike(blow: .kill, at: point).run(at.satchel, run.arguments)
                #expect([0, 128 + SIGKILL].contains(killed.status), "at \(point): \(killed)")
                try await expectConverged(at, run, round, point: point)
                // One request may have been on its way: had it arrived unanswered, it would be there twice.
                let sent = at.openAI.uploadCount - before
                #expect(run.isLocal ? sent == 0 : sent == Self.newContents, "at \(point): \(sent) uploads")
                try #require(at.openAI.files.count == (run.isLocal ? 0 : Self.files.count + 1), "at \(point)")
            }
        }
    }

    private func environment(of run: SweptRun) -> [String: String] {
        [
            "SATCHEL_PARALLEL_UPLOADS": "2", "SATCHEL_KEEP_UNREFERENCED": run.deletes ? "0s" : "24h",
            "SATCHEL_ACCOUNT": run.isLocal ? "local" : "openai", "SATCHEL_MODEL": "echo",
        ]
    }

    /// Every point when asked for, else some that are spread over the run.
    private func points(upTo count: Int, of run: SweptRun) -> [Int] {
        let wish = getenv("SATCHEL_SWEEP").map { String(cString: $0) }
        if wish == "all" { return Array(1...count) }
        if let point = wish.flatMap(Int.init) { return [point] }
        return (1...run.sample).map { $0 * count / (run.sample + 1) }
    }

    private static let files: [RawBytes: RawBytes] = [
        "steady.txt": "always the same\n", "edited.txt": "round 0\n", "d/twin.txt": "twin 0\n", "gone0.txt": "gone 0\n",
    ]
    /// Contents of a round that were never there before.
    private static let newContents = 4

    /// One file is edited, one is new, two share new bytes, one comes in the place of one that goes, one moves.
    private func change(_ folder: TemporaryWorkspace, _ round: inout Int) throws {
        folder.remove("gone\(round).txt")
        round += 1
        try folder.write("edited.txt", "round \(round)\n")
        try folder.write("new.txt", "new in \(round)\n")
        try folder.write("d/twin.txt", "twin \(round)\n")
        try folder.write("gone\(round).txt", "gone \(round)\n")
    }

    /// What must hold after the next run, whatever happened to the one before.
    private func expectConverged(_ at: AtOpenAI, _ run: SweptRun, _ round: Int, point: Int) async throws {
        let next = try await at.satchel.run(["sync", "--yes", "--json"])
        try #require(next.status == 0, "after the kill at \(point): \(next)")
        let check = try await at.satchel.run(["sync", "--check"])
        try #require(check.status == 0, "not in step after the kill at \(point): \(check)")
        try await at.satchel.run(["cleanup", "--older-than", "0"]).check()
        let paths: [RawBytes] = ["steady.txt", "edited.txt", "new.txt", "d/twin.txt", "gone\(round).txt"]
        if run.isLocal {
            for file in try await at.satchel.list().files {
                let bytes = at.workspace.read(RawBytes(file.path))
                let object = at.workspace.read(
                    RawBytes(".satchel/objects/\(file.sha256.prefix(2))/\(file.sha256.dropFirst(2))")
                )
                #expect(bytes != nil && bytes == object, "at \(point): \(file.path)")
            }
        } else {
            try at.expectHeld(paths)
            let held = Set(at.openAI.files.map(\.id))
            let named = Set(try await at.satchel.list().files.flatMap(\.remotes).compactMap(\.remoteId))
            #expect(held == named, "at \(point): what is remembered is what is there")
        }
        let doctor = try await at.satchel.run(["doctor", "--json"])
        #expect(doctor.stdout.contains("\"sound\""), "at \(point): \(doctor)")
    }
}
