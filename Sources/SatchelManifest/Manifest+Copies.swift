package import FoundationEssentials
internal import GRDB
package import SatchelCore

extension Manifest {
    private static let copyColumns = "r.id, r.sha256, r.state, r.created_at, r.expires_at, c.touched_at"
    private static let copyTables = "remote_file r LEFT JOIN content c ON c.sha256 = r.sha256"

    private static func knownCopy(_ row: Row) throws -> KnownCopy {
        KnownCopy(
            row: row[0],
            digest: try row.digest(1),
            state: CopyState(rawValue: row[2]) ?? .failed,
            createdAt: row.date(3),
            expiresAt: row.optionalDate(4),
            touchedAt: row.optionalDate(5) ?? row.date(3)
        )
    }

    /// The condition that `cause` may happen to a row: see ``CopyState/next(_:)``.
    private static func allows(_ cause: CopyCause) -> String {
        "state IN (\(CopyState.whence(cause).map { "\($0.rawValue)" }.joined(separator: ", ")))"
    }

    /// All living copies of the account.
    package func copies(in account: AccountID) async throws(ManifestError) -> CopyIndex {
        try await read { db in
            var copies: [KnownCopy] = []
            copies.reserveCapacity(
                try Int.fetchOne(
                    db,
                    sql: "SELECT count(*) FROM remote_file WHERE account = ?",
                    arguments: [account.rawValue]
                ) ?? 0
            )
            let rows = try Row.fetchCursor(
                db,
                sql: """
                    SELECT \(Self.copyColumns) FROM \(Self.copyTables) WHERE r.account = ? ORDER BY r.sha256
                    """,
                arguments: [account.rawValue]
            )
            while let row = try rows.next() { copies.append(try Self.knownCopy(row)) }
            return CopyIndex(sorted: copies)
        }
    }

    /// The living copies of these contents in the account.
    package func copies(in account: AccountID, of digests: Set<ContentDigest>) async throws(ManifestError) -> CopyIndex
    {
        try await read { db in
            let statement = try db.cachedStatement(
                sql: "SELECT \(Self.copyColumns) FROM \(Self.copyTables) WHERE r.account = ? AND r.sha256 = ?"
            )
            var copies: [KnownCopy] = []
            for digest in digests.sorted() {
                if let row = try Row.fetchOne(statement, arguments: [account.rawValue, digest.blob]) {
                    copies.append(try Self.knownCopy(row))
                }
            }
            return CopyIndex(sorted: copies)
        }
    }

    /// An upload that is about to begin.
    package struct Intent: Sendable {
        package var digest: ContentDigest
        /// Bytes.
        package var size: Int64
        package var media: MediaType
        package var uploadName: String
        /// The file that is read; nil when the bytes are not a file's.
        package var source: WorkspacePath?

        package init(
            digest: ContentDigest,
            size: Int64,
            media: MediaType,
            uploadName: String,
            source: WorkspacePath? = nil
        ) {
            self.digest = digest
            self.size = size
            self.media = media
            self.uploadName = uploadName
            self.source = source
        }
    }

    /// Writes `uploading` rows, before the first byte leaves.
    ///
    /// The answer is in the order of `intents`.
    ///
    /// A row that was there before (expired, failed, interrupted) is taken over; the remote file it named, if any, is
    /// gone or will be found again by name.
    package func beginUploads(
        _ intents: [Intent],
        in account: AccountID,
        at now: Date
    ) async throws(ManifestError) -> [Int64] {
        try await write { db in
            let content = try db.cachedStatement(
                sql: "INSERT INTO content (sha256, size, media, touched_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
            )
            let upsert = try db.cachedStatement(
                sql: """
                    INSERT INTO remote_file (
                        account, sha256, size, upload_name, state, created_at, attempts, source, source_ctime_ns)
                    VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1, ?7,
                        (SELECT ctime_ns FROM path WHERE path = ?7 AND sha256 = ?2))
                    ON CONFLICT (account, sha256) DO UPDATE SET upload_name = excluded.upload_name,
                        remote_id = NULL, state = excluded.state, created_at = excluded.created_at,
                        expires_at = NULL, verified_at = NULL, error = NULL, attempts = attempts + 1,
                        source = excluded.source, source_ctime_ns = excluded.source_ctime_ns
                    RETURNING id
                    """
            )
            return try intents.map { intent in
                try content.execute(arguments: [
                    intent.digest.blob, intent.size, intent.media.rawValue, now.milliseconds,
                ])
                let row = try Int64.fetchOne(
                    upsert,
                    arguments: [
                        account.rawValue, intent.digest.blob, intent.size, intent.uploadName,
                        CopyState.uploading.rawValue, now.milliseconds, intent.source?.blob,
                    ]
                )
                guard let row else { throw MalformedRow() }
                return row
            }
        }
    }

    /// How one upload ended.
    package enum UploadEnd: Sendable {
        /// The provider has it. `path` is where the bytes came from; nil keeps it out of the ledger (local copies never
        /// left this machine).
        case ready(row: Int64, RemoteFile, ledgerPath: WorkspacePath?)
        case failed(row: Int64, error: String)
        /// It may have arrived: the row stays `uploading`, so that the copy is looked for before anything is sent again.
        case doubtful(row: Int64, error: String)
    }

    /// Records the ends of some uploads and the links that follow from them, in one transaction.
    ///
    /// A link is written here too, so that a path stands for its new content the moment that is safe, and not later. A
    /// row that is not waiting for its end any more stays as it is; that its copy arrived is in the ledger all the same.
    package func finishUploads(
        _ ends: [UploadEnd],
        linking links: [(path: WorkspacePath, digest: ContentDigest)] = [],
        at now: Date
    ) async throws(ManifestError) {
        try await write { db in
            let ready = try db.cachedStatement(
                sql: """
                    UPDATE remote_file SET remote_id = ?, state = ?, created_at = ?, expires_at = ?, verified_at = ?,
                        error = NULL WHERE id = ? AND \(Self.allows(.arrived))
                    """
            )
            func unfinished(_ cause: CopyCause) throws -> Statement {
                try db.cachedStatement(
                    sql: """
                        UPDATE remote_file SET state = ?, remote_id = NULL, error = ?
                        WHERE id = ? AND \(Self.allows(cause))
                        """
                )
            }
            let (failed, doubtful) = (try unfinished(.refused), try unfinished(.doubtful))
            for end in ends {
                switch end {
                case .ready(let row, let file, let path):
                    try ready.execute(arguments: [
                        file.id.rawValue, CopyState.ready.rawValue, (file.createdAt ?? now).milliseconds,
                        file.expiresAt?.milliseconds, now.milliseconds, row,
                    ])
                    guard let path else { continue }
                    try db.cachedStatement(
                        sql: """
                            INSERT INTO ledger (account, sha256, path, size, remote_id, sent_at, expires_at)
                            SELECT account, sha256, ?, size, ?, ?, ? FROM remote_file WHERE id = ?
                            """
                    ).execute(arguments: [
                        path.blob, file.id.rawValue, now.milliseconds, file.expiresAt?.milliseconds, row,
                    ])
                case .failed(let row, let error):
                    try failed.execute(arguments: [CopyState.failed.rawValue, error, row])
                case .doubtful(let row, let error):
                    try doubtful.execute(arguments: [CopyState.uploading.rawValue, error, row])
                }
            }
            try Self.writeLinks(links, in: db, at: now)
        }
    }

    /// Lets each path stand for its content from now on; what it stood for before is unreferenced from now on.
    package func link(_ links: [(path: WorkspacePath, digest: ContentDigest)], at now: Date) async throws(ManifestError)
    {
        try await write { db in
            // A content that is linked without ever being uploaded is not remembered yet.
            let content = try db.cachedStatement(
                sql: """
                    INSERT INTO content (sha256, size, media, touched_at)
                    SELECT sha256, size, media, ?2 FROM path WHERE path = ?1 ON CONFLICT DO NOTHING
                    """
            )
            for (path, _) in links { try content.execute(arguments: [path.blob, now.milliseconds]) }
            try Self.writeLinks(links, in: db, at: now)
        }
    }

    private static func writeLinks(
        _ links: [(path: WorkspacePath, digest: ContentDigest)],
        in db: Database,
        at now: Date
    ) throws {
        guard !links.isEmpty else { return }
        let first = try db.cachedStatement(sql: "UPDATE path SET linked = ? WHERE path = ? AND linked IS NULL")
        let touchOld = try db.cachedStatement(
            sql: "UPDATE content SET touched_at = ? WHERE sha256 = (SELECT linked FROM path WHERE path = ?)"
        )
        let other = try db.cachedStatement(sql: "UPDATE path SET linked = ? WHERE path = ?")
        for (path, digest) in links {
            try first.execute(arguments: [digest.blob, path.blob])
            guard db.changesCount == 0 else { continue }
            try touchOld.execute(arguments: [now.milliseconds, path.blob])
            try other.execute(arguments: [digest.blob, path.blob])
        }
    }

    /// Marks the copy for deletion and says what to delete; nil when something refers to its content after all, or the
    /// row is gone.
    ///
    /// A copy without a remote file is dropped at once and answers `.dropped`.
    package func beginDelete(row: Int64, force: Bool = false) async throws(ManifestError) -> Deletion? {
        try await write { db in
            guard
                let found = try Row.fetchOne(
                    db,
                    sql: """
                        SELECT r.state, remote_id, EXISTS (SELECT 1 FROM path WHERE linked = r.sha256)
                            OR EXISTS (SELECT 1 FROM lease l WHERE l.account = r.account AND l.sha256 = r.sha256)
                            OR (a.provider = 'local'
                                AND (EXISTS (SELECT 1 FROM message_file m WHERE m.sha256 = r.sha256)
                                    OR EXISTS (SELECT 1 FROM message_output o WHERE o.sha256 = r.sha256)
                                    OR EXISTS (SELECT 1 FROM added d WHERE d.sha256 = r.sha256)))
                        FROM remote_file r JOIN account a ON a.id = r.account WHERE r.id = ?
                        """,
                    arguments: [row]
                )
            else { return nil }
            let isReferenced: Bool = found[2]
            if isReferenced, !force { return nil }
            guard CopyState(rawValue: found[0])?.next(.unneeded) == .becomes(.deleting),
                let id = (found[1] as String?).flatMap(RemoteFileID.init)
            else {
                try db.execute(sql: "DELETE FROM remote_file WHERE id = ?", arguments: [row])
                return .dropped
            }
            try db.execute(
                sql: "UPDATE remote_file SET state = ? WHERE id = ?",
                arguments: [CopyState.deleting.rawValue, row]
            )
            return .remote(id)
        }
    }

    /// What ``beginDelete(row:force:)`` leaves to do: the copy at the provider, or nothing, because it never had an id.
    package enum Deletion: Hashable, Sendable {
        case remote(RemoteFileID)
        case dropped
    }

    /// The provider has no such copy any more: the row goes, and the ledger says when and why.
    ///
    /// A row that an upload has taken over meanwhile stays; only the ledger's line of the old copy is closed.
    package func finishDelete(
        row: Int64,
        of id: RemoteFileID,
        because reason: String,
        at now: Date
    ) async throws(ManifestError) {
        try await write { db in
            try db.execute(
                sql: """
                    UPDATE ledger SET deleted_at = ?, deleted_because = ?
                    WHERE deleted_at IS NULL AND remote_id = ? AND account =
                        (SELECT account FROM remote_file WHERE id = ?)
                    """,
                arguments: [now.milliseconds, reason, id.rawValue, row]
            )
            try db.execute(
                sql: "DELETE FROM remote_file WHERE id = ? AND remote_id = ? AND \(Self.allows(.gone))",
                arguments: [row, id.rawValue]
            )
        }
    }

    /// Keeps a failed delete in `deleting`, with its reason, to be tried again.
    package func failDelete(row: Int64, error: String) async throws(ManifestError) {
        try await write { db in
            try db.execute(
                sql: """
                    UPDATE remote_file SET error = ?, attempts = attempts + 1
                    WHERE id = ? AND \(Self.allows(.deleteFailed))
                    """,
                arguments: [error, row]
            )
        }
    }

    /// The remote id of each content that has a ready copy in the account.
    package func remoteIDs(
        of digests: Set<ContentDigest>,
        in account: AccountID
    ) async throws(ManifestError) -> [ContentDigest: RemoteFileID] {
        try await read { db in
            let statement = try db.cachedStatement(
                sql: "SELECT remote_id FROM remote_file WHERE account = ? AND sha256 = ? AND state = ?"
            )
            var result: [ContentDigest: RemoteFileID] = [:]
            for digest in digests {
                let arguments: StatementArguments = [account.rawValue, digest.blob, CopyState.ready.rawValue]
                if let id = try String.fetchOne(statement, arguments: arguments) {
                    result[digest] = RemoteFileID(id)
                }
            }
            return result
        }
    }

    /// Notes that these copies were referred to by a chat.
    package func markUsed(_ ids: [RemoteFileID], in account: AccountID, at now: Date) async throws(ManifestError) {
        try await write { db in
            for id in ids {
                try db.execute(
                    sql: "UPDATE remote_file SET used_at = ? WHERE account = ? AND remote_id = ?",
                    arguments: [now.milliseconds, account.rawValue, id.rawValue]
                )
            }
        }
    }

    /// The provider said that this copy is gone: the row goes, so that the next plan uploads it again.
    package func markGone(_ id: RemoteFileID, in account: AccountID, at now: Date) async throws(ManifestError) {
        let row = try await read { db in
            try Int64.fetchOne(
                db,
                sql: "SELECT id FROM remote_file WHERE account = ? AND remote_id = ?",
                arguments: [account.rawValue, id.rawValue]
            )
        }
        if let row { try await finishDelete(row: row, of: id, because: "vanished", at: now) }
    }

    /// Contents that messages refer to or brought, and those that were added by hand.
    package func pinnedContents() async throws(ManifestError) -> Set<ContentDigest> {
        try await read { db in
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT sha256 FROM message_file UNION SELECT sha256 FROM added
                    UNION SELECT sha256 FROM message_output WHERE sha256 IS NOT NULL
                    """
            )
            return Set(try rows.map { try $0.digest(0) })
        }
    }
}
