import Glibc
import SatchelCore
import SatchelWorkspace
import Testing

@Suite struct ScanSafetyTests {
    @Test func aLargeFileIsNotReadBeforeItRests() throws {
        let tree = try ScratchTree()
        try tree.write("small.txt")
        try tree.write("large.bin")
        #expect(truncate("\(tree.root)/large.bin", 32 << 20) == 0)
        let written = tree.fingerprint(of: workspacePath("large.bin")).modified
        func scan(after milliseconds: Int64, with stability: StabilityPolicy?) throws -> Snapshot {
            try tree.scanner().scan(
                .everything,
                known: [],
                stability: stability,
                now: { written + milliseconds * 1_000_000 },
                onHashed: { _ in }
            )
        }
        let early = try scan(after: 100, with: StabilityPolicy())
        #expect(early.paths == ["small.txt"])
        #expect(early.resting == [workspacePath("large.bin"): .milliseconds(412)])
        #expect(early.troubles.map(\.kind) == [.changing])
        #expect(try scan(after: 512, with: StabilityPolicy()).paths == ["large.bin", "small.txt"])
        #expect(try scan(after: 0, with: nil).paths == ["large.bin", "small.txt"], "who asks gets it as it is")
    }

    @Test func namesAreBytesInTheOrderOfWholePaths() throws {
        let tree = try ScratchTree()
        let long = [UInt8](repeating: 0x79, count: 255)
        let names: [[UInt8]] = [
            Array("a-b".utf8), Array("a.txt".utf8), Array("a/x".utf8), Array("a/y/z".utf8), Array("a0".utf8),
            Array("abcdefgh-".utf8), Array("abcdefgh/i".utf8), Array("abcdefgh0".utf8), Array("abcdefghi".utf8),
            Array("line\nbreak".utf8), Array("\u{1F600}/\u{1F680}".utf8), [0xff, 0xfe], [0x80] + Array("/f".utf8),
            long, long + [0x2f] + long, Array("sp ace/ ".utf8), Array("back\\slash".utf8), Array("q\"uote'".utf8),
        ].filter { $0 != long }
        for name in names.shuffled() { try tree.write(name, name) }
        let snapshot = try tree.scan()
        #expect(snapshot.files.map(\.path) == names.map(WorkspacePath.init(unchecked:)).sorted())
        #expect(snapshot.files.allSatisfy { $0.digest == SHA256Hashing().digest(of: $0.path.bytes) })
        #expect(try tree.scan(known: snapshot.known(in: tree)).files == snapshot.files)
    }

    @Test func linksAndSpecialFilesAreSkippedUnopened() throws {
        let tree = try ScratchTree()
        try tree.write("../outside/secret", "secret")
        try tree.write("here", "here")
        try tree.link("file-out", to: "../outside/secret")
        try tree.link("folder-out", to: "../outside")
        try tree.link("inside", to: "here")
        try tree.link("dangling", to: "nowhere")
        try tree.link("loop", to: "loop")
        // Opening one for reading would wait for a writer.
        try tree.fifo("pipe")
        let snapshot = try tree.scan()
        #expect(snapshot.paths == ["here"])
        for link in ["file-out", "folder-out", "inside", "dangling", "loop"] {
            #expect(snapshot.reason(link) == .symlink)
        }
        #expect(snapshot.reason("pipe") == .special)
        #expect(snapshot.skipped.map(\.path) == snapshot.skipped.map(\.path).sorted())

        let scope = Scope(["file-out", "folder-out/secret", "pipe", "here/below", "pipe/below"].map(workspacePath))
        let partial = try tree.scan(scope)
        #expect(partial.paths == [])
        #expect(partial.reason("file-out") == .symlink)
        #expect(partial.reason("folder-out/secret") == .symlink)
        #expect(partial.reason("pipe") == .special)
        #expect(partial.skipped.count == 3)
        #expect(try tree.decision("folder-out/secret") == .skipped(.symlink, at: workspacePath("folder-out")))
    }

    @Test func aFolderSwappedForALinkLeadsNowhere() throws {
        let tree = try ScratchTree()
        try tree.write("../outside/secret", "secret")
        try tree.write("b/file")
        try tree.write("c/file")
        // Asked before a folder is entered, after the one around it was listed.
        let swap: () -> Bool = {
            tree.delete("b")
            try? tree.link("b", to: "../outside")
            return false
        }
        let entering = try tree.scanner()
            .scan(.everything, known: [], now: clockNow, isCancelled: swap, onHashed: { _ in })
        #expect(entering.paths == ["c/file"])

        tree.delete("b")
        try tree.write("b/secret", "mine")
        let reading = try tree.scanner()
            .scan(
                .everything,
                known: [],
                now: {
                    _ = swap()
                    return clockNow()
                },
                onHashed: { _ in }
            )
        #expect(reading.paths == ["c/file"])
        #expect(throws: SourceError.self) { try FileSource(root: tree.root, path: workspacePath("b/secret")).open() }
        #expect(throws: SourceError.self) {
            try readFile(workspacePath("b/secret"), in: tree.root, upTo: .mebibytes(1))
        }
    }

    @Test func whatMayNotBeReadIsTroubleAndTheRestGoesOn() throws {
        let tree = try ScratchTree()
        try tree.write("locked/below")
        try tree.write("open/file", "fine")
        try tree.write("secret", "mine")
        chmod(tree.top, 0o755)
        chmod(tree.root + "/locked", 0)
        let known = try asNobody { try tree.scan() }.known(in: tree)
        chmod(tree.root + "/secret", 0)
        let snapshot = try asNobody { try tree.scan(known: known) }
        #expect(snapshot.paths == ["open/file"])
        #expect(snapshot.troubles.map(\.path) == [workspacePath("locked"), workspacePath("secret")])
        #expect(snapshot.troubles.map(\.kind) == [.unreadable, .unreadable])
        #expect(snapshot.troubles.map(\.isFolder) == [true, false])
        #expect(snapshot.troubles.first?.message == "cannot be read: permission denied")

        let inside = try asNobody { try tree.scan(Scope([workspacePath("locked/below")])) }
        #expect(inside.troubles.map(\.isFolder) == [true])
        let decision = try asNobody { try tree.decision("secret") }
        guard case .trouble(let trouble) = decision else { return #expect(Bool(false), "\(decision)") }
        #expect(trouble.kind == .unreadable)
    }

    @Test func aFolderWithUnreadableRulesIsNotEntered() throws {
        let tree = try ScratchTree()
        try tree.write("a/.gitignore", "secret\n")
        try tree.write("a/secret")
        try tree.write("b")
        chmod(tree.top, 0o755)
        chmod(tree.root + "/a/.gitignore", 0)
        let snapshot = try asNobody { try tree.scan() }
        #expect(snapshot.paths == ["b"])
        #expect(snapshot.troubles.map(\.path) == [workspacePath("a")])
        #expect(snapshot.troubles.map(\.isFolder) == [true])
        #expect(snapshot.troubles.first?.message.contains("a/.gitignore") == true)
    }

    @Test func deepFoldersAreReachedAndBottomlessOnesAreTrouble() throws {
        let tree = try ScratchTree()
        let deep = Array(repeating: "d", count: 300).joined(separator: "/")
        try tree.write(deep + "/file")
        try tree.write("d/d/last")
        try tree.write("e/" + Array(repeating: "d", count: 600).joined(separator: "/") + "/file")
        let snapshot = try tree.scan()
        #expect(snapshot.paths == [deep + "/file", "d/d/last"])
        #expect(snapshot.troubles.map(\.isFolder) == [true])
        #expect(snapshot.troubles.first?.path.isWithin(workspacePath("e")) == true)
        #expect(openFolders(within: tree.root) == 0)
    }

    @Test func reservedFoldersAreNeverEntered() throws {
        let tree = try ScratchTree()
        try tree.write(".gitignore", "!.git\n!.satchel\n!.git/**\n")
        for path in [".git/config", "a/.git/x", ".satchel/manifest.db", "a/b/.satchel", "a/file", "a.git", ".gitx"] {
            try tree.write(path)
        }
        var policy = ScratchTree.gitsPolicy
        policy.include = [SelectionRule(file: "satchel.yaml", line: 2, pattern: "*")]
        let snapshot = try tree.scan(policy: policy)
        #expect(snapshot.paths == [".gitignore", ".gitx", "a.git", "a/file"])
        #expect(snapshot.skipped.map(\.reason) == [.reserved, .reserved, .reserved, .reserved])
        #expect(try tree.decision(".satchel/manifest.db") == .skipped(.reserved, at: workspacePath(".satchel")))
    }

    @Test func aRootThatIsNoFolderIsSaid() throws {
        let tree = try ScratchTree()
        try tree.write("file")
        func error(_ root: String) -> ScanError? {
            #expect(throws: ScanError.self) {
                try WorkspaceScanner(root: root, policy: SelectionPolicy(), hashing: SHA256Hashing(), environment: [:])
                    .scan(.everything, known: [], now: clockNow, onHashed: { _ in })
            }
        }
        guard case .rootMissing = error(tree.root + "/none") else { return #expect(Bool(false)) }
        guard case .rootNotFolder = error(tree.root + "/file") else { return #expect(Bool(false)) }
    }

    @Test func anotherFolderUnderTheSameNameHasAnotherIdentity() throws {
        let tree = try ScratchTree()
        let first = try tree.scan().root
        #expect(try tree.scan().root == first)
        #expect(rename(tree.root, tree.top + "/moved") == 0)
        #expect(mkdir(tree.root, 0o755) == 0)
        #expect(try tree.scan().root != first)
    }
}

/// Runs `body` without root's right to read everything, on this thread only; for others nothing changes.
func asNobody<Result>(_ body: () throws -> Result) throws -> Result {
    guard geteuid() == 0 else { return try body() }
    // Glibc's Swift module leaves this one out. It changes the calling thread alone, unlike seteuid.
    guard let symbol = dlsym(nil, "setfsuid") else { throw ScratchTree.Failed("setfsuid") }
    let setfsuid = unsafeBitCast(symbol, to: (@convention(c) (UInt32) -> Int32).self)
    _ = setfsuid(65534)
    defer { _ = setfsuid(0) }
    return try body()
}

/// How many descriptors of this process are open on something below `root`.
private func openFolders(within root: String) -> Int {
    guard let stream = opendir("/proc/self/fd") else { return 0 }
    defer { closedir(stream) }
    var count = 0
    var target = [CChar](repeating: 0, count: 4096)
    while let entry = readdir(stream) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
            pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        let length = readlink("/proc/self/fd/\(name)", &target, target.count)
        guard length > 0 else { continue }
        let path = String(decoding: target.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        if path.hasPrefix(root + "/") { count += 1 }
    }
    return count
}
