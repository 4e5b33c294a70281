package import SatchelCore
internal import SatchelManifest
internal import SatchelRemote

extension Workspace {
    /// Puts what was made for an answer into the local store, within the limits of what chats keep.
    ///
    /// - Parameters:
    ///   - bytes: of it.
    ///   - name: what it is called.
    /// - Returns: the file by digest; where it could not be kept, the reason. It never throws: one file with trouble is
    ///   no reason to lose the answer.
    func keep(_ bytes: [UInt8], called name: String) async -> KeptFile {
        let limits = configuration.keep
        let size = Int64(bytes.count)
        guard size <= limits.maxFileSize.bytes else {
            return KeptFile(
                lost: name,
                because: "\(ByteCount(size)) are more than keep.max_file_size, \(limits.maxFileSize)"
            )
        }
        do {
            guard try await manifest.keptBytes() + size <= limits.maxTotal.bytes else {
                return KeptFile(lost: name, because: "chats keep keep.max_total, \(limits.maxTotal), already")
            }
            let digest = try await onDiskQueue { [objects] in try objects.put(bytes) }
            return KeptFile(name: name, digest: digest, size: size, media: sniffedMedia(of: bytes))
        } catch let error as StoreError {
            return KeptFile(lost: name, because: error.message)
        } catch {
            return KeptFile(lost: name, because: "\(error)")
        }
    }

    /// The bytes of a content in the local store; nil where it is not there, or is larger than `limit`.
    package func storedBytes(of digest: ContentDigest, upTo limit: ByteCount) async -> [UInt8]? {
        try? await onDiskQueue { [objects] in try objects.read(digest, upTo: limit) }
    }
}
