internal import FoundationEssentials
internal import SatchelCore
internal import SatchelManifest

/// What an account said about the copies that a chat is about to refer to.
struct Preflight: Sendable {
    /// There, and for long enough.
    var usable: Set<ContentDigest> = []
    /// How many were believed to be there and are not; they are forgotten now.
    var gone = 0
}

extension Workspace {
    /// Asks the account after the copy of each of these contents before a chat refers to them.
    ///
    /// As many per request as the provider takes, some requests side by side. A copy that could not be asked after counts
    /// as what it was believed to be: the chat itself will tell.
    ///
    /// - Parameters:
    ///   - digests: what the chat needs.
    ///   - connection: the account.
    /// - Returns: what can be referred to.
    /// - Throws: ``ManifestError``, `CancellationError`.
    func preflight(_ digests: Set<ContentDigest>, in connection: Connection) async throws -> Preflight {
        var result = Preflight()
        let held = try await manifest.readyCopies(of: digests, in: connection.id)
        let answers = try await ask(after: held.map(\.id), in: connection)
        let moment = corrected(now(), by: connection)
        let margin = configuration.safetyMargin.inSeconds
        for (copy, id) in held {
            var copy = copy
            switch answers[id] {
            case .gone?:
                result.gone += 1
                try await manifest.markGone(id, in: connection.id, at: now())
                continue
            case .there(let file)?:
                try await manifest.confirm(file, in: connection.id, at: now())
                if let end = file.expiresAt { copy = copy.ending(at: end) }
            case nil: break
            }
            if copy.freshness(at: moment, margin: margin) == .fresh { result.usable.insert(copy.digest) }
        }
        return result
    }

    private enum Presence: Sendable {
        case there(RemoteFile)
        case gone
    }

    /// What the provider says of each; those that it could not be asked after are left out.
    private func ask(
        after ids: [RemoteFileID],
        in connection: Connection
    ) async throws -> [RemoteFileID: Presence] {
        let size = max(connection.traits.checkBatch, 1)
        var listed: [RemoteFileID: Presence] = [:]
        // So many that a listing is cheaper; what it lacks is asked after all the same: it may lag behind.
        if ids.count > 64 * size { listed = try await lookUp(Set(ids), in: connection) }
        let rest = ids.filter { listed[$0] == nil }
        let asked = try await ask(
            after: stride(from: 0, to: rest.count, by: size).map { Array(rest[$0..<min($0 + size, rest.count)]) },
            in: connection
        )
        return listed.merging(asked) { $1 }
    }

    private func lookUp(_ wanted: Set<RemoteFileID>, in connection: Connection) async throws -> [RemoteFileID: Presence]
    {
        var listed: [RemoteFileID: Presence] = [:]
        var cursor: String?
        repeat {
            try Task.checkCancellation()
            guard let page = try? await connection.provider.list(after: cursor) else { break }
            for file in page.files where wanted.contains(file.id) {
                if case .failed = file.state { continue }
                listed[file.id] = .there(file)
            }
            cursor = page.next
        } while cursor != nil && listed.count < wanted.count
        return listed
    }

    /// Some batches side by side.
    private func ask(
        after batches: [[RemoteFileID]],
        in connection: Connection
    ) async throws -> [RemoteFileID: Presence] {
        let atOnce = 8
        let provider = connection.provider
        return try await withThrowingTaskGroup(of: [RemoteFileID: Presence].self) { group in
            var presence: [RemoteFileID: Presence] = [:]
            for (index, batch) in batches.enumerated() {
                if index >= atOnce, let some = try await group.next() { presence.merge(some) { $1 } }
                group.addTask {
                    do throws(ProviderError) {
                        let files = try await provider.retrieve(batch)
                        var some = Dictionary(batch.map { ($0, Presence.gone) }, uniquingKeysWith: { $1 })
                        for file in files {
                            if case .failed = file.state { continue }
                            some[file.id] = .there(file)
                        }
                        return some
                    } catch {
                        if error.kind == .cancelled { throw error }
                        return [:]
                    }
                }
            }
            for try await some in group { presence.merge(some) { $1 } }
            return presence
        }
    }
}
