import Glibc
import SatchelTestSupport
import Testing

/// `add`, `cat`, `restore` and `has`: bytes that are kept, and how they come back.
@Suite(.timeLimit(.minutes(2)))
struct ContentTests {
    struct Added: Decodable {
        struct Content: Decodable {
            var sha256, name, mime: String
            var bytes: Int64
        }

        var added: [Content]
    }

    struct Known: Decodable {
        struct Content: Decodable {
            var name: String
            var sha256: String?
            var known, stored: Bool
            var paths, accounts: [String]
        }

        var ok: Bool
        var contents: [Content]
    }

    private let tea = "\(independentDigest(of: Array("Earl Grey\n".utf8)))"

    @Test func whatIsAddedComesBackAndSurvivesEveryCleanup() async throws {
        try await RunningSatchel.initialised { satchel in
            try satchel.home.write("tea.txt", "Earl Grey\n")
            let added: Added = try await satchel.document(["add", "\(satchel.home.root)/tea.txt", "--sha256", tea])
            #expect(added.added.map(\.sha256) == [tea] && added.added.first?.name == "tea.txt")
            #expect(added.added.first?.mime == "text/plain" && added.added.first?.bytes == 10)
            satchel.home.remove("tea.txt")
            age(tea, in: satchel)
            try await satchel.sync()
            try await satchel.cleanup("--older-than", "0")
            for name in [tea, String(tea.prefix(7)), "tea.txt", "sha256:\(tea)"] {
                #expect(try await satchel.run(["cat", name]).check().stdout == "Earl Grey\n", "\(name)")
            }
            _ = try await satchel.run(["add", "--forget", "tea.txt"]).check()
            try await satchel.cleanup("--older-than", "0")
            _ = try await satchel.failure("cat", tea, status: 2)
        }
    }

    @Test func aPipeIsAddedUnderItsName() async throws {
        try await RunningSatchel.initialised { satchel in
            let finished = try await satchel.run(
                ["add", "-", "--name", "t", "--mime", "text/x-tea"],
                stdin: "Earl Grey\n"
            )
            #expect(try finished.check().stdout == "\(tea)  t\n")
            #expect(try await satchel.run(["cat", "t"]).check().stdout == "Earl Grey\n")
            let wrong = try await satchel.run(
                ["add", "-", "--sha256", String(repeating: "0", count: 64)],
                stdin: "other\n"
            )
            #expect(try wrong.check(2).stderr.contains("its SHA-256 is"))
            #expect(satchel.workspace.exists(".satchel/objects/incoming"))
            let other = "\(independentDigest(of: Array("other\n".utf8)))"
            let known: Known = try await satchel.document(["has", tea, other], status: 1)
            #expect(known.contents.map(\.stored) == [true, false] && !known.ok)
            let named: Known = try await satchel.document(["has", "t", String(tea.prefix(8))])
            #expect(named.contents.map(\.sha256) == [tea, tea] && named.ok)
        }
    }

    @Test func whatIsNotKnownIsMissingBesideWhatIs() async throws {
        try await RunningSatchel.initialised { satchel in
            _ = try await satchel.run(["add", "-", "--name", "t"], stdin: "Earl Grey\n").check()
            let known: Known = try await satchel.document(["has", "t", "nothing.txt", "abcdef"], status: 1)
            #expect(known.contents.map(\.name) == ["t", "nothing.txt", "abcdef"] && !known.ok)
            #expect(known.contents.map(\.known) == [true, false, false])
            #expect(known.contents.map(\.sha256) == [tea, nil, nil])
            let text = try await satchel.run(["has", "nothing.txt", "t"]).check(1).stdout
            #expect(text.contains("nothing.txt  missing\n\(tea)  in the local store\n"))
        }
    }

    @Test func theSameBytesMayHaveSeveralNames() async throws {
        try await RunningSatchel.initialised { satchel in
            for name in ["one.txt", "two.txt"] {
                _ = try await satchel.run(["add", "-", "--name", name], stdin: "Earl Grey\n").check()
            }
            let unnamed: Added = try await satchel.document(["add", "-"], stdin: "Earl Grey\n")
            #expect(["one.txt", "two.txt"].contains(unnamed.added.first?.name))
            for name in ["one.txt", "two.txt"] {
                #expect(try await satchel.run(["cat", name]).check().stdout == "Earl Grey\n")
            }
            _ = try await satchel.run(["add", "--forget", "one.txt"]).check()
            _ = try await satchel.run(["cat", "one.txt"]).check(2)
            age(tea, in: satchel)
            try await satchel.cleanup()
            #expect(try await satchel.run(["cat", "two.txt"]).check().stdout == "Earl Grey\n")
        }
    }

    @Test(arguments: ["2026-11-20T25:61:61Z", "2026-02-30", "yesterday"])
    func aTimeThatIsOnNoClockIsRefused(_ time: String) async throws {
        try await RunningSatchel.initialised { satchel in
            let refused = try await satchel.run(["cat", "a.txt", "--at", time]).check(64)
            #expect(refused.stderr.contains("--at takes a time"))
        }
    }

    @Test(arguments: [UInt32(0o600), 0o755])
    func aFileThatIsReplacedKeepsItsPermissions(_ mode: UInt32) async throws {
        try await RunningSatchel.initialised(["tea.txt": "Earl Grey\n"]) { satchel in
            try await satchel.sync()
            try satchel.workspace.write("tea.txt", "Lapsang\n")
            try satchel.workspace.setMode("tea.txt", mode)
            _ = try await satchel.run(["restore", tea, "-o", "tea.txt", "--force"]).check()
            #expect(satchel.workspace.read("tea.txt") == Array("Earl Grey\n".utf8))
            var status = stat()
            #expect(lstat("\(satchel.workspace.root)/tea.txt", &status) == 0 && status.st_mode & 0o7777 == mode)
        }
    }

    @Test func aLimitIsALimit() async throws {
        try await RunningSatchel.initialised(environment: ["SATCHEL_KEEP_MAX_FILE_SIZE": "5"]) { satchel in
            let error = try await satchel.run(["add", "-"], stdin: "Earl Grey\n").check(2)
            #expect(error.stderr.contains("keep.max_file_size"))
        }
        try await RunningSatchel.initialised(environment: ["SATCHEL_KEEP_MAX_TOTAL": "12"]) { satchel in
            _ = try await satchel.run(["add", "-"], stdin: "Earl Grey\n").check()
            _ = try await satchel.run(["add", "-"], stdin: "milk\n").check(2)
        }
    }

    @Test func aVersionThatAChatWasShownComesBackAfterAnEdit() async throws {
        try await AtOpenAI.with(["a/tea.txt": "Earl Grey\n"], environment: ["SATCHEL_MODEL": "echo"]) { at in
            let satchel = at.satchel
            let thread = try await satchel.chat("what is in @a/tea.txt?").thread
            try satchel.workspace.write("a/tea.txt", "Lapsang\n")
            try await satchel.sync()
            #expect(try await satchel.run(["cat", "a/tea.txt"]).check().stdout == "Lapsang\n")
            #expect(try await satchel.run(["cat", "a/tea.txt", "-t", "\(thread)"]).check().stdout == "Earl Grey\n")
            let refused = try await satchel.failure("restore", "a/tea.txt", "--thread", "\(thread)", status: 2)
            #expect(refused.hint?.contains("--force") == true)
            #expect(satchel.workspace.read("a/tea.txt") == Array("Lapsang\n".utf8))
            _ = try await satchel.run(["restore", "a/tea.txt", "--thread", "\(thread)", "-o", "old.txt"]).check()
            #expect(satchel.workspace.read("old.txt") == Array("Earl Grey\n".utf8))
            _ = try await satchel.run(["restore", "a/tea.txt", "--at", "2020-01-01", "--force"]).check(2)
            _ = try await satchel.run(["restore", "a/tea.txt", "--at", "0s", "--force"]).check()
            #expect(satchel.workspace.read("a/tea.txt") == Array("Lapsang\n".utf8))
            _ = try await satchel.run(["restore", "a/tea.txt", "--thread", "\(thread)", "--force"]).check()
            #expect(satchel.workspace.read("a/tea.txt") == Array("Earl Grey\n".utf8))
            // Gone with its folder: both are made again.
            satchel.workspace.remove("a")
            _ = try await satchel.run(["restore", tea]).check()
            #expect(satchel.workspace.read("a/tea.txt") == Array("Earl Grey\n".utf8))
            #expect(try await satchel.run(["restore", tea, "-o", "-"]).check().stdout == "Earl Grey\n")
        }
    }

    @Test func aRestoreFollowsNoLinkAndLeavesNothingHalf() async throws {
        try await RunningSatchel.initialised { satchel in
            try satchel.workspace.write("a/tea.txt", "Earl Grey\n")
            try await satchel.sync()
            satchel.workspace.remove("a")
            try satchel.home.write("precious.txt", "precious\n")
            // A folder on the way that leads outside.
            try satchel.workspace.link("a", to: RawBytes(satchel.home.root))
            _ = try await satchel.run(["restore", "a/tea.txt", "--force"]).check(2)
            #expect(!satchel.home.exists("tea.txt"))
            satchel.workspace.remove("a")
            // A link under the name itself is replaced, not written through.
            try satchel.workspace.makeFolder("a")
            try satchel.workspace.link("a/tea.txt", to: RawBytes("\(satchel.home.root)/precious.txt"))
            _ = try await satchel.run(["restore", "a/tea.txt"]).check(2)
            _ = try await satchel.run(["restore", "a/tea.txt", "--force"]).check()
            #expect(satchel.home.read("precious.txt") == Array("precious\n".utf8))
            #expect(satchel.workspace.read("a/tea.txt") == Array("Earl Grey\n".utf8))
            _ = try await satchel.run(["restore", tea, "-o", ".satchel/manifest.db", "--force"]).check(2)
            _ = try await satchel.run(["restore", tea, "-o", "nowhere/x"]).check(2)
        }
    }

    @Test func whatIsCorruptIsNotHandedOut() async throws {
        try await RunningSatchel.initialised { satchel in
            _ = try await satchel.run(["add", "-"], stdin: "Earl Grey\n").check()
            let object = RawBytes(".satchel/objects/\(tea.prefix(2))/\(tea.dropFirst(2))")
            try satchel.workspace.write(object, "Earl Gray\n")
            let cat = try await satchel.run(["cat", tea]).check(2)
            #expect(cat.stdout.isEmpty && cat.stderr.contains("kept nowhere"))
        }
    }

    @Test func theBytesComeFromAnAccountThatGivesThemBack() async throws {
        try await LoopbackMistral.with { mistral in
            let pdf: RawBytes = "%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
            try await RunningSatchel.initialised(["a.pdf": pdf], environment: mistral.environment) { satchel in
                try await satchel.sync()
                satchel.workspace.remove("a.pdf")
                _ = try await satchel.run(["restore", "a.pdf"]).check()
                #expect(satchel.workspace.read("a.pdf") == pdf.bytes)
            }
        }
    }

    @Test func objectsThatNothingNeedsGoWithTheOrphans() async throws {
        try await AtOpenAI.with(["tea.txt": "Earl Grey\n"], environment: ["SATCHEL_MODEL": "echo"]) { at in
            _ = try await at.satchel.run(["add", "-", "--name", "x"], stdin: "unneeded\n").check()
            try await at.satchel.chat("what is in @tea.txt?")
            let unneeded = "\(independentDigest(of: Array("unneeded\n".utf8)))"
            _ = try await at.satchel.run(["add", "--forget", "x"]).check()
            age(unneeded, in: at.satchel)
            age(tea, in: at.satchel)
            try await at.satchel.cleanup()
            let known: Known = try await at.satchel.document(["has", unneeded, tea], status: 1)
            #expect(known.contents.map(\.stored) == [false, true])
            #expect(known.contents.last?.accounts == ["openai"] && known.contents.last?.paths == ["tea.txt"])
        }
    }

    /// Makes an object older than what a clean-up leaves alone.
    private func age(_ digest: String, in satchel: RunningSatchel) {
        try? satchel.workspace.setModified(
            RawBytes(".satchel/objects/\(digest.prefix(2))/\(digest.dropFirst(2))"),
            seconds: 1_700_000_000
        )
    }
}
