internal import SatchelCore
internal import SatchelManifest
internal import SatchelWorkspace

extension Workspace {
    /// Larger texts are data: they are not chosen.
    static var largestChoosable: Int64 { 1 << 20 }

    /// Bytes of files that one transaction puts into the index.
    private static var batchBytes: Int64 { 8 << 20 }
    private static var batchFiles: Int { 2000 }

    private typealias Texts = [(file: Manifest.Unindexed, text: IndexedText)]

    /// Brings the index of files up to date: only what has changed since is read.
    ///
    /// While one batch is written, the next is read and taken apart.
    func indexFiles(observe: @Sendable (ChatProgress) -> Void) async throws {
        let stamp = try await manifest.choosableStamp(upTo: Self.largestChoosable)
        guard try await manifest.setting(Manifest.choosableStampKey) != stamp else { return }
        let files = try await manifest.unindexedFiles(upTo: Self.largestChoosable)
        guard files.count > 1000 else { return try await index(files, stamp: stamp) { _ in } }
        try await manifest.withRoomForManyFiles {
            try await index(files, stamp: stamp) { observe(.indexing(done: $0, of: files.count)) }
        }
    }

    private func index(_ files: [Manifest.Unindexed], stamp: String, progress: (Int) -> Void) async throws {
        var done = 0
        var isWhole = true
        var ready: Texts = []
        var batches = batches(of: files).makeIterator()
        while true {
            try Task.checkCancellation()
            progress(done)
            guard let batch = batches.next() else { break }
            async let next = texts(of: batch)
            try await manifest.index(ready)
            ready = try await next
            done += batch.count
            isWhole = isWhole && ready.count == batch.count
        }
        try await manifest.index(ready)
        if isWhole { try await manifest.setSetting(Manifest.choosableStampKey, to: stamp) }
    }

    private func batches(of files: [Manifest.Unindexed]) -> [ArraySlice<Manifest.Unindexed>] {
        var batches: [ArraySlice<Manifest.Unindexed>] = []
        var start = 0
        var bytes: Int64 = 0
        for (index, file) in files.enumerated() {
            if index > start, bytes + file.size > Self.batchBytes || index - start == Self.batchFiles {
                batches.append(files[start..<index])
                (start, bytes) = (index, 0)
            }
            bytes += file.size
        }
        if start < files.count { batches.append(files[start...]) }
        return batches
    }

    /// A file that is being changed right now is left out, and indexed next time.
    private func texts(of files: ArraySlice<Manifest.Unindexed>) async throws -> Texts {
        let notes = try await manifest.notes(on: Set(files.map(\.digest)))
        return try await onDiskQueue { [root, hashing] in
            files.compactMap { file in
                guard let bytes = try? readFile(file.path, in: root, upTo: ByteCount(Self.largestChoosable)),
                    hashing.digest(of: bytes) == file.digest
                else { return nil }
                return (file, IndexedText(path: file.path, content: bytes, note: notes[file.digest]?.text))
            }
        }
    }
}
