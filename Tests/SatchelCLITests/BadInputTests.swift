import Glibc
import SatchelTestSupport
import Testing

/// What people and disks do to a workspace: every mistake is one line that says what to do, with its exit code.
@Suite struct BadInputTests {
    @Test(arguments: [
        ["sync"], ["status"], ["ls"], ["why", "a.txt"], ["chat", "hm?"], ["cleanup"], ["watch"],
    ])
    func withoutAWorkspaceNothingStarts(_ arguments: [String]) async throws {
        try await RunningSatchel.with(["a.txt": "a\n"]) { satchel in
            let finished = try await satchel.run(arguments).check(2)
            #expect(finished.stderr.contains("satchel init"))
            #expect(finished.stdout.isEmpty)
            #expect(!satchel.workspace.exists(".satchel"), "looking for a workspace makes none")
            let document: FailureDocument = try await satchel.document(arguments, status: 2)
            #expect(!document.ok && document.error.hint != nil && !document.error.retryable)
        }
    }

    @Test func aFolderThatDoesNotExistIsSaid() async throws {
        try await RunningSatchel.with { satchel in
            let finished = try await satchel.run(["sync", "-C", "nowhere"]).check(2)
            #expect(finished.stderr.contains("nowhere"))
        }
    }

    @Test(arguments: [
        ("ttl: [1, 2\n", "satchel.yaml:"), ("tll: 24h\n", "satchel.yaml:1"), ("\nttl: soon\n", "satchel.yaml:2"),
        ("accounts:\n  lab:\n    kind: nonsense\n", "satchel.yaml:3"), ("- a\n- b\n", "satchel.yaml:1"),
        ("ttl: 24h\nttl: 12h\n", "satchel.yaml:2"), ("default_account: nobody\n", "satchel.yaml"),
        ("a: &a [*a]\n", "satchel.yaml:1"), ("\0\u{1}", "satchel.yaml"),
    ])
    func aMistakeInTheConfigurationIsNamedWithItsLine(_ text: String, _ place: String) async throws {
        try await RunningSatchel.initialised(["a.txt": "a\n"]) { satchel in
            try satchel.workspace.write("satchel.yaml", RawBytes(text))
            for arguments in [["sync"], ["status"], ["config", "ls"]] {
                let finished = try await satchel.run(arguments).check(2)
                #expect(finished.stderr.contains(place), "\(finished)")
            }
            let doctor = try await satchel.run(["doctor"]).check(1)
            #expect(doctor.stdout.contains("satchel.yaml"))
        }
    }

    @Test func oneMistakeHasAHintAndSeveralHaveEachTheirOwn() async throws {
        try await RunningSatchel.initialised([:]) { satchel in
            try satchel.workspace.write("satchel.yaml", "tll: 24h\n")
            let one = try await satchel.failure("sync", status: 2)
            #expect(one.hint == "did you mean ttl?")
            try satchel.workspace.write("satchel.yaml", "tll: 24h\nhiden: true\n")
            let two = try await satchel.failure("sync", status: 2)
            #expect(two.hint == nil && two.message.contains("mean ttl?") && two.message.contains("mean hidden?"))
        }
    }

    @Test(arguments: [
        ["sync", "--max-delete", "-1"], ["sync", "--wait", "soon"], ["cleanup", "--older-than", "x"],
        ["cleanup", "--all"], ["cleanup", "--limit", "-3"], ["nonsense"], ["sync", "--nonsense"], ["why"],
    ])
    func aWrongCommandLineEndsWithSixtyFour(_ arguments: [String]) async throws {
        try await RunningSatchel.initialised(["a.txt": "a\n"]) { satchel in
            let finished = try await satchel.run(arguments).check(64)
            #expect(!finished.stderr.isEmpty)
        }
    }

    @Test func anAccountThatDoesNotExistIsSaid() async throws {
        try await RunningSatchel.initialised(["a.txt": "a\n"]) { satchel in
            let finished = try await satchel.run(["sync", "--to", "opnai"]).check(2)
            #expect(finished.stderr.contains("opnai"))
        }
    }

    @Test func aManifestThatIsALinkIsNotFollowed() async throws {
        try await RunningSatchel.initialised(["a.txt": "one\n"]) { satchel in
            for name in ["manifest.db", "manifest.db-wal", "manifest.db-shm"] {
                satchel.workspace.remove(RawBytes(".satchel/\(name)"))
            }
            let elsewhere = satchel.home.root + "/elsewhere.db"
            try satchel.workspace.link(".satchel/manifest.db", to: RawBytes(elsewhere))
            let failure = try await satchel.failure("sync", status: 2)
            #expect(
                failure.message.hasSuffix("manifest.db: cannot keep state there: it is a symbolic link; move it away")
            )
            #expect(satchel.home.read("elsewhere.db") == nil)
        }
    }

    @Test(arguments: ["sync", "status", "ls", "rehydrate", "audit"])
    func aMistypedNameDoesNotPassForAFileInStep(_ command: String) async throws {
        try await RunningSatchel.initialised(["a.txt": "one\n"]) { satchel in
            try await satchel.sync()
            let failure = try await satchel.failure(command, "aa.txt", status: 2)
            #expect(failure.message.hasPrefix("aa.txt: no such file in the workspace"), "\(failure)")
        }
    }

    @Test func aPathOutsideTheWorkspaceIsRefused() async throws {
        try await RunningSatchel.initialised(["a.txt": "a\n"]) { satchel in
            for arguments in [["sync", "/etc/passwd"], ["sync", "../x"], ["ls", ".."], ["why", "/etc"]] {
                let finished = try await satchel.run(arguments).check(2)
                #expect(finished.stderr.contains("satchel: "))
            }
        }
    }

    @Test func aMistypedNameIsNoFileInStep() async throws {
        try await RunningSatchel.initialised(["a.txt": "a\n", "gone.txt": "g\n"]) { satchel in
            try await satchel.sync()
            for command in ["sync", "status"] {
                let finished = try await satchel.run([command, "a.txt", "b.txt"]).check(2)
                #expect(finished.stderr.contains("b.txt: no such file"))
            }
            // What was there and is remembered can be let go by its name.
            satchel.workspace.remove("gone.txt")
            #expect(try await satchel.sync("gone.txt").summary.forgotten == 1)
        }
    }

    @Test(arguments: ["this is no database, only text that is long enough to look at\n", "", "SQLite format 3\0broken"])
    func aDamagedManifestIsSaidAndMovingItAwayHelps(_ content: String) async throws {
        try await AtOpenAI.with(["a.txt": "a\n", "b.txt": "b\n"]) { at in
            try await at.satchel.sync()
            for suffix in ["-wal", "-shm"] { at.workspace.remove(RawBytes(".satchel/manifest.db\(suffix)")) }
            try at.workspace.write(".satchel/manifest.db", RawBytes(content))
            if !content.isEmpty {
                let finished = try await at.satchel.run(["sync"]).check(2)
                #expect(finished.stderr.contains("manifest.db"))
                #expect(finished.stderr.contains("move it away"))
                try await at.satchel.run(["doctor"]).check(1)
                at.workspace.remove(".satchel/manifest.db")
            }
            // The copies are in the account already; whether they are found again or not, the end is the same.
            #expect(try await at.satchel.sync().ok)
            try await at.expectConvergence()
        }
    }

    @Test func aFileInThePlaceOfTheStateFolderIsSaid() async throws {
        try await RunningSatchel.with(["a.txt": "a\n", "satchel.yaml": "", ".satchel": "I was first\n"]) { satchel in
            for arguments in [["init"], ["sync"], ["status"]] {
                let finished = try await satchel.run(arguments).check(2)
                #expect(finished.stderr.contains(".satchel"))
            }
            #expect(satchel.workspace.text(".satchel") == "I was first\n")
        }
    }

    @Test func aLinkInThePlaceOfTheStateFolderIsNotFollowed() async throws {
        try await RunningSatchel.with(["a.txt": "a\n", "satchel.yaml": ""]) { satchel in
            try satchel.workspace.makeFolder("elsewhere")
            try satchel.workspace.link(".satchel", to: "elsewhere")
            let finished = try await satchel.run(["sync"]).check(2)
            #expect(finished.stderr.contains("link"))
            #expect(satchel.workspace.list("elsewhere").isEmpty)
        }
    }

    @Test func aFolderThatCannotBeWrittenIsSaid() async throws {
        let somebody = try Unprivileged(["a.txt": "a\n"], environment: [:])
        try somebody.workspace.setMode("", 0o555)
        let refused = try await somebody.run(["init"]).check(2)
        #expect(refused.stderr.contains(".satchel"))
        try somebody.workspace.setMode("", 0o755)
        try await somebody.run(["init"]).check()
        try await somebody.run(["sync"]).check()
    }

    @Test func namesOfAnyBytesComeThrough() async throws {
        let names: [RawBytes] = [
            "caf\u{e9}.txt", "cafe\u{301}.txt", [0x66, 0xff, 0xfe, 0x2e, 0x74, 0x78, 0x74], "two\nlines.txt",
            "tab\there.txt", "back\\slash.txt", "\u{1F375} tea.txt", "-rf", " leading and trailing ", "quote\"s'.txt",
            RawBytes(String(repeating: "n", count: 255)), "\u{1b}[31mred.txt", "semi;colon & $HOME.txt", "@at.txt",
            RawBytes("deep/" + String(repeating: "d/", count: 100) + "end.txt"),
        ]
        let files = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, RawBytes("content \($0)\n")) })
        try await AtOpenAI.with(files) { at in
            #expect(try await at.satchel.sync().summary.uploaded == names.count)
            try at.expectHeld(names)
            let list = try await at.satchel.list()
            #expect(Set(list.files.map { RawBytes(rawPath($0.path)) }) == Set(names))
            let lines = try await at.satchel.run(["ls"]).check()
            #expect(lines.stdout.split(separator: "\n").count == names.count, "one file is one line")
            #expect(!lines.stdoutBytes.contains(0x1b))
            for file in at.openAI.files {
                #expect(file.name.utf8.count <= 100 && file.name.allSatisfy { $0.isASCII && $0 != " " && $0 != "/" })
            }
            try await at.satchel.run(["sync", "--", "-rf"]).check()
            try await at.expectConvergence()
            #expect(at.openAI.uploadCount == names.count)
        }
    }

    /// What a path in JSON stands for: `\xHH` for one byte, `\\` for a backslash.
    private func rawPath(_ text: String) -> [UInt8] {
        var result: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\") else {
                result.append(byte)
                continue
            }
            if rest.popFirst() == UInt8(ascii: "x") {
                result.append(UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) ?? 0)
                rest = rest.dropFirst(2)
            } else {
                result.append(byte)
            }
        }
        return result
    }

    private static let mayMount: Bool = {
        guard let folder = try? TemporaryWorkspace(), mount("tmpfs", folder.root, "tmpfs", 0, "size=64k") == 0 else {
            return false
        }
        return umount2(folder.root, Int32(MNT_DETACH)) == 0
    }()

    @Test(.enabled(if: mayMount, "a small disk can be mounted only by root"))
    func initOnADiskThatCannotBeWrittenSaysWhatHelps() async throws {
        let disk = try TemporaryWorkspace(named: "disk")
        guard mount("tmpfs", disk.root, "tmpfs", 0, "size=400k") == 0 else { throw SystemFailure("mount", errno) }
        defer { umount2(disk.root, Int32(MNT_DETACH)) }
        try await RunningSatchel.with { satchel in
            let initialise = ["init", "-q", "-C", disk.root]
            // With less and less left, whatever is made first, the state folder, the manifest or the configuration.
            for free in [0, 4, 8, 40, 80] {
                for name in disk.list() { disk.remove(name) }
                try? disk.write("filler", RawBytes(Array(repeating: 120, count: (400 - free) << 10)))
                let full = try await satchel.run(initialise)
                guard full.status != 0 else { continue }
                #expect(full.status == 2 && full.stderr.contains("free some space"), "\(free): \(full)")
            }
            for name in disk.list() { disk.remove(name) }
            guard mount("none", disk.root, nil, UInt(MS_REMOUNT | MS_RDONLY), nil) == 0 else { return }
            let readOnly = try await satchel.run(initialise).check(2)
            #expect(readOnly.stderr.contains("mount it writable"), "\(readOnly)")
        }
    }

    @Test(.enabled(if: mayMount, "a small disk can be mounted only by root"))
    func aFullDiskIsSaidAndNothingIsLost() async throws {
        let disk = try TemporaryWorkspace(named: "disk")
        guard mount("tmpfs", disk.root, "tmpfs", 0, "size=900k") == 0 else { throw SystemFailure("mount", errno) }
        defer { umount2(disk.root, Int32(MNT_DETACH)) }
        try await RunningSatchel.with { satchel in
            try await satchel.run(["init", "-q", "-C", disk.root]).check()
            try disk.write("small.txt", "small\n")
            try await satchel.run(["sync", "-q", "-C", disk.root]).check()
            // Fills what is left.
            #expect(throws: SystemFailure.self) {
                try disk.write("filler.txt", RawBytes(Array(repeating: 120, count: 1 << 20)))
            }
            let full = try await satchel.run(["sync", "-C", disk.root])
            #expect([1, 2].contains(full.status), "\(full)")
            #expect(full.stderr.contains("full") || full.stderr.contains("space"), "\(full)")
            disk.remove("filler.txt")
            try await satchel.run(["sync", "-C", disk.root]).check()
            let list = try await satchel.run(["ls", "-C", disk.root]).check()
            #expect(list.stdout.contains("small.txt"))
        }
    }
}
