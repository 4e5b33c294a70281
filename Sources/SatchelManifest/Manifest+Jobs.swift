package import FoundationEssentials
internal import GRDB
package import SatchelCore

extension Manifest {
    private static let jobColumns = """
        id, kind, payload, state, attempts, run_after, thread, message, lease_owner, error, created_at, finished_at
        """

    private static func job(_ row: Row) -> Job {
        Job(
            id: row[0],
            kind: row[1],
            payload: row[2],
            state: Job.State(rawValue: row[3]) ?? .failed,
            attempts: row[4],
            runAfter: row.date(5),
            thread: row[6],
            message: row[7],
            owner: row[8],
            error: row[9],
            createdAt: row.date(10),
            finishedAt: row.optionalDate(11)
        )
    }

    /// Puts work down, to be done from now on.
    ///
    /// - Returns: the number of the job.
    package func addJob(
        _ kind: String,
        payload: String,
        thread: Int64?,
        at now: Date
    ) async throws(ManifestError) -> Int64 {
        try await write { db in
            try db.execute(
                sql: """
                    INSERT INTO job (kind, payload, state, run_after, thread, created_at)
                    VALUES (?, ?, 'queued', ?, ?, ?)
                    """,
                arguments: [kind, payload, now.milliseconds, thread, now.milliseconds]
            )
            return db.lastInsertedRowID
        }
    }

    /// The latest first; with `openOnly`, those that something will still come of.
    package func jobs(openOnly: Bool, limit: Int) async throws(ManifestError) -> [Job] {
        try await read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT \(Self.jobColumns) FROM job WHERE NOT ?1 OR state IN ('queued', 'running')
                    ORDER BY id DESC LIMIT ?2
                    """,
                arguments: [openOnly, limit]
            ).map(Self.job)
        }
    }

    /// Nil when there is no such job.
    package func job(_ id: Int64) async throws(ManifestError) -> Job? {
        try await read { db in
            try Row.fetchOne(db, sql: "SELECT \(Self.jobColumns) FROM job WHERE id = ?", arguments: [id]).map(Self.job)
        }
    }

    /// When the next queued job is due; nil when none is queued.
    package func nextJob() async throws(ManifestError) -> Date? {
        try await read { db in
            try Row.fetchOne(db, sql: "SELECT min(run_after) FROM job WHERE state = 'queued'")?.optionalDate(0)
        }
    }

    /// Takes the oldest job that is due, for this process alone; nil when there is none.
    ///
    /// A job whose process has died is due again, unless it was begun so often that it may be what they die of. What its
    /// last attempt wrote into the thread goes, so that the next one does not ask twice.
    package func claimJob(
        for owner: String,
        at now: Date,
        isAlive: @escaping @Sendable (String) -> Bool
    ) async throws(ManifestError) -> Job? {
        // Nearly always there is none, and looking must not take the right to write.
        let isNeeded = try await read { db in
            try Bool.fetchOne(
                db,
                sql: "SELECT 1 FROM job WHERE state = 'running' OR (state = 'queued' AND run_after <= ?) LIMIT 1",
                arguments: [now.milliseconds]
            ) ?? false
        }
        guard isNeeded else { return nil }
        return try await write { db in
            for row in try Row.fetchAll(db, sql: "SELECT id, lease_owner, attempts FROM job WHERE state = 'running'") {
                if let holder = row[1] as String?, isAlive(holder) { continue }
                let isTooOften = row[2] as Int >= Job.mostAttempts
                try db.execute(
                    sql: "UPDATE job SET state = ?, lease_owner = NULL, error = ?, finished_at = ? WHERE id = ?",
                    arguments: [
                        isTooOften ? Job.State.failed.rawValue : Job.State.queued.rawValue,
                        isTooOften ? Job.deaths(id: row[0]) : "interrupted", isTooOften ? now.milliseconds : nil,
                        row[0] as Int64,
                    ]
                )
            }
            guard
                var job = try Row.fetchOne(
                    db,
                    sql: """
                        SELECT \(Self.jobColumns) FROM job WHERE state = 'queued' AND run_after <= ?
                        ORDER BY run_after, id LIMIT 1
                        """,
                    arguments: [now.milliseconds]
                ).map(Self.job)
            else { return nil }
            if let message = job.message { try Self.dropTurn(of: message, db) }
            try db.execute(
                sql: """
                    UPDATE job SET state = 'running', attempts = attempts + 1, lease_owner = ?, message = NULL
                    WHERE id = ?
                    """,
                arguments: [owner, job.id]
            )
            (job.state, job.attempts, job.owner, job.message) = (.running, job.attempts + 1, owner, nil)
            return job
        }
    }

    /// Removes an answer that did not succeed, with its question.
    private static func dropTurn(of message: Int64, _ db: Database) throws {
        let row = try Row.fetchOne(
            db,
            sql: "SELECT thread, position FROM message WHERE id = ? AND status <> 'success'",
            arguments: [message]
        )
        guard let row else { return }
        let (thread, position): (Int64, Int) = (row[0], row[1])
        try keepUses(of: thread, at: position...position, db)
        try db.execute(
            sql: "DELETE FROM message WHERE thread = ? AND position IN (?, ?)",
            arguments: [thread, position, position - 1]
        )
    }

    /// Notes which answer a job is writing.
    package func note(answer message: Int64, of job: Int64) async throws(ManifestError) {
        try await write { db in
            try db.execute(
                sql: """
                    UPDATE job SET message = ?1, thread = (SELECT thread FROM message WHERE id = ?1) WHERE id = ?2
                    """,
                arguments: [message, job]
            )
        }
    }

    /// Ends a running job, or with a time puts it back to be tried again then.
    ///
    /// Nothing happens to a job that was cancelled meanwhile.
    package func endJob(
        _ id: Int64,
        as state: Job.State,
        error: String?,
        again runAfter: Date? = nil,
        countsAttempt: Bool = true,
        at now: Date
    ) async throws(ManifestError) {
        try await write { db in
            try db.execute(
                sql: """
                    UPDATE job SET state = ?, error = ?, run_after = coalesce(?, run_after), lease_owner = NULL,
                        finished_at = ?, attempts = attempts - ?
                    WHERE id = ? AND state = 'running'
                    """,
                arguments: [
                    state.rawValue, error, runAfter?.milliseconds, state.isOver ? now.milliseconds : nil,
                    countsAttempt ? 0 : 1, id,
                ]
            )
        }
    }

    /// False when there is no such job, or it is over.
    package func cancelJob(_ id: Int64, at now: Date) async throws(ManifestError) -> Bool {
        try await write { db in
            try db.execute(
                sql: """
                    UPDATE job SET state = 'cancelled', lease_owner = NULL, finished_at = ?
                    WHERE id = ? AND state IN ('queued', 'running')
                    """,
                arguments: [now.milliseconds, id]
            )
            return db.changesCount > 0
        }
    }

    /// Puts a job that failed or was cancelled back; false when there is no such job.
    package func retryJob(_ id: Int64, at now: Date) async throws(ManifestError) -> Bool {
        try await write { db in
            try db.execute(
                sql: """
                    UPDATE job SET state = 'queued', attempts = 0, run_after = ?, error = NULL, finished_at = NULL
                    WHERE id = ? AND state IN ('failed', 'cancelled')
                    """,
                arguments: [now.milliseconds, id]
            )
            return db.changesCount > 0
        }
    }
}
