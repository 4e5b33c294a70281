internal import GRDB
internal import Glibc

/// What Satchel remembers of one workspace, in SQLite.
///
/// Every method runs on the database's own queue, never on the cooperative pool, and is one transaction. WAL lets
/// other processes read meanwhile; writing is for the holder of the workspace lock.
package final class Manifest: Sendable {
    package let path: String
    let queue: DatabaseQueue

    /// Opens the manifest at `path`, making and migrating it where needed; its folder must exist.
    ///
    /// A file that is not ours, or newer than we are, is refused and left as it is.
    package init(at path: String) throws(ManifestError) {
        self.path = path
        do {
            try makePrivate(path)
            var configuration = Configuration()
            configuration.label = "manifest"
            configuration.busyMode = .timeout(10)
            configuration.foreignKeysEnabled = true
            // Values may be file names or message text: they do not belong in error messages.
            configuration.publicStatementArguments = false
            configuration.prepareDatabase { db in
                // Losing the last transactions to a power cut is survivable (see docs/manifest.md); losing order is not.
                try db.execute(sql: "PRAGMA synchronous = NORMAL")
                try db.execute(sql: "PRAGMA cache_size = \(Self.usualCache)")
                // As much as it has between two checkpoints; after many writes it shrinks to that again.
                try db.execute(sql: "PRAGMA journal_size_limit = 4194304")
            }
            queue = try whileOpening(path) {
                let queue = try DatabaseQueue(path: path, configuration: configuration)
                try Self.prepare(queue, path: path)
                return queue
            }
        } catch let error as ManifestError {
            throw error
        } catch {
            throw ManifestError(error, path: path)
        }
    }

    private static func prepare(_ queue: DatabaseQueue, path: String) throws {
        let (id, tables) = try queue.read { db in
            (
                try Int32.fetchOne(db, sql: "PRAGMA application_id") ?? 0,
                try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master") ?? 0
            )
        }
        guard id == Schema.applicationID || (id == 0 && tables == 0) else {
            throw ManifestError.notAManifest(path: path)
        }
        if tables > 0, try queue.read(Schema.migrator.hasBeenSuperseded) {
            throw ManifestError.newerSchema(path: path)
        }
        try queue.writeWithoutTransaction { db in
            // Not before it is known to be ours: it changes the file.
            try db.execute(sql: "PRAGMA journal_mode = WAL")
            if id == 0 { try db.execute(sql: "PRAGMA application_id = \(Schema.applicationID)") }
        }
        try Schema.migrator.migrate(queue)
    }

    /// Runs `body` in one read transaction.
    ///
    /// Also in a cancelled task, as every method here: what was done must be remembered however the work ends, and each
    /// transaction is short.
    func read<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws(ManifestError) -> T {
        try await fromQueue(path) { [queue] resume in
            queue.asyncRead { database in resume(Result { try body(try database.get()) }) }
        }
    }

    /// Runs `body` in one write transaction: all of it happens, or nothing.
    func write<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws(ManifestError) -> T {
        try await fromQueue(path) { [queue] resume in
            queue.asyncWrite(body) { _, result in resume(result) }
        }
    }

    /// Gives SQLite room for many writes all over the tables, such as a first sync of a large workspace, while `body` runs.
    ///
    /// The keys are digests, so neighbours in time are strangers in the tables; with the usual small cache nearly every
    /// row would be read and written again, and copied to the main file every thousand pages. It is taken back in the
    /// end: a watch lives on for weeks.
    package func withRoomForManyWrites<Result>(_ body: () async throws -> Result) async throws -> Result {
        try await setRoom(cache: "-65536", checkpoint: 16000)
        let done: Swift.Result<Result, any Error>
        do { done = .success(try await body()) } catch { done = .failure(error) }
        try await setRoom(cache: Self.usualCache, checkpoint: 1000)
        return try done.get()
    }

    /// The unit of `cache_size` is KiB when it is negative.
    private static let usualCache = "-512"

    /// Also in a cancelled task, as ``read(_:)`` and ``write(_:)``.
    private func setRoom(cache: String, checkpoint pages: Int) async throws(ManifestError) {
        try await fromQueue(path) { [queue] resume in
            queue.asyncWriteWithoutTransaction { db in
                resume(
                    Result {
                        try db.execute(sql: "PRAGMA cache_size = \(cache)")
                        try db.execute(sql: "PRAGMA wal_autocheckpoint = \(pages)")
                    }
                )
            }
        }
    }

    /// What SQLite says of the file's integrity; nil when it is sound.
    package func integrityProblem() async throws(ManifestError) -> String? {
        try await read { db in
            let answer = try String.fetchOne(db, sql: "PRAGMA integrity_check(1)") ?? "no answer"
            return answer == "ok" ? nil : answer
        }
    }

    /// The value kept under `key`, such as the root's identity.
    package func setting(_ key: String) async throws(ManifestError) -> String? {
        try await read { db in
            try String.fetchOne(db, sql: "SELECT value FROM meta WHERE key = ?", arguments: [key])
        }
    }

    /// Keeps `value` under `key`, or forgets it.
    package func setSetting(_ key: String, to value: String?) async throws(ManifestError) {
        try await write { db in
            guard let value else {
                try db.execute(sql: "DELETE FROM meta WHERE key = ?", arguments: [key])
                return
            }
            try db.execute(
                sql:
                    "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                arguments: [key, value]
            )
        }
    }
}

/// What `start` hands to its callback, from the database's queue.
///
/// GRDB's own asynchronous methods do nothing in a cancelled task.
func fromQueue<T: Sendable>(
    _ path: String,
    _ start: (@escaping @Sendable (Result<T, any Error>) -> Void) -> Void
) async throws(ManifestError) -> T {
    do {
        return try await withCheckedThrowingContinuation { continuation in
            start { continuation.resume(with: $0) }
        }
    } catch {
        throw ManifestError(error, path: path)
    }
}

extension ManifestError {
    init(_ error: any Error, path: String) {
        guard let error = error as? DatabaseError else {
            self = (error as? ManifestError) ?? .failed(path: path, detail: "\(error)")
            return
        }
        switch error.resultCode {
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: self = .corrupt(path: path, detail: error.message ?? "unreadable")
        case .SQLITE_BUSY, .SQLITE_LOCKED: self = .busy(path: path)
        case .SQLITE_FULL: self = .full(path: path)
        // What a memory file system says when it is full.
        case .SQLITE_IOERR where !hasSpace(near: path): self = .full(path: path)
        case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_CANTOPEN: self = .readOnly(path: path)
        default: self = .failed(path: path, detail: "SQLite says \(error.message ?? "error \(error.resultCode)")")
        }
    }
}

/// Whether the file system of `path` has room for some pages; true when it cannot be asked.
private func hasSpace(near path: String) -> Bool {
    var status = statvfs()
    guard statvfs(path, &status) == 0 else { return true }
    return UInt64(status.f_bavail) * UInt64(status.f_frsize) >= 65536
}
/// Makes the file where there is none, and private whatever the umask.
///
/// A file that is there is not opened: closing a second descriptor would drop the locks that another connection of this
/// process holds on it. SQLite gives the files it makes beside it the same permissions.
func makePrivate(_ path: String) throws(ManifestError) {
    let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    if descriptor >= 0 {
        _ = fchmod(descriptor, 0o600)
        close(descriptor)
        return
    }
    switch errno {
    case EEXIST:
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & 0o077 != 0 else { return }
        _ = chmod(path, 0o600)
    case ENOSPC, EDQUOT: throw .full(path: path)
    default: throw .readOnly(path: path)
    }
}

/// Runs `body` while no other process, and no other thread of this one, opens the same manifest.
///
/// Making the tables takes several transactions, and two programs that find none would both begin.
func whileOpening<T>(_ path: String, _ body: () throws -> T) throws -> T {
    let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    // A folder that cannot be opened cannot hold a manifest either; opening that says so better.
    guard descriptor >= 0 else { return try body() }
    defer { close(descriptor) }
    while flock(descriptor, LOCK_EX) != 0, errno == EINTR {}
    return try body()
}
