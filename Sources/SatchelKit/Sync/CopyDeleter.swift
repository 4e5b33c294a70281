internal import FoundationEssentials
internal import SatchelCore
internal import SatchelManifest

/// Deletes one remote copy of ours: marked first, deleted there, then dropped here.
///
/// Whether anything refers to the content is asked in the same transaction that marks the row, so a link made a moment
/// ago wins. A delete that fails stays marked and is tried again by the next sync or clean-up.
struct CopyDeleter: Sendable {
    let manifest: Manifest
    let provider: any FileProvider
    let now: @Sendable () -> Date

    enum Outcome: Sendable {
        case deleted
        /// Only the memory of it went: it never had a remote file.
        case dropped
        case stillReferenced
        case failed(ProviderError)
    }

    func delete(row: Int64, because reason: String, force: Bool = false) async throws(ManifestError) -> Outcome {
        switch try await manifest.beginDelete(row: row, force: force) {
        case nil:
            return .stillReferenced
        case .dropped:
            return .dropped
        case .remote(let id):
            do {
                try await provider.delete(id)
            } catch {
                try await manifest.failDelete(row: row, error: error.message)
                return .failed(error)
            }
            try await manifest.finishDelete(row: row, of: id, because: reason, at: now())
            return .deleted
        }
    }
}
