internal import SatchelCore
internal import SatchelManifest
internal import SatchelRemote

extension Workspace {
    /// Puts what was piped into the local store, for a message to refer to.
    ///
    /// Its name tells its content, so that it is never taken for a file of the workspace or for another text.
    func attach(_ bytes: [UInt8]) async throws -> Manifest.ShownFile {
        let digest = hashing.digest(of: bytes)
        let media = sniffedMedia(of: bytes)
        let name = "standard input \(digest.prefix(8)).\(usualExtension(of: media))"
        guard let path = WorkspacePath(name) else {
            throw WorkspaceError(.cannotStart, "standard input: it cannot be named; put it into a file and mention it")
        }
        try await onDiskQueue { [objects] in
            try objects.put(from: MemorySource(bytes: bytes).open(), digest: digest)
        }
        let added = Manifest.Added(digest: digest, name: name, mime: mimeType(of: media))
        try await manifest.add(added, size: Int64(bytes.count), media: media, at: now())
        // From now on the message keeps it, not the one who piped it.
        _ = try await manifest.forgetAdded(digest, named: name)
        return Manifest.ShownFile(path: path, digest: digest)
    }
}
