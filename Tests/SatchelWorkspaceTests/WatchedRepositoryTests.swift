import Glibc
import SatchelCore
import Synchronization
import Testing

@testable import SatchelWorkspace

/// A watcher beside repositories of their own, which are told by their listing, so after they are watched.
@Suite struct WatchedRepositoryTests {
    @Test func manyRepositoriesDoNotUseUpTheWatchesThatFoldersNeed() async throws {
        let tree = try ScratchTree()
        for number in 0..<20 { try tree.git("init", "-q", "a\(number)") }
        for number in 0..<3 { try tree.write("z\(number)/file") }
        let source = try CountingSource()
        try await watching(tree, source) { folder in
            #expect(folder.watcher.counts.watches == 4)
            await folder.watcher.rescanWatches()
            // The root, three folders, one repository at a time, and what barriers are made with.
            #expect(source.most.withLock { $0 } <= 6)
        }
    }

    @Test func aRepositoryIsNotAChangeEachTimeThatEverythingIsWalked() async throws {
        let tree = try ScratchTree()
        try tree.git("init", "-q", "vendor")
        try tree.write("a/file")
        try await watching(tree) { folder in
            _ = try await folder.batches()
            for _ in 0..<3 {
                await folder.watcher.rescanWatches()
                try await #expect(folder.dirty().names == [])
            }
        }
    }

    @Test func aFolderInThePlaceOfARepositoryIsWatchedFromThenOn() async throws {
        let tree = try ScratchTree()
        try tree.git("init", "-q", "vendor")
        try await watching(tree) { folder in
            _ = try await folder.batches()
            folder.remove("vendor")
            folder.makeFolder("vendor")
            folder.write("hi", to: "vendor/plain.txt")
            try await #expect(folder.dirty().names == ["vendor"])
            await folder.watcher.rescanWatches()
            #expect(folder.watcher.counts.watches == 2)
            folder.write("more", to: "vendor/more.txt")
            try await #expect(folder.dirty().contains("vendor/more.txt"))
        }
    }

    @Test func aFolderThatBecomesARepositoryIsLookedAtAndGivenUp() async throws {
        let tree = try ScratchTree()
        try tree.write("a/b/file")
        try await watching(tree) { folder in
            _ = try await folder.batches()
            try tree.git("init", "-q", "a")
            try await #expect(folder.dirty().names == ["a"])
            await folder.watcher.rescanWatches()
            #expect(folder.watcher.counts.watches == 1)
            // Known for what it is by now.
            _ = try await folder.batches()
            await folder.watcher.rescanWatches()
            try await #expect(folder.dirty().names == [])
        }
    }

    private func watching(
        _ tree: ScratchTree,
        _ source: CountingSource? = nil,
        _ body: (WatchedFolder) async throws -> Void
    ) async throws {
        let watcher = try Watcher(
            root: tree.root,
            settle: .untilTheBarrier,
            pruning: .selection(tree.scanner()),
            readingFrom: source ?? CountingSource()
        )
        await watcher.ready()
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(WatchedFolder(root: tree.root, watcher: watcher)))
        } catch {
            result = .failure(error)
        }
        watcher.stop()
        await watcher.finished()
        try result.get()
    }
}

/// Raw inotify that knows how many watches there were at once.
private final class CountingSource: EventSource {
    let most = Mutex(0)
    private let raw: RawInotifySource
    private var given: Set<Int32> = []

    init() throws(WatchError) { raw = try RawInotifySource() }

    var descriptor: Int32 { raw.descriptor }

    func watch(_ path: UnsafePointer<CChar>, for mask: UInt32) -> Result<Int32, Errno> {
        raw.watch(path, for: mask).map { watch in
            given.insert(watch)
            most.withLock { $0 = max($0, given.count) }
            return watch
        }
    }

    func unwatch(_ watch: Int32) {
        given.remove(watch)
        raw.unwatch(watch)
    }

    func drain(limit: Int, _ body: (FileEvent) -> Void) throws(WatchError) -> Int {
        try raw.drain(limit: limit, body)
    }

    func close() { raw.close() }
}
