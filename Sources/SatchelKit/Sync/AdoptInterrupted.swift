internal import Dispatch
internal import FoundationEssentials
internal import SatchelCore
internal import SatchelManifest
internal import SatchelWorkspace

extension Workspace {
    /// Looks for the copies that interrupted uploads may have left, and takes them over.
    ///
    /// What is not found stays `uploading`, and the plan sends it again. So does what may hold other bytes, because its
    /// file may have changed on the way: that copy is deleted.
    ///
    /// - Parameter connection: the account; the caller holds the workspace lock.
    /// - Returns: contents of which the account could not say whether it has them, each with what it said instead:
    ///   sending them now might make a second copy.
    /// - Throws: ``ManifestError``.
    @discardableResult
    func adoptInterrupted(in connection: Connection) async throws -> [ContentDigest: ProviderError] {
        let rows = try await manifest.interruptedUploads(in: connection.id)
        for (index, row) in rows.enumerated() {
            try Task.checkCancellation()
            // Clocks differ: a copy made some minutes "before" its upload began is still ours by its name.
            let earliest = row.startedAt.addingTimeInterval(-600)
            do {
                guard
                    let found = try await connection.provider.find(
                        uploadName: row.uploadName,
                        size: row.size,
                        createdAfter: earliest
                    )
                else { continue }
                guard await isCertain(found, of: row, in: connection) else {
                    try await connection.provider.delete(found.id)
                    continue
                }
                let path = try await manifest.paths(with: row.digest).first ?? .root
                let ledgerPath = connection.traits.staysHere ? nil : path
                try await manifest.finishUploads([.ready(row: row.row, found, ledgerPath: ledgerPath)], at: now())
            } catch let error as ProviderError {
                switch error.kind {
                // Servers without a listing, and keys that may not list, can never be asked.
                case .unsupported, .forbidden, .rejected: continue
                case .cancelled: throw error
                default: break
                }
                return Dictionary(rows[index...].map { ($0.digest, error) }, uniquingKeysWith: { first, _ in first })
            }
        }
        return [:]
    }

    /// Whether what was found under the name of an interrupted upload has the bytes that were to be sent.
    ///
    /// Small files are sent only when they are what they were; of a larger one that is known only if it has not been
    /// touched since the look that found its content.
    private func isCertain(
        _ found: RemoteFile,
        of row: Manifest.Interrupted,
        in connection: Connection
    ) async -> Bool {
        if connection.traits.staysHere || row.size <= Upload.wholeLimit { return true }
        if let digest = found.digest { return digest == row.digest }
        guard let source = row.source, let changed = row.sourceChanged else { return false }
        return await withCheckedContinuation { continuation in
            DispatchQueue(label: "satchel.adopt").async { [root, hashing] in
                continuation.resume(
                    returning: isStill(row.digest, at: source, in: root, since: changed, hashing: hashing)
                )
            }
        }
    }

    /// Takes the undecided contents out of a plan and counts their paths as failed.
    ///
    /// - Returns: the actions that are left.
    func setAside(
        _ undecided: [ContentDigest: ProviderError],
        from actions: [Action],
        report: inout SyncReport
    ) -> [Action] {
        guard !undecided.isEmpty else { return actions }
        return actions.filter { action in
            let path: WorkspacePath
            let digest: ContentDigest
            switch action {
            case .upload(let uploaded, let content, _): (path, digest) = (uploaded, content.digest)
            case .link(let linked, let content, .renamed), .link(let linked, let content, .sameContent):
                (path, digest) = (linked, content)
            // Follows the upload of the same path, which is counted already.
            case .link(_, let content, .uploaded): return undecided[content] == nil
            // Its row is all that is known of a copy that may be there.
            case .delete(let copy, _): return undecided[copy.digest] == nil
            case .link, .forget: return true
            }
            guard let error = undecided[digest] else { return true }
            report.summary.failed += 1
            report.failures.append(SyncReport.Failure(path: path, error))
            if error.concernsAccount { report.accountError = error }
            return false
        }
    }
}
