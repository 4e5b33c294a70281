internal import GRDB

/// What Satchel remembers of one workspace, in SQLite.
///
/// Every method runs on the database's own queue, never on the cooperative pool, and is one transaction. WAL lets
/// other processes read meanwhile; writing is for the holder of the workspace lock.
package final class Manifest: Sendable {
    package let path: String
    let queue: DatabaseQueue

    /// Opens the manifest at `path`, making and migrating it where needed.
    ///
    /// - Parameters:
    ///   - path: the file; its folder must exist.
    ///   - mayWrite: false for commands that only look; the file must then exist.
    package init(at path: String, mayWrite: Bool = true) throws(ManifestError) {
        self.path = path
        do {
            var configuration = Configuration()
            configuration.label = "manifest"
            configuration.busyMode = .timeout(10)
            configuration.foreignKeysEnabled = true
            // Values may be file names or message text: they do not belong in error messages.
            configuration.publicStatementArguments = false
            configuration.prepareDatabase { db in
                // Losing the last transactions to a power cut is survivable (see docs/manifest.md); losing order is not.
                try db.execute(sql: "PRAGMA synchronous = NORMAL")
                try db.execute(sql: "PRAGMA cache_size = -4000")
            }
            if mayWrite { configuration.journalMode = .wal }
            queue = try DatabaseQueue(path: path, configuration: configuration)
            try Self.prepare(queue, path: path, mayWrite: mayWrite)
        } catch let error as ManifestError {
            throw error
        } catch {
            throw ManifestError(error, path: path)
        }
    }

    private static func prepare(_ queue: DatabaseQueue, path: String, mayWrite: Bool) throws {
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
        guard mayWrite else { return }
        if id == 0 {
            try queue.writeWithoutTransaction { db in
                try db.execute(sql: "PRAGMA application_id = \(Schema.applicationID)")
            }
        }
        try Schema.migrator.migrate(queue)
    }

    /// Runs `body` in one read transaction.
    func read<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws(ManifestError) -> T {
        do {
            return try await queue.read(body)
        } catch {
            throw ManifestError(error, path: path)
        }
    }

    /// Runs `body` in one write transaction: all of it happens, or nothing.
    func write<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws(ManifestError) -> T {
        do {
            return try await queue.write(body)
        } catch {
            throw ManifestError(error, path: path)
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

    package func setSetting(_ key: String, to value: String) async throws(ManifestError) {
        try await write { db in
            try db.execute(
                sql: "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                arguments: [key, value]
            )
        }
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
        case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_CANTOPEN: self = .readOnly(path: path)
        default: self = .failed(path: path, detail: "SQLite says \(error.message ?? "error \(error.resultCode)")")
        }
    }
}
