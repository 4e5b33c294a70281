package import FoundationEssentials
internal import GRDB
package import SatchelCore

extension Manifest {
    /// One path with every remote copy of its content: a line of `satchel ls`.
    package struct ListedFile: Sendable {
        package var path: WorkspacePath
        /// Bytes.
        package var size: Int64
        package var digest: ContentDigest
        package var media: MediaType
        package var linked: ContentDigest?
        package var remotes: [ListedCopy]
    }

    /// The copy of a content in one account.
    package struct ListedCopy: Hashable, Sendable {
        package var account: String
        package var remoteID: String?
        package var state: CopyState
        package var createdAt: Date
        package var expiresAt: Date?
        package var error: String?
    }

    /// The remembered paths within `scope`, in byte order, with their copies in all accounts.
    package func listing(in scope: Scope) async throws(ManifestError) -> [ListedFile] {
        let files = try await known(in: scope)
        let copies = try await copiesByContent()
        return files.map { file in
            ListedFile(
                path: file.path,
                size: file.fingerprint.size,
                digest: file.digest,
                media: file.media,
                linked: file.linked,
                remotes: copies[file.digest] ?? []
            )
        }
    }

    private func copiesByContent() async throws(ManifestError) -> [ContentDigest: [ListedCopy]] {
        try await read { db in
            var result: [ContentDigest: [ListedCopy]] = [:]
            let rows = try Row.fetchCursor(
                db,
                sql: """
                    SELECT r.sha256, a.label, r.remote_id, r.state, r.created_at, r.expires_at, r.error
                    FROM remote_file r JOIN account a ON a.id = r.account ORDER BY a.id
                    """
            )
            while let row = try rows.next() {
                let copy = ListedCopy(
                    account: row[1],
                    remoteID: row[2],
                    state: CopyState(rawValue: row[3]) ?? .failed,
                    createdAt: row.date(4),
                    expiresAt: row.optionalDate(5),
                    error: row[6]
                )
                result[try row.digest(0), default: []].append(copy)
            }
            return result
        }
    }

    /// A remote copy as clean-up and `ls` name it.
    package struct CopyDetail: Hashable, Sendable {
        package var row: Int64
        package var remoteID: String?
        package var uploadName: String
        /// Bytes.
        package var size: Int64
        package var error: String?
    }

    /// The details of the account's copies, by row.
    package func details(in account: AccountID) async throws(ManifestError) -> [Int64: CopyDetail] {
        try await read { db in
            let rows = try Row.fetchAll(
                db,
                sql: "SELECT id, remote_id, upload_name, size, error FROM remote_file WHERE account = ?",
                arguments: [account.rawValue]
            ).map { CopyDetail(row: $0[0], remoteID: $0[1], uploadName: $0[2], size: $0[3], error: $0[4]) }
            return Dictionary(uniqueKeysWithValues: rows.map { ($0.row, $0) })
        }
    }

    /// Contents that some path stands for.
    package func linkedContents() async throws(ManifestError) -> Set<ContentDigest> {
        try await read { db in
            var result: Set<ContentDigest> = []
            let rows = try Row.fetchCursor(db, sql: "SELECT DISTINCT linked FROM path WHERE linked IS NOT NULL")
            while let row = try rows.next() { result.insert(try row.digest(0)) }
            return result
        }
    }

    /// Bytes of the ready copies of these contents in the account.
    package func bytes(of digests: Set<ContentDigest>, in account: AccountID) async throws(ManifestError) -> Int64 {
        try await read { db in
            let statement = try db.cachedStatement(
                sql: "SELECT size FROM remote_file WHERE account = ? AND sha256 = ? AND state = ?"
            )
            var sum: Int64 = 0
            for digest in digests {
                let arguments: StatementArguments = [account.rawValue, digest.blob, CopyState.ready.rawValue]
                sum += try Int64.fetchOne(statement, arguments: arguments) ?? 0
            }
            return sum
        }
    }

    /// Bytes of all ready copies in the account.
    package func bytes(in account: AccountID) async throws(ManifestError) -> Int64 {
        try await read { db in
            try Int64.fetchOne(
                db,
                sql: "SELECT coalesce(sum(size), 0) FROM remote_file WHERE account = ? AND state = ?",
                arguments: [account.rawValue, CopyState.ready.rawValue]
            ) ?? 0
        }
    }
}

extension Manifest {
    /// What a content is; binary when it is not remembered.
    package func media(of digest: ContentDigest) async throws(ManifestError) -> MediaType {
        try await read { db in
            try Row.fetchOne(db, sql: "SELECT media FROM content WHERE sha256 = ?", arguments: [digest.blob])?.media(0)
                ?? .binary
        }
    }

    /// Bytes of a content; 0 when it is not remembered.
    package func size(of digest: ContentDigest) async throws(ManifestError) -> Int64 {
        try await read { db in
            try Int64.fetchOne(db, sql: "SELECT size FROM content WHERE sha256 = ?", arguments: [digest.blob]) ?? 0
        }
    }

    /// Bytes of a copy by its remote id; nil when no row has it.
    package func size(of id: RemoteFileID, in account: AccountID) async throws(ManifestError) -> Int64? {
        try await read { db in
            try Int64.fetchOne(
                db,
                sql: "SELECT size FROM remote_file WHERE account = ? AND remote_id = ?",
                arguments: [account.rawValue, id.rawValue]
            )
        }
    }
}
