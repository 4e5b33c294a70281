import SatchelTestSupport
import Testing

/// Arguments and folders whose names are no text.
@Suite(.timeLimit(.minutes(2))) struct RawArgumentTests {
    /// Lets a shell make the arguments, where `$q` is `q\xfe.txt` in its raw bytes.
    private func run(_ line: String, _ satchel: RunningSatchel) async throws -> FinishedProcess {
        let script = "satchel=$0; q=$(printf 'q\\376.txt'); \(line)"
        return try await satchel.run([], under: ["/bin/sh", "-c", script])
    }

    private let raw = RawBytes([0x71, 0xfe] + Array(".txt".utf8))
    private let below = RawBytes(Array("sub/q".utf8) + [0xfe] + Array(".txt".utf8))
    private var files: [RawBytes: RawBytes] { [raw: "raw\n", "q\u{fffd}.txt": "repaired\n", below: "below\n"] }

    @Test func aNameThatIsNoTextMeansItsOwnFile() async throws {
        try await RunningSatchel.initialised(files) { satchel in
            #expect(try await run("\"$satchel\" sync q*", satchel).check().stdout.contains("2 found"))
            try await satchel.sync()
            #expect(try await run("\"$satchel\" cat \"$q\"", satchel).check().stdout == "raw\n")
            #expect(try await run("cd sub && \"$satchel\" cat \"$q\"", satchel).check().stdout == "below\n")
            #expect(try await run("\"$satchel\" cat \"$PWD/$q\"", satchel).check().stdout == "raw\n")
            #expect(try await run("\"$satchel\" cat \"./sub/../$q\"", satchel).check().stdout == "raw\n")
            #expect(try await satchel.run(["cat", "q\\xfe.txt"]).check().stdout == "raw\n")
            #expect(try await satchel.run(["cat", "q\u{fffd}.txt"]).check().stdout == "repaired\n")
        }
    }

    @Test func whatIsRestoredOrAddedHasTheNameThatWasGiven() async throws {
        try await RunningSatchel.initialised(files) { satchel in
            try await satchel.sync()
            try await run("\"$satchel\" restore \"$q\" -o \"x$q\"", satchel).check()
            #expect(satchel.workspace.text(RawBytes([0x78] + raw.bytes)) == "raw\n")
            #expect(!satchel.workspace.exists("xq\u{fffd}.txt"))
            #expect(try await run("\"$satchel\" restore \"$q\" -o \"x$q\"", satchel).status == 2)
            try await run("\"$satchel\" add \"sub/$q\"", satchel).check()
        }
    }

    @Test func aFolderWhosePathIsNoTextIsRefusedForThat() async throws {
        try await RunningSatchel.with { satchel in
            for line in [
                "mkdir \"d$q\" && cd \"d$q\" && \"$satchel\" init", "\"$satchel\" init -C \"d$q\"",
                "\"$satchel\" -C \"$PWD/d$q\" init",
            ] {
                let finished = try await run(line, satchel).check(2)
                #expect(finished.stderr.contains("dq\\xfe.txt: the path of a workspace must be UTF-8"), "\(finished)")
            }
        }
    }

    @Test func aFileIsNoFolderToWorkIn() async throws {
        try await RunningSatchel.initialised(["a.txt": "a\n"]) { satchel in
            for arguments in [["-C", "a.txt", "status"], ["status", "-C", "a.txt"]] {
                let finished = try await satchel.run(arguments).check(2)
                #expect(finished.stderr == "satchel: a.txt: is no folder; check -C\n")
            }
        }
    }
}
