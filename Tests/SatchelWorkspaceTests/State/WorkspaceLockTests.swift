import FoundationEssentials
import Glibc
import SatchelCore
import SatchelWorkspace
import Testing

@Suite struct WorkspaceLockTests {
    private let now = Date(timeIntervalSince1970: 1_800_000_000)

    @Test func theSecondOneIsToldWhoHoldsIt() throws {
        let tree = try ScratchTree()
        let folder = try StateFolder.create(in: tree.root)
        #expect(WorkspaceLock.holder(in: folder) == nil)
        let lock = try WorkspaceLock.take(in: folder, for: "satchel watch", at: now)
        let holder = LockHolder(pid: getpid(), since: now, command: "satchel watch")
        #expect(WorkspaceLock.holder(in: folder) == holder)
        let error = #expect(throws: StateError.self) {
            try WorkspaceLock.take(in: folder, for: "satchel sync", at: now)
        }
        #expect(error == .locked(path: folder.path + "/lock", holder: holder))
        #expect(error?.description.contains("satchel watch (process \(getpid()), since 2027-01-15T08:00:00Z)") == true)
        lock.release()
        #expect(WorkspaceLock.holder(in: folder) == nil)
        lock.release()
        try WorkspaceLock.take(in: folder, for: "satchel sync", at: now).release()
    }

    @Test func waitingEndsWhenItIsReleased() async throws {
        let tree = try ScratchTree()
        let folder = try StateFolder.create(in: tree.root)
        let now = now
        let first = try WorkspaceLock.take(in: folder, for: "one", at: now)
        async let second = WorkspaceLock.take(in: folder, for: "two", at: { now }, waitingUpTo: .seconds(30))
        await Task.yield()
        first.release()
        try await second.release()
    }

    @Test func waitingEndsAfterItsTimeAndWhenItIsCancelled() async throws {
        let tree = try ScratchTree()
        let folder = try StateFolder.create(in: tree.root)
        let now = now
        let first = try WorkspaceLock.take(in: folder, for: "one", at: now)
        await #expect(throws: StateError.self) {
            try await WorkspaceLock.take(in: folder, for: "two", at: { now }, waitingUpTo: .milliseconds(30))
        }
        let waiting = Task {
            try await WorkspaceLock.take(in: folder, for: "two", at: { now }, waitingUpTo: .seconds(60))
        }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        first.release()
    }

    @Test func theLockDiesWithItsProcessAndItsFileStays() throws {
        let tree = try ScratchTree()
        let folder = try StateFolder.create(in: tree.root)
        // flock(1) takes the same kind of lock; its child inherits it, so both have to die.
        let script = "flock -n \(folder.path)/lock -c 'kill -9 $PPID $$'"
        _ = try runProgram(["sh", "-c", script], environment: tree.environment)
        let lock = try WorkspaceLock.take(in: folder, for: "next", at: now)
        let held = try runProgram(
            ["flock", "-n", folder.path + "/lock", "true"],
            environment: tree.environment
        )
        #expect(held.status == 1)
        lock.release()
    }

    @Test func programsStartedMeanwhileDoNotInheritIt() throws {
        let tree = try ScratchTree()
        let folder = try StateFolder.create(in: tree.root)
        let lock = try WorkspaceLock.take(in: folder, for: "one", at: now)
        let found = try runProgram(["sh", "-c", "ls -l /proc/$$/fd"], environment: tree.environment)
        #expect(!String(decoding: found.output, as: UTF8.self).contains(folder.path))
        lock.release()
    }

    @Test func aCommandCannotForgeLines() throws {
        let tree = try ScratchTree()
        let folder = try StateFolder.create(in: tree.root)
        let lock = try WorkspaceLock.take(in: folder, for: "x\npid 1\u{1b}[2J", at: now)
        #expect(WorkspaceLock.holder(in: folder)?.command == "x pid 1[2J")
        #expect(WorkspaceLock.holder(in: folder)?.pid == getpid())
        lock.release()
    }
}
