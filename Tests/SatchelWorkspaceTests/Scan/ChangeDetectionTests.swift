import Glibc
import SatchelCore
import SatchelWorkspace
import Synchronization
import Testing

@Suite struct ChangeDetectionTests {
    @Test func contentIsHashedAndItsKindIsSeen() throws {
        let tree = try ScratchTree()
        try tree.write("empty", "")
        try tree.write("text", "abc")
        try tree.write(Array("picture".utf8), [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0])
        try tree.write(Array("large".utf8), [UInt8](repeating: 0x61, count: 1_000_000))
        let snapshot = try tree.scan()
        #expect(snapshot.paths == ["empty", "large", "picture", "text"])
        #expect(snapshot.files.map(\.media) == [.empty, .text, .png, .text])
        let hexes = snapshot.files.map(\.digest.hex)
        #expect(hexes[0] == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(snapshot.files[0].digest == .ofNothing)
        #expect(hexes[1] == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
        #expect(hexes[3] == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    }

    @Test func whatIsKnownIsNotRead() throws {
        let tree = try ScratchTree()
        for index in 0..<20 { try tree.write("f\(index % 5)/\(index)", "\(index)") }
        let first = try tree.scan()
        let known = first.known(in: tree)
        let hashing = WatchedHashing()
        var batches = 0
        let second = try tree.scanner(hashing: hashing)
            .scan(.everything, known: known, now: clockNow, onHashed: { _ in batches += 1 })
        #expect(second.files == first.files)
        #expect(hashing.contents == 0)
        #expect(batches == 0)
    }

    @Test func aRacyRowIsReadAgain() throws {
        let tree = try ScratchTree()
        try tree.write("a", "1")
        try tree.write("b", "2")
        var known = try tree.scan().known(in: tree)
        known[1].isRacy = true
        let hashing = WatchedHashing()
        var hashed: [HashedFile] = []
        _ = try tree.scanner(hashing: hashing).scan(.everything, known: known, now: clockNow) { hashed += $0 }
        #expect(hashed.map(\.path) == [workspacePath("b")])
        #expect(hashing.contents == 1)
    }

    /// The clock decides: what was touched within two seconds before its reading, or after it, may change unseen.
    @Test(arguments: [(-10_000_000_000, true), (0, true), (1_900_000_000, true), (2_100_000_000, false)])
    func aFreshFileIsRacy(later: Int, isRacy: Bool) throws {
        let tree = try ScratchTree()
        try tree.write("a", "1")
        let changed = tree.fingerprint(of: try #require(try tree.scan().files.first).path).changed
        var hashed: [HashedFile] = []
        _ = try tree.scanner().scan(.everything, known: [], now: { changed + Int64(later) }) { hashed += $0 }
        #expect(hashed.map(\.isRacy) == [isRacy])
    }

    @Test func anEditOfEqualLengthWithItsTimePutBackIsSeen() throws {
        let tree = try ScratchTree()
        try tree.write("a", "one")
        try tree.touch("a", at: 1_000_000)
        let known = try tree.scan().known(in: tree)
        try tree.write("a", "two")
        try tree.touch("a", at: 1_000_000)
        let second = try tree.scan(known: known)
        #expect(second.files.first?.digest == digest("two"))
        #expect(tree.fingerprint(of: workspacePath("a")).modified == known.first?.fingerprint.modified)
    }

    @Test func aRenamedFileKeepsItsDigestUnderTheNewName() throws {
        let tree = try ScratchTree()
        try tree.write("old", "same")
        let known = try tree.scan().known(in: tree)
        #expect(rename(tree.root + "/old", tree.root + "/new") == 0)
        let second = try tree.scan(known: known)
        #expect(second.paths == ["new"])
        #expect(second.files.first?.digest == digest("same"))
    }

    @Test func theNamesOfOneInodeAreReadOnce() throws {
        let tree = try ScratchTree()
        try tree.write("a/one", "shared")
        try tree.hardLink("a/two", to: "a/one")
        try tree.folder("b")
        try tree.hardLink("b/three", to: "a/one")
        try tree.write("other", "alone")
        let hashing = WatchedHashing()
        var hashed: [HashedFile] = []
        let snapshot = try tree.scanner(hashing: hashing)
            .scan(.everything, known: [], now: clockNow) { hashed += $0 }
        #expect(hashing.contents == 2)
        #expect(snapshot.paths == ["a/one", "a/two", "b/three", "other"])
        #expect(snapshot.files.prefix(3).allSatisfy { $0.digest == digest("shared") && $0.media == .text })
        #expect(hashed.map(\.path).sorted() == snapshot.files.map(\.path))
    }

    @Test func whatIsReadIsHandedOverInBatches() throws {
        let tree = try ScratchTree()
        for index in 0..<2300 { try tree.write("d\(index % 7)/\(index)", "\(index)") }
        var batches: [[HashedFile]] = []
        let snapshot = try tree.scanner().scan(.everything, known: [], now: clockNow) { batches.append($0) }
        #expect(batches.map(\.count) == [1000, 1000, 300])
        #expect(batches.flatMap { $0.map(\.path) } == snapshot.files.map(\.path))
        #expect(batches.flatMap { $0.map(\.digest) } == snapshot.files.map(\.digest))
    }

    @Test func aFileThatKeepsGrowingIsInTrouble() throws {
        let tree = try ScratchTree()
        try tree.write("log", "start")
        try tree.write("other", "still")
        let root = tree.root
        let hashing = WatchedHashing { bytes in
            guard bytes.starts(with: "start".utf8), let file = fopen(root + "/log", "a") else { return }
            fputs("more", file)
            fclose(file)
        }
        let snapshot = try tree.scanner(hashing: hashing)
            .scan(.everything, known: [], now: clockNow, onHashed: { _ in })
        #expect(snapshot.paths == ["other"])
        #expect(snapshot.troubles.map(\.path) == [workspacePath("log")])
        #expect(snapshot.troubles.map(\.kind) == [.changing])
        #expect(snapshot.troubles.map(\.isFolder) == [false])
    }

    @Test func aFileThatChangesOnceIsReadAgain() throws {
        let tree = try ScratchTree()
        try tree.write("note", "before")
        let root = tree.root
        let isDone = Mutex(false)
        let hashing = WatchedHashing { _ in
            let act = isDone.withLock { done in
                defer { done = true }
                return !done
            }
            guard act, let file = fopen(root + "/note", "w") else { return }
            fputs("behind", file)
            fclose(file)
        }
        let snapshot = try tree.scanner(hashing: hashing)
            .scan(.everything, known: [], now: clockNow, onHashed: { _ in })
        #expect(snapshot.files.map(\.digest) == [digest("behind")])
        #expect(snapshot.troubles == [])
    }

    @Test func aFileThatVanishesBeforeItIsReadIsNotThere() throws {
        let tree = try ScratchTree()
        try tree.write("a", "1")
        try tree.write("b", "2")
        try tree.write("d/c", "3")
        // The clock is asked after the walk and before the reading.
        let now: () -> Int64 = {
            tree.delete("b")
            tree.delete("d")
            return clockNow()
        }
        let snapshot = try tree.scanner().scan(.everything, known: [], now: now, onHashed: { _ in })
        #expect(snapshot.paths == ["a"])
        #expect(snapshot.troubles == [])
    }

    @Test func aFileThatGrewPastTheLimitIsTooLarge() throws {
        let tree = try ScratchTree()
        var policy = ScratchTree.gitsPolicy
        policy.maxFileSize = ByteCount(10)
        try tree.write("fits", "0123456789")
        try tree.write("large", "0123456789a")
        try tree.write("late", "0")
        let now: () -> Int64 = {
            try? tree.write("late", "0123456789a")
            return clockNow()
        }
        let snapshot = try tree.scanner(policy).scan(.everything, known: [], now: now, onHashed: { _ in })
        #expect(snapshot.paths == ["fits"])
        #expect(snapshot.reason("large") == .tooLarge(limit: ByteCount(10)))
        #expect(snapshot.reason("late") == .tooLarge(limit: ByteCount(10)))
    }

    @Test func anErrorOfTheCallbackEndsTheScan() throws {
        let tree = try ScratchTree()
        try tree.write("a")
        struct Full: Error {}
        let error = #expect(throws: ScanError.self) {
            try tree.scanner().scan(.everything, known: [], now: clockNow, onHashed: { _ in throw Full() })
        }
        guard case .callback(let inner) = error else { return #expect(Bool(false), "\(String(describing: error))") }
        #expect(inner is Full)
    }

    @Test func aCancelledScanEnds() throws {
        let tree = try ScratchTree()
        try tree.write("a/b/c")
        var asked = 0
        let error = #expect(throws: ScanError.self) {
            try tree.scanner().scan(
                .everything,
                known: [],
                now: clockNow,
                isCancelled: {
                    asked += 1
                    return asked == 2
                },
                onHashed: { _ in }
            )
        }
        guard case .cancelled = error else { return #expect(Bool(false), "\(String(describing: error))") }
        #expect(asked == 2)
    }
}
