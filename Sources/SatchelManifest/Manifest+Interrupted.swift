package import FoundationEssentials
internal import GRDB
package import SatchelCore

extension Manifest {
    /// An upload that was announced and never finished.
    package struct Interrupted: Hashable, Sendable {
        package var row: Int64
        package var digest: ContentDigest
        /// Bytes.
        package var size: Int64
        package var uploadName: String
        package var startedAt: Date
        /// The file that was to be read.
        package var source: WorkspacePath?
        /// When that was changed last, in nanoseconds since 1970, as the look saw it that found its content; nil when it
        /// had another content by then.
        package var sourceChanged: Int64?
    }

    /// What earlier runs left in `uploading`: to be asked only by the holder of the workspace lock, whose own uploads
    /// have not begun.
    package func interruptedUploads(in account: AccountID) async throws(ManifestError) -> [Interrupted] {
        try await read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT id, sha256, size, upload_name, created_at, source, source_ctime_ns FROM remote_file
                    WHERE account = ? AND state = ? ORDER BY id
                    """,
                arguments: [account.rawValue, CopyState.uploading.rawValue]
            ).map { row in
                Interrupted(
                    row: row[0],
                    digest: try row.digest(1),
                    size: row[2],
                    uploadName: row[3],
                    startedAt: row.date(4),
                    source: row[5] == nil ? nil : try row.workspacePath(5),
                    sourceChanged: row[6]
                )
            }
        }
    }
}
