internal import CSys
import Glibc
package import SatchelCore
import Synchronization

extension ObjectStore {
    /// Stores bytes that are in memory.
    ///
    /// - Returns: their digest.
    package func put(_ bytes: [UInt8]) throws(StoreError) -> ContentDigest {
        let digest = hashing.digest(of: bytes)
        if claim(digest) == Int64(bytes.count) { return digest }
        let name = try writeTemporary { (file) throws(StoreError) in
            guard bytes.withUnsafeBytes({ file.writeAll($0) }) else {
                throw StoreError(errno: errno, "cannot be written")
            }
        }
        try settle([Pending(name: name, digest: digest)])[0].get()
        return digest
    }

    /// Stores what `reader` gives, if it is what it is said to be.
    ///
    /// - Throws: `.source(.changing)` when the bytes are not those of `digest`; nothing is kept then.
    package func put(from reader: any UploadReader, digest: ContentDigest) throws(StoreError) {
        if claim(digest) == reader.size { return }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.bufferSize, alignment: 64)
        defer { buffer.deallocate() }
        let name = try write(from: reader, digest: digest, buffer: buffer)
        try settle([Pending(name: name, digest: digest)])[0].get()
    }

    /// Stores everything that `reader` gives, which nobody has hashed yet.
    ///
    /// - Parameters:
    ///   - reader: read to its end.
    ///   - limit: more bytes than this are an error.
    ///   - expected: the digest that it must have, if any.
    /// - Returns: what was stored.
    /// - Throws: `.tooLarge`; `.corrupt` when the digest is another than expected; nothing is kept then.
    package func put(
        allOf reader: any UploadReader,
        upTo limit: ByteCount,
        expecting expected: ContentDigest? = nil
    ) throws(StoreError) -> (digest: ContentDigest, size: Int64, media: MediaType) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.bufferSize, alignment: 64)
        defer { buffer.deallocate() }
        let hasher = hashing.makeHasher()
        var sniffer = ContentSniffer()
        var size: Int64 = 0
        var found: ContentDigest?
        let name = try writeTemporary { (file) throws(StoreError) in
            while true {
                let count: Int
                do throws(SourceError) {
                    count = try reader.read(into: buffer)
                } catch {
                    throw StoreError(error)
                }
                if count == 0 { break }
                size += Int64(count)
                guard size <= limit.bytes else { throw StoreError(.tooLarge, "larger than \(limit)") }
                let piece = UnsafeRawBufferPointer(rebasing: buffer[..<count])
                hasher.update(piece)
                sniffer.update(piece)
                guard file.writeAll(piece) else { throw StoreError(errno: errno, "cannot be written") }
            }
            let digest = hasher.finish()
            found = digest
            if let expected, expected != digest {
                throw StoreError(.corrupt, "its SHA-256 is \(digest.hex), not the one that was said")
            }
        }
        guard let digest = found else { throw StoreError(.failed, "local store: nothing was read") }
        try settle([Pending(name: name, digest: digest)])[0].get()
        return (digest, size, sniffer.finish())
    }

    /// Stores many contents with two waits for the disk instead of two for each.
    ///
    /// - Returns: one result per element, in their order.
    func put(_ batch: [Upload]) -> [Result<Void, StoreError>] {
        var results = [Result<Void, StoreError>](repeating: .success(()), count: batch.count)
        var pending: [Pending] = []
        var indexes: [Int] = []
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.bufferSize, alignment: 64)
        defer { buffer.deallocate() }
        for (index, upload) in batch.enumerated() where claim(upload.digest) != upload.size {
            do throws(StoreError) {
                let name = try write(from: try open(upload.source), digest: upload.digest, buffer: buffer)
                pending.append(Pending(name: name, digest: upload.digest))
                indexes.append(index)
            } catch {
                results[index] = .failure(error)
            }
        }
        for (index, result) in zip(indexes, settle(pending)) { results[index] = result }
        return results
    }

    /// An object whose bytes are written, but not yet sure to be on the disk and not yet under its name.
    private struct Pending {
        var name: String
        var digest: ContentDigest
    }

    /// Bytes; large enough that reading costs no more than the bytes themselves.
    private static var bufferSize: Int { 128 << 10 }
    /// From so many objects on, one `syncfs` is cheaper than an `fsync` for each.
    private static var batchThreshold: Int { 16 }

    private func open(_ source: any UploadSource) throws(StoreError) -> any UploadReader {
        do throws(SourceError) {
            return try source.open()
        } catch {
            throw StoreError(error)
        }
    }

    private func write(
        from reader: any UploadReader,
        digest: ContentDigest,
        buffer: UnsafeMutableRawBufferPointer
    ) throws(StoreError) -> String {
        let hasher = hashing.makeHasher()
        return try writeTemporary { (file) throws(StoreError) in
            if try share(from: reader, into: file, hasher: hasher, buffer: buffer) {
                guard hasher.finish() == digest else {
                    throw StoreError(.source(.changing), "changed while it was stored")
                }
                return
            }
            var rest = reader.size
            // Bytes beyond the size it had do not matter: those of the digest are here by then.
            while rest > 0 {
                let count: Int
                do throws(SourceError) {
                    count = try reader.read(into: buffer)
                } catch {
                    throw StoreError(error)
                }
                if count == 0 { break }
                rest -= Int64(count)
                let piece = UnsafeRawBufferPointer(rebasing: buffer[..<count])
                hasher.update(piece)
                guard file.writeAll(piece) else { throw StoreError(errno: errno, "cannot be written") }
            }
            guard hasher.finish() == digest else {
                throw StoreError(.source(.changing), "changed while it was stored")
            }
        }
    }

    /// Lets the file share the blocks of the reader's, where the file system can, and hashes what it then holds.
    ///
    /// What is hashed is the new file, which nobody else writes to: a change of the other one after this is none of it.
    ///
    /// - Returns: false when nothing was shared or hashed, so the bytes are to be copied.
    private func share(
        from reader: any UploadReader,
        into file: borrowing Descriptor,
        hasher: any ContentHasher,
        buffer: UnsafeMutableRawBufferPointer
    ) throws(StoreError) -> Bool {
        // A small file is read and written in one call each: cheaper than to share its one block and read it then.
        guard reader.size > Int64(Self.bufferSize), let source = reader.descriptor,
            mayClone.load(ordering: .relaxed)
        else { return false }
        guard clone(file.number, source) == 0 else {
            // Said of this file system as a whole; a file of another one (EXDEV) says nothing about the next.
            if errno == EOPNOTSUPP || errno == ENOTTY || errno == ENOSYS { mayClone.store(false, ordering: .relaxed) }
            return false
        }
        // Bytes beyond the size it had are not those of the digest.
        guard ftruncate(file.number, off_t(reader.size)) == 0 else {
            throw StoreError(errno: errno, "cannot be written")
        }
        while true {
            guard let count = file.fill(buffer) else { throw StoreError(errno: errno, "cannot be read back") }
            if count == 0 { return true }
            hasher.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
    }

    /// Makes a file under a temporary name; it is gone again when `body` throws.
    private func writeTemporary(
        _ body: (borrowing Descriptor) throws(StoreError) -> Void
    ) throws(StoreError) -> String {
        // Read, too: what shares its blocks with another file is hashed where it is.
        let flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        var name = temporaryName()
        var number = csys_openat_mode(temporary.number, name, flags, 0o600)
        // In another container a process may have our number.
        while number < 0, errno == EEXIST {
            name = temporaryName()
            number = csys_openat_mode(temporary.number, name, flags, 0o600)
        }
        guard let file = Descriptor(number) else { throw StoreError(errno: errno, "cannot be written") }
        do throws(StoreError) {
            try giveMode(file)
            try body(file)
        } catch {
            unlinkat(temporary.number, name, 0)
            throw error
        }
        return name
    }

    /// Makes the file 0600 where the umask took bits away.
    private func giveMode(_ file: borrowing Descriptor) throws(StoreError) {
        guard !umaskIsHarmless.load(ordering: .relaxed) else { return }
        var status = stat()
        guard fstat(file.number, &status) == 0 else { throw StoreError(errno: errno, "cannot be written") }
        if status.st_mode & 0o7777 == 0o600 {
            umaskIsHarmless.store(true, ordering: .relaxed)
        } else if fchmod(file.number, 0o600) != 0 {
            throw StoreError(errno: errno, "cannot be written")
        }
    }

    /// Bytes to the disk, then names, then names to the disk: in this order a crash leaves whole objects or none.
    private func settle(_ pending: [Pending]) -> [Result<Void, StoreError>] {
        guard !pending.isEmpty else { return [] }
        let inOneGo = pending.count >= Self.batchThreshold && csys_syncfs(folder.number) == 0
        var results: [Result<Void, StoreError>] = []
        results.reserveCapacity(pending.count)
        var touched: Set<Int> = []
        for object in pending {
            do throws(StoreError) {
                if !inOneGo { try syncTemporary(object.name) }
                try rename(object)
                touched.insert(Int(object.digest.leadingWord >> 56))
                results.append(.success(()))
            } catch {
                unlinkat(temporary.number, object.name, 0)
                results.append(.failure(error))
            }
        }
        if inOneGo, csys_syncfs(folder.number) == 0 { return results }
        do throws(StoreError) {
            try syncShards(touched)
            return results
        } catch {
            return results.map { result in result.flatMap { .failure(error) } }
        }
    }

    private func syncTemporary(_ name: String) throws(StoreError) {
        guard let file = Descriptor(csys_openat(temporary.number, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)),
            fsync(file.number) == 0
        else { throw StoreError(errno: errno, "cannot be written") }
    }

    private func rename(_ object: Pending) throws(StoreError) {
        let shard = Int(object.digest.leadingWord >> 56)
        if !shards.withLock({ $0[shard] }) { try makeShard(shard) }
        let renamed = ObjectName(object.digest).withCString {
            renameat(temporary.number, object.name, folder.number, $0)
        }
        if renamed == 0 { return }
        // Somebody removed the folder behind our back: make it again, once.
        guard errno == ENOENT else { throw StoreError(errno: errno, "cannot be written") }
        try makeShard(shard)
        guard ObjectName(object.digest).withCString({ renameat(temporary.number, object.name, folder.number, $0) }) == 0
        else { throw StoreError(errno: errno, "cannot be written") }
    }

    private func makeShard(_ shard: Int) throws(StoreError) {
        let name = ObjectName.shard(shard)
        guard Self.openFolder(name, in: folder.number) != nil else {
            throw StoreError(errno: errno, "folder \(name) cannot be made")
        }
        shards.withLock { $0[shard] = true }
    }

    private func syncShards(_ shards: Set<Int>) throws(StoreError) {
        for shard in shards {
            let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
            let number = csys_openat(folder.number, ObjectName.shard(shard), flags)
            guard let opened = Descriptor(number), fsync(opened.number) == 0 else {
                throw StoreError(errno: errno, "cannot be written")
            }
        }
        guard fsync(folder.number) == 0 else { throw StoreError(errno: errno, "cannot be written") }
    }
}
