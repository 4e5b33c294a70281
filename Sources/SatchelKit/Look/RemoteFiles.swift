internal import FoundationEssentials
package import SatchelCore
internal import SatchelManifest

/// A file that an account really holds, beside what is remembered of it.
package struct HeldFile: Sendable {
    /// Whose it is; the words are those in JSON.
    package enum Owner: String, CaseIterable, Sendable {
        /// A copy that this workspace keeps.
        case ours
        /// This workspace made it, and nothing here names it any more.
        case orphaned
        /// Made by somebody else: another workspace, another program, another person with a key.
        case foreign
    }

    package var file: RemoteFile
    package var owner: Owner
    /// Of what this workspace sent.
    package var digest: ContentDigest?
    /// Where it came from, as far as that is known.
    package var path: WorkspacePath?
}

/// What an account answered for the copies that it is believed to hold.
package struct Verification: Sendable {
    /// A copy that is not there as it was believed to be.
    package struct Copy: Hashable, Sendable {
        package var remoteID: RemoteFileID
        package var digest: ContentDigest
        /// Bytes.
        package var size: Int64
        package var path: WorkspacePath?
        package var reason: String
    }

    package var account: String
    package var present = 0
    /// Their time is over; the next sync renews what is still needed.
    package var expired = 0
    /// Believed to be there, and not there: forgotten now, so that the next sync uploads them again.
    package var missing: [Copy] = []
}

extension Workspace {
    /// Lists everything in the account, page by page, and says whose it is.
    ///
    /// - Parameters:
    ///   - connection: the account.
    ///   - each: called for each page as it comes.
    /// - Throws: ``ProviderError`` when a page cannot be read; ``ManifestError``.
    package func remoteFiles(in connection: Connection, each: ([HeldFile]) throws -> Void) async throws {
        let held = try await manifest.heldCopies(in: connection.id)
        let rows = Dictionary(held.map { ($0.remoteID, $0) }, uniquingKeysWith: { first, _ in first })
        let sent = try await manifest.sentCopies(in: connection.id)
        let paths = try await paths(of: held)
        // What was added, shown or made lies in the local store without a row.
        let kept = connection.traits.staysHere ? try await manifest.pinnedContents() : []
        var cursor: String?
        repeat {
            try Task.checkCancellation()
            let page = try await connection.provider.list(after: cursor)
            try each(
                page.files.map { file in
                    if let row = rows[file.id] {
                        return HeldFile(
                            file: file,
                            owner: .ours,
                            digest: row.digest,
                            path: paths[row.digest] ?? sent[file.id]?.path
                        )
                    }
                    if let digest = ContentDigest(hex: file.id.rawValue), kept.contains(digest) {
                        return HeldFile(file: file, owner: .ours, digest: digest)
                    }
                    guard let earlier = sent[file.id] else { return HeldFile(file: file, owner: .foreign) }
                    return HeldFile(file: file, owner: .orphaned, digest: earlier.digest, path: earlier.path)
                }
            )
            cursor = page.next
        } while cursor != nil
    }

    /// Asks the account after every copy that it is believed to hold, and forgets those that are not there.
    ///
    /// The caller holds the workspace lock.
    ///
    /// - Parameter connection: the account.
    /// - Returns: what is there and what is not.
    /// - Throws: ``ProviderError`` when it cannot be asked: nothing is forgotten then; ``ManifestError``.
    package func verify(_ connection: Connection) async throws -> Verification {
        let held = try await manifest.heldCopies(in: connection.id)
        var result = Verification(account: connection.account.name)
        let moment = try await accountTime(of: connection)
        let (expired, living) = held.split { $0.expiresAt.map { $0 <= moment } ?? false }
        result.expired = expired.count
        let sizes = try await sizes(of: living.map(\.remoteID), in: connection)
        let paths = try await paths(of: held)
        var present: [RemoteFileID] = []
        for copy in living {
            let reason: String
            switch sizes[copy.remoteID] {
            case nil: reason = "not there"
            case .some(let size?) where size != copy.size: reason = "has \(size) bytes instead of \(copy.size)"
            case .some:
                present.append(copy.remoteID)
                continue
            }
            try await manifest.markGone(copy.remoteID, in: connection.id, at: moment)
            result.missing.append(
                Verification.Copy(
                    remoteID: copy.remoteID,
                    digest: copy.digest,
                    size: copy.size,
                    path: paths[copy.digest],
                    reason: reason
                )
            )
        }
        try await manifest.markVerified(present, in: connection.id, at: moment)
        result.present = present.count
        return result
    }

    /// The size of each file that is there; nil inside where the provider names none.
    ///
    /// Few are asked after one by one, or as many at once as the provider takes. Many are looked up in a listing, and
    /// only those that it lacks are asked after: a listing may lag behind.
    private func sizes(
        of ids: [RemoteFileID],
        in connection: Connection
    ) async throws -> [RemoteFileID: Int64?] {
        var found: [RemoteFileID: Int64?] = [:]
        let fewRequests = 20
        if ids.count > fewRequests * max(connection.traits.checkBatch, 1) {
            let wanted = Set(ids)
            var cursor: String?
            repeat {
                try Task.checkCancellation()
                let page = try await connection.provider.list(after: cursor)
                for file in page.files where wanted.contains(file.id) { found[file.id] = file.size }
                cursor = page.next
            } while cursor != nil
        }
        let rest = ids.filter { found[$0] == nil }
        for file in try await connection.provider.retrieve(rest) { found[file.id] = file.size }
        return found
    }

    /// A path that stands for each of these contents.
    private func paths(of held: [Manifest.HeldCopy]) async throws -> [ContentDigest: WorkspacePath] {
        let wanted = Set(held.map(\.digest))
        var paths: [ContentDigest: WorkspacePath] = [:]
        for file in try await manifest.known(in: .everything) {
            guard let linked = file.linked, wanted.contains(linked), paths[linked] == nil else { continue }
            paths[linked] = file.path
        }
        return paths
    }
}

extension Array {
    /// Those for which `isFirst` holds, and the others, each in their order.
    fileprivate func split(_ isFirst: (Element) -> Bool) -> (first: [Element], other: [Element]) {
        (filter(isFirst), filter { !isFirst($0) })
    }
}
