package import FoundationEssentials
package import SatchelCore

/// The local object store as a provider: copies that cost nothing, never expire and can be read back.
///
/// The id of a file is the hexadecimal SHA-256 of its content; the store keeps no names.
package struct LocalFiles: FileProvider {
    package let store: ObjectStore
    private let queue = BlockingQueue("satchel.local")

    package init(_ store: ObjectStore) {
        self.store = store
    }

    package var traits: ProviderTraits { .local }

    package func upload(_ batch: [Upload]) async -> [Result<RemoteFile, ProviderError>] {
        let now = Date()
        let results = await queue.run { [store] in store.put(batch) }
        return zip(batch, results).map { upload, result in
            result.mapError(\.providerError).flatMap {
                guard let id = RemoteFileID(upload.digest.hex) else {
                    return .failure(.init(.badReply, "empty digest"))
                }
                return .success(RemoteFile(id: id, name: upload.name, size: upload.size, createdAt: now))
            }
        }
    }

    /// Whole folders of the store, in the order of the digests: there is no cheaper order on a disk.
    package func list(after cursor: String?) async throws(ProviderError) -> RemotePage {
        let first = cursor.flatMap { Int($0, radix: 16) } ?? 0
        let wanted = traits.listPage
        let page: Result<RemotePage, StoreError> = await queue.run { [store] in
            Result { () throws(StoreError) in
                var files: [RemoteFile] = []
                var shard = first
                while shard < 256, files.count < wanted {
                    files += try store.objects(inShard: shard).compactMap(Self.file)
                    shard += 1
                }
                return RemotePage(files: files, next: shard < 256 ? ObjectName.shard(shard) : nil)
            }
        }
        return try page.mapError(\.providerError).get()
    }

    package func retrieve(_ id: RemoteFileID) async throws(ProviderError) -> RemoteFile? {
        guard let digest = ContentDigest(hex: id.rawValue) else { return nil }
        let size = await queue.run { [store] in store.size(of: digest) }
        return size.map { RemoteFile(id: id, name: id.rawValue, size: $0) }
    }

    package func delete(_ id: RemoteFileID) async throws(ProviderError) {
        guard let digest = ContentDigest(hex: id.rawValue) else { return }
        let result: Result<Void, StoreError> = await queue.run { [store] in
            Result { () throws(StoreError) in try store.remove(digest) }
        }
        try result.mapError(\.providerError).get()
    }

    package func download(_ id: RemoteFileID, upTo limit: ByteCount) async throws(ProviderError) -> [UInt8] {
        let digest = ContentDigest(hex: id.rawValue)
        let result: Result<[UInt8]?, StoreError> = await queue.run { [store] in
            Result { () throws(StoreError) in
                try digest.flatMap { (digest) throws(StoreError) in try store.read(digest, upTo: limit) }
            }
        }
        guard let bytes = try result.mapError(\.providerError).get() else {
            throw ProviderError(.gone, "object \(id): not in the local store")
        }
        return bytes
    }

    /// By the digits of the digest in the name: whatever has them is that content, whenever it was stored.
    package func find(
        uploadName: String,
        size: Int64,
        createdAfter: Date
    ) async throws(ProviderError) -> RemoteFile? {
        guard
            let digits = uploadName.split(separator: ".").last(where: {
                $0.utf8.count == 16 && UInt64($0, radix: 16) != nil
            }),
            let shard = Int(digits.prefix(2), radix: 16)
        else { return nil }
        let result: Result<[StoredObject], StoreError> = await queue.run { [store] in
            Result { () throws(StoreError) in try store.objects(inShard: shard) }
        }
        let objects = try result.mapError(\.providerError).get()
        return objects.first { $0.size == size && $0.digest.prefix(16) == digits }.flatMap(Self.file)
    }

    @Sendable private static func file(_ object: StoredObject) -> RemoteFile? {
        guard let id = RemoteFileID(object.digest.hex) else { return nil }
        let stored = Date(timeIntervalSince1970: Double(object.modified) / 1e9)
        return RemoteFile(id: id, name: id.rawValue, size: object.size, createdAt: stored, digest: object.digest)
    }
}

extension ProviderTraits {
    package static let local = ProviderTraits(
        provider: .local,
        staysHere: true,
        expiry: .none,
        maxFileSize: nil,
        acceptedMedia: Set(MediaType.allCases),
        naming: .asIs,
        pager: .token,
        pathCarrier: .none,
        canDownload: true,
        canReferImages: false,
        canReferFiles: false,
        parallelUploads: 2,
        uploadBatch: 4096
    )
}
