package import FoundationEssentials
package import SatchelCore

/// A provider that asks its account's limits before every request, and tells them when it was too fast all the same.
package struct LimitedProvider: FileProvider {
    private let base: any FileProvider
    private let gate: LimitGate

    /// - Parameters:
    ///   - base: does the work.
    ///   - gate: lets requests through.
    package init(_ base: any FileProvider, gate: LimitGate) {
        self.base = base
        self.gate = gate
    }

    package var traits: ProviderTraits { base.traits }

    package var serverTime: Date? { base.serverTime }

    package func upload(_ batch: [Upload]) async -> [Result<RemoteFile, ProviderError>] {
        let money = batch.map { upload in
            // What has no end costs on and on: a day of it counts.
            traits.storagePrice?.charged(bytes: upload.size, seconds: upload.expiresAfter ?? 86400) ?? .zero
        }
        let cost = RequestCost(
            requests: batch.count,
            uploads: batch.count,
            bytes: batch.reduce(0) { $0 + $1.size },
            money: money.reduce(.zero) { $0.adding($1) }
        )
        do throws(ProviderError) {
            try await gate.enter(cost)
        } catch {
            return batch.map { _ in .failure(error) }
        }
        let results = await base.upload(batch)
        await gate.leave()
        for (index, result) in zip(batch.indices, results) {
            guard case .failure(let error) = result else { continue }
            await gate.note(error)
            if !error.mayHaveLeftCopy {
                let share = RequestCost(requests: 0, uploads: 1, bytes: batch[index].size, money: money[index])
                await gate.giveBack(share)
            }
        }
        return results
    }

    package func list(after cursor: String?) async throws(ProviderError) -> RemotePage {
        try await gate.pass { () async throws(ProviderError) in try await base.list(after: cursor) }
    }

    package func retrieve(_ id: RemoteFileID) async throws(ProviderError) -> RemoteFile? {
        try await gate.pass { () async throws(ProviderError) in try await base.retrieve(id) }
    }

    package func retrieve(_ ids: [RemoteFileID]) async throws(ProviderError) -> [RemoteFile] {
        guard traits.checkBatch > 1 || ids.count < 2 else {
            var found: [RemoteFile] = []
            for id in ids {
                if let file = try await retrieve(id) { found.append(file) }
            }
            return found
        }
        return try await gate.pass { () async throws(ProviderError) in try await base.retrieve(ids) }
    }

    package func probe() async throws(ProviderError) -> FilesAbility {
        try await gate.pass { () async throws(ProviderError) in try await base.probe() }
    }

    package func delete(_ id: RemoteFileID) async throws(ProviderError) {
        try await gate.pass { () async throws(ProviderError) in try await base.delete(id) }
    }

    package func download(_ id: RemoteFileID, upTo limit: ByteCount) async throws(ProviderError) -> [UInt8] {
        try await gate.pass { () async throws(ProviderError) in try await base.download(id, upTo: limit) }
    }

    package func find(_ upload: Upload, createdAfter: Date) async throws(ProviderError) -> RemoteFile? {
        try await gate.pass { () async throws(ProviderError) in try await base.find(upload, createdAfter: createdAfter)
        }
    }

    package func find(
        uploadName: String,
        size: Int64,
        createdAfter: Date
    ) async throws(ProviderError) -> RemoteFile? {
        try await gate.pass { () async throws(ProviderError) in
            try await base.find(uploadName: uploadName, size: size, createdAfter: createdAfter)
        }
    }
}
