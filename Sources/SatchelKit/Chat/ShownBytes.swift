internal import Dispatch
internal import SatchelCore
internal import SatchelManifest
internal import SatchelRemote
internal import SatchelWorkspace

extension Workspace {
    /// Puts the bytes of a shown file into the local store, from the workspace; nothing when they are there already.
    func store(_ file: Manifest.ShownFile) async throws {
        try await onDiskQueue { [root, objects] in
            guard !objects.keep(file.digest) else { return }
            let reader = try FileSource(root: root, path: file.path).open()
            do {
                try objects.put(from: reader, digest: file.digest)
            } catch let error as StoreError where error.kind == .source(.changing) {
                throw WorkspaceError(.cannotStart, "\(file.path): it changed just now; ask again")
            }
        }
    }

    /// The bytes that a message showed.
    func bytes(of file: Manifest.ShownFile, upTo limit: ByteCount) async throws -> [UInt8] {
        try await onDiskQueue { [root, objects, hashing] in
            if let bytes = try objects.read(file.digest, upTo: limit) { return bytes }
            // What is too large to be kept can still be shown as long as it is what it was.
            guard let bytes = try? readFile(file.path, in: root, upTo: limit),
                hashing.digest(of: bytes) == file.digest
            else {
                throw WorkspaceError(
                    .cannotStart,
                    "\(file.path): its bytes are not in the local store any more; mention it again"
                )
            }
            return bytes
        }
    }

    /// The contents that are not in the local store.
    func unstored(among files: [Manifest.ShownFile]) async throws -> Set<ContentDigest> {
        try await onDiskQueue { [objects] in Set(files.map(\.digest).filter { !objects.contains($0) }) }
    }

    func media(of file: Manifest.ShownFile) async throws -> MediaType {
        try await manifest.media(of: file.digest)
    }

    func size(of file: Manifest.ShownFile) async throws -> Int64 {
        try await manifest.size(of: file.digest)
    }

    /// Runs blocking work off the cooperative pool.
    func onDiskQueue<T: Sendable>(_ work: @escaping @Sendable () throws -> T) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global(qos: .userInitiated).async { continuation.resume(with: Result { try work() }) }
        }
    }
}
