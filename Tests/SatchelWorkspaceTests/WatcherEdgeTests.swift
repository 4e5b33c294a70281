import Dispatch
import Glibc
import SatchelCore
import Synchronization
import Testing

@testable import SatchelWorkspace

extension WatcherTests {
    /// Settling, limits, losses and ends.
    @Suite struct Edges {
        @Test(arguments: EventSourceKind.available)
        func anAtomicSaveIsOneBatchWithoutARemoval(_ kind: EventSourceKind) async throws {
            var settle = SettlePolicy()
            settle.quiet = .milliseconds(500)
            settle.removalHold = .seconds(3600)
            try await withWatchedFolder(kind, settle: settle, prepare: { writeFile("1", at: "\($0)/f") }) { folder in
                for _ in 0..<5 {
                    folder.write("22", to: ".f.tmp")
                    folder.rename(".f.tmp", to: "f")
                }
                var batches = folder.watcher.batches.makeAsyncIterator()
                let batch = await batches.next()
                #expect(batch == .dirty(Scope([".f.tmp", "f"].compactMap { WorkspacePath($0) })))
                #expect(access(folder.full("f"), F_OK) == 0)
                try await #expect(folder.dirty().names == [])
            }
        }

        @Test(arguments: EventSourceKind.available)
        func aFileThatIsDeletedAndMadeAgainIsNotSeenMissing(_ kind: EventSourceKind) async throws {
            var settle = SettlePolicy()
            settle.quiet = .milliseconds(20)
            settle.removalHold = .seconds(3600)
            try await withWatchedFolder(kind, settle: settle, prepare: { writeFile("1", at: "\($0)/f") }) { folder in
                var batches = folder.watcher.batches.makeAsyncIterator()
                unlink(folder.full("f"))
                folder.write("a file that settles meanwhile", to: "other")
                #expect(await batches.next() == .dirty(.paths([WorkspacePath(unchecked: Array("other".utf8))])))
                folder.write("2", to: "f")
                #expect(await batches.next() == .dirty(.paths([WorkspacePath(unchecked: Array("f".utf8))])))
            }
        }

        @Test(arguments: EventSourceKind.available)
        func anOverflowMakesEverythingDirtyAndPutsTheWatchesRight(_ kind: EventSourceKind) async throws {
            let gate = Gate()
            let prunes: @Sendable (WorkspacePath) -> Bool = { path in
                if path.name.elementsEqual("gate".utf8) { gate.wait() }
                return false
            }
            let prepare = { (root: String) in makeFolders(at: "\(root)/stale/a") }
            try await withWatchedFolder(kind, prunes: prunes, prepare: prepare) { folder in
                folder.makeFolder("gate")
                gate.waitUntilReached()
                // The thread is held: the queue fills up, and what comes then is lost.
                let queue = inotifyLimit("max_queued_events") ?? 16_384
                for round in 0...(queue / 2 + 10) {
                    chmod(folder.full("stale"), round % 2 == 0 ? 0o700 : 0o755)
                }
                folder.remove("stale")
                folder.makeFolder("fresh/a")
                gate.open()
                let dirty = try await folder.dirty()
                #expect(dirty == .everything)
                #expect(folder.watcher.counts.overflows == 1)
                #expect(folder.watcher.counts.watches == 4)
                folder.write("x", to: "fresh/a/f")
                try await #expect(folder.dirty().names == ["fresh/a/f"])
            }
        }

        @Test(arguments: EventSourceKind.available)
        func aSlowConsumerMissesNothing(_ kind: EventSourceKind) async throws {
            try await withWatchedFolder(kind, settle: .immediate) { folder in
                for number in 0..<300 {
                    folder.write("x", to: "f\(number)")
                    try await folder.watcher.barrier()
                }
                let batches = try await folder.batches()
                #expect(batches.count == 1)
                guard case .dirty(let scope) = batches.first else { return }
                #expect((0..<300).allSatisfy { scope.contains("f\($0)") })
            }
        }

        @Test(arguments: EventSourceKind.available)
        func theWatcherSleepsWhileNothingHappens(_ kind: EventSourceKind) async throws {
            try await withWatchedFolder(kind) { folder in
                try await #expect(folder.dirty().names == [])
                try await #expect(folder.dirty().names == [])
                try await folder.watcher.barrier()
                let before = folder.watcher.counts.wakeups
                try await Task.sleep(for: .milliseconds(300))
                // The patience after the last event is one more.
                #expect(folder.watcher.counts.wakeups - before <= 2)
            }
        }

        @Test(arguments: EventSourceKind.available)
        func stoppingEndsTheStream(_ kind: EventSourceKind) async throws {
            try await withWatchedFolder(kind) { folder in
                async let rest = folder.watcher.batches.reduce(into: 0) { count, _ in count += 1 }
                folder.watcher.stop()
                folder.watcher.stop()
                await folder.watcher.finished()
                _ = await rest
                await #expect(throws: WatchError.stopped) { try await folder.watcher.barrier() }
                await folder.watcher.rescanWatches()
                await folder.watcher.ready()
            }
        }

        @Test(arguments: EventSourceKind.available)
        func cancellingTheConsumerEndsItsStreamOnly(_ kind: EventSourceKind) async throws {
            try await withWatchedFolder(kind) { folder in
                let consumer = Task { for await _ in folder.watcher.batches {} }
                consumer.cancel()
                await consumer.value
                folder.write("x", to: "f")
                try await #expect(folder.dirty().names == ["f"])
            }
        }

        @Test(arguments: EventSourceKind.available)
        func barriersWorkAfterTheirFolderIsDeleted(_ kind: EventSourceKind) async throws {
            try await withWatchedFolder(kind) { folder in
                try await folder.watcher.barrier()
                folder.remove(".satchel")
                try await folder.watcher.barrier()
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<20 { group.addTask { try await folder.watcher.barrier() } }
                    try await group.waitForAll()
                }
                #expect(rmdir(folder.full(".satchel/cookies")) == 0, "no cookie is left")
            }
        }

        @Test(arguments: EventSourceKind.available)
        func aBarrierWithoutAPlaceForItsCookieSaysSo(_ kind: EventSourceKind) async throws {
            try await withWatchedFolder(kind, prepare: { writeFile("", at: "\($0)/.satchel") }) { folder in
                await #expect(throws: WatchError.cookieLost(code: ENOTDIR)) { try await folder.watcher.barrier() }
            }
        }

        @Test(arguments: EventSourceKind.available)
        func theLossOfTheRootIsTheLastWord(_ kind: EventSourceKind) async throws {
            for loss in [RootLoss.deleted, .moved, .replaced, .missing] {
                try await withTemporaryFolder { outside in
                    let root = "\(outside)/project"
                    makeFolders(at: "\(root)/a")
                    writeFile("x", at: "\(root)/a/f")
                    let watcher = try await startWatcher(root: root, source: kind)
                    await watcher.ready()
                    switch loss {
                    case .deleted: removeTree(root)
                    case .moved: rename(root, "\(outside)/elsewhere")
                    case .missing:
                        // Nor is a deletion told while a program has its working folder there.
                        let held = open(root, O_RDONLY)
                        defer { close(held) }
                        removeTree(root)
                        await #expect(throws: WatchError.stopped) { try await watcher.barrier() }
                    default:
                        // The kernel tells the watched folder nothing of what happens above it.
                        makeFolders(at: "\(outside)/other/project")
                        rename(outside, "\(outside)-gone")
                        rename("\(outside)-gone/other", outside)
                        await #expect(throws: WatchError.stopped) {
                            writeFile("y", at: "\(outside)-gone/project/a/f")
                            try await watcher.barrier()
                        }
                    }
                    var last: WatchBatch?
                    for await batch in watcher.batches {
                        #expect(batch == .rootGone(loss))
                        last = batch
                    }
                    #expect(last == .rootGone(loss))
                    await watcher.finished()
                    removeTree("\(outside)-gone")
                }
            }
        }

        @Test(arguments: EventSourceKind.available)
        func aFolderThatIsNotThereCannotBeWatched(_ kind: EventSourceKind) async throws {
            try await withTemporaryFolder { root in
                let path = "\(root)/none"
                await #expect(throws: WatchError.rootUnavailable(path, code: ENOENT)) {
                    try await startWatcher(root: path, source: kind)
                }
                // Nothing was kept: the next attempt gets the source again.
                let watcher = try await startWatcher(root: root, source: kind)
                watcher.stop()
                await watcher.finished()
            }
        }

        @Test func runningOutOfWatchesIsSaidOnceAndCanBeMadeGood() async throws {
            try await withTemporaryFolder { root in
                for name in 0..<10 { makeFolders(at: "\(root)/\(name)") }
                let source = try LimitedSource(limit: 5)
                let watcher = try Watcher(
                    root: root,
                    settle: .immediate,
                    pruning: .those { _ in false },
                    readingFrom: source
                )
                let folder = WatchedFolder(root: root, watcher: watcher)
                await watcher.ready()
                #expect(watcher.counts.isPartial)
                var batches = watcher.batches.makeAsyncIterator()
                guard case .degraded(let error) = await batches.next() else {
                    Issue.record("nothing was said")
                    return
                }
                #expect(error.description.contains("sysctl fs.inotify.max_user_watches="))
                await watcher.rescanWatches()
                try await #expect(folder.batches() == [])
                source.limit.withLock { $0 = 100 }
                await watcher.rescanWatches()
                #expect(!watcher.counts.isPartial)
                _ = try await folder.dirty()
                for name in 0..<10 {
                    folder.write("x", to: "\(name)/f")
                    try await #expect(folder.dirty().names == ["\(name)/f"])
                }
                watcher.stop()
                await watcher.finished()
            }
        }

        @Test func aFileSystemThatReportsTooLittleIsToldOnce() async throws {
            try await withTemporaryFolder { root in
                for name in ["a", "b"] { makeFolders(at: "\(root)/\(name)") }
                let watcher = try Watcher(
                    root: root,
                    settle: .immediate,
                    pruning: .those { _ in false },
                    readingFrom: makeEventSource(.rawInotify),
                    // What statfs(2) says of FUSE.
                    typeOfFileSystem: { _ in 0x6573_5546 }
                )
                await watcher.ready()
                var batches = watcher.batches.makeAsyncIterator()
                #expect(await batches.next() == .degraded(.remoteFileSystem("FUSE")))
                makeFolders(at: "\(root)/c")
                await watcher.rescanWatches()
                guard case .dirty = await batches.next() else {
                    Issue.record("said again, or nothing else reported")
                    return
                }
                watcher.stop()
                await watcher.finished()
            }
        }

        @Test(arguments: [
            (UInt32(0x6969), "NFS"), (0xff53_4d42, "SMB"), (0xfe53_4d42, "SMB"), (0x0102_1997, "9P"),
            (0x00c3_6400, "Ceph"), (0x6573_5546, "FUSE"), (0xef53, nil), (0x0102_1994, nil), (0x9123_683e, nil),
        ])
        func fileSystemsAreKnownByTheirTypes(_ type: UInt32, _ name: String?) {
            #expect(remoteFileSystem(type) == name)
        }

        #if LibInotifyTools
        @Test func theLibraryServesOneWatcherAtATime() async throws {
            try await withWatchedFolder(.inotifyTools) { folder in
                #expect(throws: WatchError.libraryInUse) { try Watcher(root: folder.root, source: .inotifyTools) }
                let other = try Watcher(root: folder.root, source: .preferred)
                await other.ready()
                folder.write("x", to: "f")
                try await #expect(folder.dirty().names == ["f"])
                try await other.barrier()
                var batches = other.batches.makeAsyncIterator()
                guard case .dirty(let scope) = await batches.next() else { return }
                #expect(scope.contains("f"))
                other.stop()
                await other.finished()
            }
        }
        #endif
    }
}

/// Raw inotify that pretends to have few watches.
private final class LimitedSource: EventSource {
    let limit: Mutex<Int>
    private let raw: RawInotifySource
    private var given: Set<Int32> = []

    init(limit: Int) throws(WatchError) {
        self.limit = Mutex(limit)
        raw = try RawInotifySource()
    }

    var descriptor: Int32 { raw.descriptor }

    func watch(_ path: UnsafePointer<CChar>, for mask: UInt32) -> Result<Int32, Errno> {
        // Cookies must get through for the test to see anything.
        let isCookies = mask & UInt32(IN_DELETE_SELF) == 0
        return raw.watch(path, for: mask).flatMap { watch in
            if isCookies || given.contains(watch) { return .success(watch) }
            guard given.count < limit.withLock({ $0 }) else {
                raw.unwatch(watch)
                return .failure(Errno(code: ENOSPC))
            }
            given.insert(watch)
            return .success(watch)
        }
    }

    func drain(limit: Int, _ body: (FileEvent) -> Void) throws(WatchError) -> Int {
        try raw.drain(limit: limit, body)
    }

    func close() { raw.close() }
}

/// Holds whoever waits until it is opened, once.
private final class Gate: Sendable {
    private let reached = DispatchSemaphore(value: 0)
    private let opened = DispatchSemaphore(value: 0)

    func wait() {
        reached.signal()
        opened.wait()
        opened.signal()
    }

    func waitUntilReached() { reached.wait() }

    func open() { opened.signal() }
}

/// Folder names that are pruned, as a configuration that changes.
final class Pruned: Sendable {
    private let names: Mutex<Set<String>>

    init(names: Set<String>) { self.names = Mutex(names) }

    func set(_ new: Set<String>) { names.withLock { $0 = new } }

    @Sendable func contains(_ path: WorkspacePath) -> Bool {
        names.withLock { $0.contains(path.lossyText) }
    }
}
