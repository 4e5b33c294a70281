package import FoundationEssentials
internal import CSys
import Glibc
package import SatchelCore
import Synchronization

/// The right to change a workspace's state: one process at a time, held until it is released or the process is dead.
///
/// It is a `flock` on `.satchel/lock`, which the kernel forgets with the process, whatever killed it; the file itself
/// stays and means nothing. Programs that are started meanwhile do not inherit it.
package final class WorkspaceLock: Sendable {
    /// The locked descriptor; nil after ``release()``.
    private let descriptor: Mutex<Int32?>
    private let path: String

    private init(holding descriptor: Int32, at path: String) {
        self.descriptor = Mutex(descriptor)
        self.path = path
    }

    deinit {
        release()
    }

    /// Takes the lock or says at once who has it.
    ///
    /// `command` and `now` are written into the file for people who ask.
    package static func take(in folder: StateFolder, for command: String, at now: Date) throws(StateError)
        -> WorkspaceLock
    {
        let path = joined(folder.path, "lock")
        while true {
            let descriptor = try open(path)
            guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
                let code = errno
                let holder = code == EWOULDBLOCK ? holder(descriptor) : nil
                close(descriptor)
                if code == EINTR { continue }
                guard code == EWOULDBLOCK else { throw failure("lock", path, SystemError(code)) }
                throw .locked(path: path, holder: holder)
            }
            // Somebody may have deleted the file between opening and locking: then this lock guards nothing.
            guard isStill(descriptor, at: path) else {
                close(descriptor)
                continue
            }
            let text = LockHolder(pid: getpid(), since: now, command: command).text
            guard ftruncate(descriptor, 0) == 0, pwrite(descriptor, text, text.utf8.count, 0) == text.utf8.count else {
                let error = SystemError.last
                close(descriptor)
                throw failure("write", path, error)
            }
            return WorkspaceLock(holding: descriptor, at: path)
        }
    }

    /// Takes the lock, trying again until `limit` is over.
    ///
    /// - Throws: ``StateError``, or `CancellationError` when the task is cancelled while it waits.
    package static func take(
        in folder: StateFolder,
        for command: String,
        at now: @Sendable () -> Date,
        waitingUpTo limit: Duration
    ) async throws -> WorkspaceLock {
        let clock = ContinuousClock()
        let deadline = clock.now + limit
        var pause = Duration.milliseconds(10)
        while true {
            do {
                return try take(in: folder, for: command, at: now())
            } catch {
                guard case .locked = error, clock.now < deadline else { throw error }
            }
            // Each try is three short calls, so only the pauses cost time; a quarter of a second is soon enough.
            try await Task.sleep(until: min(clock.now + pause, deadline), clock: clock)
            pause = min(pause * 2, .milliseconds(250))
        }
    }

    /// Who holds the lock of a workspace now, as far as they wrote it down; nil when nobody does.
    ///
    /// Asked of `/proc/locks` and not by trying the lock, which would get in the way of somebody who wants it.
    package static func holder(in folder: StateFolder) -> LockHolder? {
        let path = joined(folder.path, "lock")
        guard let descriptor = try? openEntry(path, in: AT_FDCWD, flags: O_RDONLY | O_NOFOLLOW | O_NONBLOCK) else {
            return nil
        }
        defer { close(descriptor) }
        var status = stat()
        guard let written = holder(descriptor), fstat(descriptor, &status) == 0,
            let locks = try? readSettings(at: "/proc/locks", followsLink: false)
        else { return nil }
        // `3: FLOCK  ADVISORY  WRITE 4711 fe:01:1234 0 EOF`
        return String(decoding: locks, as: UTF8.self).split(separator: "\n").contains { line in
            let words = line.split(separator: " ")
            return words.count > 5 && words[1] == "FLOCK" && words[4] == "\(written.pid)"
                && words[5].hasSuffix(":\(status.st_ino)")
        } ? written : nil
    }

    /// Whether it still keeps others out: the file that it locks stands where they look for it.
    ///
    /// With `.satchel` removed, or another one in its place, what is open here is a file that nobody else can find.
    package var isInPlace: Bool { descriptor.withLock { held in held.map { Self.isStill($0, at: path) } ?? false } }

    /// Gives it back; doing so again does nothing.
    package func release() {
        descriptor.withLock { held in
            guard let open = held else { return }
            held = nil
            // Nobody is to read the name of a holder who is gone.
            _ = ftruncate(open, 0)
            // Not by closing alone: a program that is just being started holds the descriptor until it is run.
            flock(open, LOCK_UN)
            close(open)
        }
    }

    private static func open(_ path: String) throws(StateError) -> Int32 {
        while true {
            let flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC
            let descriptor = csys_openat_mode(AT_FDCWD, path, flags, 0o600)
            if descriptor >= 0 {
                // The umask may have taken away what the next process needs.
                var status = stat()
                if fstat(descriptor, &status) == 0, status.st_mode & 0o777 != 0o600 { fchmod(descriptor, 0o600) }
                return descriptor
            }
            guard errno == EINTR else { throw failure("open", path, .last) }
        }
    }

    private static func isStill(_ descriptor: Int32, at path: String) -> Bool {
        var (open, named) = (stat(), stat())
        return fstat(descriptor, &open) == 0 && lstat(path, &named) == 0
            && open.st_ino == named.st_ino && open.st_dev == named.st_dev
    }

    private static func holder(_ descriptor: Int32) -> LockHolder? {
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        return count > 0 ? LockHolder(text: String(decoding: bytes.prefix(count), as: UTF8.self)) : nil
    }

    private static func failure(_ doing: String, _ path: String, _ error: SystemError) -> StateError {
        .failed(
            doing: doing,
            path: path,
            cause: error.description,
            remedy: writeRemedy(error.code),
            isShortage: error.meansShortage
        )
    }
}
