package import SatchelCore
internal import GRDB
internal import Glibc

/// How much the user's accounts were used lately, in a small SQLite file that all their processes share.
///
/// Losing it loses nothing but the memory of the last minute and of the day's budget.
package final class LimitBook: Sendable {
    package let path: String
    private let queue: DatabaseQueue

    /// Opens the file, making it and its tables where needed; its folder must exist.
    ///
    /// - Parameters:
    ///   - path: of the file.
    ///   - patience: seconds that a change waits for those of other processes.
    /// - Throws: ``ManifestError``.
    package init(at path: String, patience: Double = 10) throws(ManifestError) {
        self.path = path
        do {
            try makePrivate(path)
            var configuration = Configuration()
            configuration.label = "limits"
            configuration.busyMode = .timeout(patience)
            configuration.prepareDatabase { db in
                // Not worth waiting for the disk: what a power cut takes is about a minute that is over by then.
                try db.execute(sql: "PRAGMA synchronous = OFF")
            }
            queue = try whileOpening(path) {
                let queue = try DatabaseQueue(path: path, configuration: configuration)
                try queue.writeWithoutTransaction { db in
                    try db.execute(sql: "PRAGMA journal_mode = WAL")
                    try db.execute(sql: Self.table)
                }
                return queue
            }
        } catch let error as ManifestError {
            throw error
        } catch {
            throw ManifestError(error, path: path)
        }
    }

    /// Changes the state of the account in one transaction that no other process can come between.
    ///
    /// Also in a cancelled task: what a question has not used is given back when it is stopped.
    package func update<T: Sendable>(
        _ account: String,
        _ body: @escaping @Sendable (inout LimitState) -> T
    ) async throws(ManifestError) -> T {
        try await fromQueue(path) { [queue] resume in
            queue.asyncWriteWithoutTransaction { db in
                resume(Result { try Self.update(account, db, body) })
            }
        }
    }

    private static func update<T>(_ account: String, _ db: Database, _ body: (inout LimitState) -> T) throws -> T {
        var result: T?
        // Takes the right to write before it reads: two who ask at once must not both see the last place free.
        try db.inTransaction(.immediate) {
            var state = try Self.state(of: account, db)
            let before = state
            result = body(&state)
            if state != before { try Self.save(state, of: account, db) }
            return .commit
        }
        guard let result else { throw DatabaseError(resultCode: .SQLITE_ABORT) }
        return result
    }

    private static func state(of account: String, _ db: Database) throws -> LimitState {
        var state = LimitState()
        let sql = "SELECT * FROM account_use WHERE account = ?"
        let statement = try db.cachedStatement(sql: sql)
        guard let row = try Row.fetchOne(statement, arguments: [account]) else { return state }
        state.requests = RateWindow(text: row["requests"])
        state.uploads = RateWindow(text: row["uploads"])
        state.tokens = RateWindow(text: row["tokens"])
        state.requestsPaidAt = row["requests_paid_at"]
        state.bytesPaidAt = row["bytes_paid_at"]
        state.pausedUntil = row["paused_until"]
        state.ceiling = row["ceiling"]
        state.ceilingAt = row["ceiling_at"]
        state.windowStart = row["window_start"]
        state.windowRequests = row["window_requests"]
        state.updatedAt = row["updated_at"]
        state.day = row["day"]
        state.dayBytes = row["day_bytes"]
        state.dayUploads = row["day_uploads"]
        state.dayMoney = Dollars(clamping: row["day_ticks"] as Int64)
        return state
    }

    private static func save(_ state: LimitState, of account: String, _ db: Database) throws {
        let statement = try db.cachedStatement(
            sql: """
                INSERT OR REPLACE INTO account_use (
                    account, requests, uploads, tokens, requests_paid_at, bytes_paid_at, paused_until, ceiling,
                    ceiling_at, window_start, window_requests, updated_at, day, day_bytes, day_uploads, day_ticks
                ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """
        )
        try statement.execute(
            arguments: [
                account, state.requests.text, state.uploads.text, state.tokens.text, state.requestsPaidAt,
                state.bytesPaidAt, state.pausedUntil, state.ceiling, state.ceilingAt, state.windowStart,
                state.windowRequests, state.updatedAt, state.day, state.dayBytes, state.dayUploads,
                state.dayMoney.ticks,
            ]
        )
    }

    /// Instants are seconds since 1970; money is in ten-thousand-millionths of a dollar.
    private static let table = """
        CREATE TABLE IF NOT EXISTS account_use (
            account TEXT PRIMARY KEY NOT NULL,
            requests TEXT NOT NULL,
            uploads TEXT NOT NULL,
            tokens TEXT NOT NULL,
            requests_paid_at REAL NOT NULL,
            bytes_paid_at REAL NOT NULL,
            paused_until REAL NOT NULL,
            ceiling REAL,
            ceiling_at REAL NOT NULL,
            window_start REAL NOT NULL,
            window_requests INTEGER NOT NULL,
            updated_at REAL NOT NULL,
            day INTEGER NOT NULL,
            day_bytes INTEGER NOT NULL,
            day_uploads INTEGER NOT NULL,
            day_ticks INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID
        """
}
