package import FoundationEssentials
internal import GRDB
package import SatchelCore

extension Manifest {
    /// How many paths are remembered.
    package func knownCount() async throws(ManifestError) -> Int {
        try await read { db in try Int.fetchOne(db, sql: "SELECT count(*) FROM path") ?? 0 }
    }

    /// What is remembered of paths within `scope`, in byte order.
    package func known(in scope: Scope) async throws(ManifestError) -> [KnownFile] {
        try await read { db in
            let columns = "path, size, mtime_ns, ctime_ns, inode, sha256, media, racy, linked"
            var result: [KnownFile] = []
            func append(_ rows: RowCursor) throws {
                while let row = try rows.next() {
                    result.append(
                        KnownFile(
                            path: try row.workspacePath(0),
                            fingerprint: Fingerprint(
                                size: row[1],
                                modified: row[2],
                                changed: row[3],
                                inode: UInt64(bitPattern: row[4])
                            ),
                            digest: try row.digest(5),
                            media: row.media(6),
                            isRacy: row[7],
                            linked: try row.optionalDigest(8)
                        )
                    )
                }
            }
            switch scope {
            case .everything:
                result.reserveCapacity(try Int.fetchOne(db, sql: "SELECT count(*) FROM path") ?? 0)
                try append(Row.fetchCursor(db, sql: "SELECT \(columns) FROM path ORDER BY path"))
            case .paths(let roots):
                let statement = try db.cachedStatement(
                    // Everything below a folder lies between `folder/` and `folder0`, the byte after the slash.
                    sql: "SELECT \(columns) FROM path WHERE path = ? OR (path >= ? AND path < ?) ORDER BY path"
                )
                for root in roots {
                    let below = Data(root.bytes + [UInt8(ascii: "/")])
                    let after = Data(root.bytes + [UInt8(ascii: "0")])
                    try append(Row.fetchCursor(statement, arguments: [root.blob, below, after]))
                }
                // `a-b` sorts between `a` and `a/x`: roots in order do not make rows in order.
                result.sort { $0.path < $1.path }
            }
            return result
        }
    }

    /// Paths that were last seen as names of one of these files, yet with another size or other times, or as names of
    /// one of these inodes.
    ///
    /// Inodes of several file systems are not told apart: a path too many is no harm to who looks at the disk.
    package func otherNames(
        of files: [Fingerprint],
        and inodes: [UInt64]
    ) async throws(ManifestError) -> [WorkspacePath] {
        guard !files.isEmpty || !inodes.isEmpty else { return [] }
        let lost = Set(inodes)
        let latest = Dictionary(files.map { ($0.inode, $0) }, uniquingKeysWith: { $1 })
        return try await read { db in
            var result: [WorkspacePath] = []
            let rows = try Row.fetchCursor(db, sql: "SELECT inode, size, mtime_ns, ctime_ns, path FROM path")
            while let row = try rows.next() {
                let inode = UInt64(bitPattern: row[0])
                if lost.contains(inode) {
                    result.append(try row.workspacePath(4))
                    continue
                }
                guard let now = latest[inode] else { continue }
                let then = Fingerprint(size: row[1], modified: row[2], changed: row[3], inode: now.inode)
                if then != now { result.append(try row.workspacePath(4)) }
            }
            return result
        }
    }

    /// How many paths are remembered.
    package func pathCount() async throws(ManifestError) -> Int {
        try await read { db in try Int.fetchOne(db, sql: "SELECT count(*) FROM path") ?? 0 }
    }

    /// Remembers what was just read of these files, so that an interrupted first scan need not read them again.
    package func record(_ hashed: [HashedFile]) async throws(ManifestError) {
        try await write { db in try Self.insert(hashed, into: db) }
    }

    /// As ``record(_:)``, for the thread that scans; blocks, so never on the cooperative pool.
    package func recordBlocking(_ hashed: [HashedFile]) throws {
        do {
            try queue.write { db in try Self.insert(hashed, into: db) }
        } catch {
            throw ManifestError(error, path: path)
        }
    }

    private static func insert(_ hashed: [HashedFile], into db: Database) throws {
        let path = try db.cachedStatement(
            sql: """
                INSERT INTO path (path, size, mtime_ns, ctime_ns, inode, sha256, media, racy)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (path) DO UPDATE SET size = excluded.size, mtime_ns = excluded.mtime_ns,
                    ctime_ns = excluded.ctime_ns, inode = excluded.inode, sha256 = excluded.sha256,
                    media = excluded.media, racy = excluded.racy
                """
        )
        for file in hashed {
            let print = file.fingerprint
            try path.execute(arguments: [
                file.path.blob, print.size, print.modified, print.changed, Int64(bitPattern: print.inode),
                file.digest.blob, file.media.rawValue, file.isRacy,
            ])
        }
    }

    /// Drops the paths; what they stood for is unreferenced from now on.
    package func forget(_ paths: [WorkspacePath], at now: Date) async throws(ManifestError) {
        try await write { db in
            let touch = try db.cachedStatement(
                sql: "UPDATE content SET touched_at = ? WHERE sha256 = (SELECT linked FROM path WHERE path = ?)"
            )
            let delete = try db.cachedStatement(sql: "DELETE FROM path WHERE path = ?")
            for path in paths {
                try touch.execute(arguments: [now.milliseconds, path.blob])
                try delete.execute(arguments: [path.blob])
            }
        }
    }

    /// Paths whose bytes on disk were last seen with this digest: where content can be read from again.
    package func paths(with digest: ContentDigest) async throws(ManifestError) -> [WorkspacePath] {
        try await read { db in
            try Row.fetchAll(
                db,
                sql: "SELECT path FROM path WHERE sha256 = ? ORDER BY path",
                arguments: [digest.blob]
            ).map { try $0.workspacePath(0) }
        }
    }
}
