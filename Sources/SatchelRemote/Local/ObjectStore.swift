// Owns `timespec` where the whole module is compiled at once: both it and Glibc read the same header.
internal import CCurl
internal import CSys
import Glibc
package import SatchelCore
import Synchronization

/// Contents by their digest, in a folder: `objects/ab/cdef…`, files of mode 0600 in folders of mode 0700.
///
/// An object appears under its name only when its bytes are on the disk and are those of its digest, so what is there
/// can be believed after any crash. Every method blocks on the disk: never to be called on the cooperative pool.
package final class ObjectStore: Sendable {
    let folder: Descriptor
    let temporary: Descriptor
    let hashing: any Hashing
    private static let process = getpid()
    /// One for the whole process: two stores may be open on the same folder.
    private static let serial = Atomic<UInt64>(0)
    /// Whether the umask is known to leave 0600 as it is, which saves a system call for each file.
    let umaskIsHarmless = Atomic(false)
    /// Whether the file system is believed to let files share blocks.
    let mayClone = Atomic(true)
    /// Makes a new file share the blocks of another: 0, or -1 with `errno` set.
    let clone: @Sendable (_ file: Int32, _ source: Int32) -> Int32
    /// Which of the 256 shard folders are known to exist.
    let shards = Mutex([Bool](repeating: false, count: 256))

    /// Opens the store, makes it where there is none, and removes what a crash left half-written.
    ///
    /// - Parameters:
    ///   - path: the folder `objects`; its parent exists.
    ///   - hashing: makes the digests.
    /// - Throws: when a folder cannot be made or opened.
    package convenience init(at path: String, hashing: any Hashing) throws(StoreError) {
        try self.init(at: path, hashing: hashing) { csys_clone_file($0, $1) }
    }

    init(
        at path: String,
        hashing: any Hashing,
        cloning clone: @escaping @Sendable (Int32, Int32) -> Int32
    ) throws(StoreError) {
        guard let folder = Self.openFolder(path, in: AT_FDCWD) else {
            throw StoreError(errno: errno, "\(escaped(path.utf8)) cannot be opened")
        }
        guard let temporary = Self.openFolder("incoming", in: folder.number) else {
            throw StoreError(errno: errno, "\(escaped(path.utf8))/incoming cannot be opened")
        }
        // Whoever writes holds the lock shared, so the exclusive one says that nobody else does and that every file
        // in there is a leftover. The kernel drops the locks of the dead.
        if flock(temporary.number, LOCK_EX | LOCK_NB) == 0 { Self.sweep(temporary) }
        flock(temporary.number, LOCK_SH)
        self.folder = folder
        self.temporary = temporary
        self.hashing = hashing
        self.clone = clone
    }

    /// Whether the object is there.
    package func contains(_ digest: ContentDigest) -> Bool { size(of: digest) != nil }

    /// Bytes of the object; nil when it is not there.
    package func size(of digest: ContentDigest) -> Int64? {
        var status = stat()
        let found = ObjectName(digest).withCString { fstatat(folder.number, $0, &status, AT_SYMLINK_NOFOLLOW) }
        return found == 0 && status.st_mode & S_IFMT == S_IFREG ? Int64(status.st_size) : nil
    }

    /// The whole object; nil when it is not there.
    ///
    /// - Throws: `.tooLarge` above `limit`, `.corrupt` when the bytes are not those of the digest.
    package func read(_ digest: ContentDigest, upTo limit: ByteCount) throws(StoreError) -> [UInt8]? {
        let number = ObjectName(digest).withCString {
            csys_openat(folder.number, $0, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        }
        guard let file = Descriptor(number) else {
            if errno == ENOENT { return nil }
            throw StoreError(errno: errno, "object \(digest.prefix(12)) cannot be read")
        }
        var status = stat()
        guard fstat(file.number, &status) == 0 else {
            throw StoreError(errno: errno, "object \(digest.prefix(12)) cannot be read")
        }
        let size = Int(status.st_size)
        guard Int64(size) <= limit.bytes else {
            throw StoreError(.tooLarge, "object \(digest.prefix(12)): \(ByteCount(Int64(size))) are above \(limit)")
        }
        var failed = false
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            let filled = file.fill(UnsafeMutableRawBufferPointer(buffer))
            failed = filled == nil
            count = filled ?? 0
        }
        if failed { throw StoreError(errno: errno, "object \(digest.prefix(12)) cannot be read") }
        guard hashing.digest(of: bytes) == digest else {
            throw StoreError(.corrupt, "object \(digest.prefix(12)): its bytes were changed; delete it and sync again")
        }
        return bytes
    }

    /// The object as the source of an upload to somewhere else.
    package func source(_ digest: ContentDigest) -> any UploadSource { ObjectSource(store: self, digest: digest) }

    /// Bytes of the object; nil when it is not there.
    ///
    /// From now on it is as young as one that was just written: no clean-up takes what somebody is about to rely on.
    func claim(_ digest: ContentDigest) -> Int64? {
        let touched = ObjectName(digest).withCString { utimensat(folder.number, $0, nil, AT_SYMLINK_NOFOLLOW) }
        return touched == 0 ? size(of: digest) : nil
    }

    /// Whether the object is there, and from now on as young as one that was just written.
    package func keep(_ digest: ContentDigest) -> Bool { claim(digest) != nil }

    /// Removes the object unless it was written or claimed since `moment`, in nanoseconds since 1970.
    ///
    /// - Returns: false when it stays.
    package func remove(_ digest: ContentDigest, unlessTouchedSince moment: Int64) throws(StoreError) -> Bool {
        var status = stat()
        let found = ObjectName(digest).withCString { fstatat(folder.number, $0, &status, AT_SYMLINK_NOFOLLOW) }
        if found == 0, Self.modified(status) >= moment { return false }
        try remove(digest)
        return true
    }

    private static func modified(_ status: stat) -> Int64 {
        Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
    }

    /// Succeeds when the object is gone, also when it was gone before.
    package func remove(_ digest: ContentDigest) throws(StoreError) {
        let result = ObjectName(digest).withCString { unlinkat(folder.number, $0, 0) }
        guard result == 0 || errno == ENOENT else {
            throw StoreError(errno: errno, "object \(digest.prefix(12)) cannot be removed")
        }
    }

    /// Every object, in the order of the digests.
    package func all() throws(StoreError) -> [StoredObject] {
        var result: [StoredObject] = []
        for shard in 0..<256 { result += try objects(inShard: shard) }
        return result
    }

    /// The objects whose digest begins with this byte, in the order of the digests.
    func objects(inShard shard: Int) throws(StoreError) -> [StoredObject] {
        let name = ObjectName.shard(shard)
        let number = csys_openat(folder.number, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard number >= 0 else {
            if errno == ENOENT { return [] }
            throw StoreError(errno: errno, "folder \(name) cannot be read")
        }
        guard let listing = fdopendir(number) else {
            close(number)
            throw StoreError(errno: errno, "folder \(name) cannot be read")
        }
        defer { closedir(listing) }
        var result: [StoredObject] = []
        for rest in Self.names(listing) {
            var status = stat()
            guard let digest = ObjectName.digest(shard: name, rest: rest),
                fstatat(number, rest, &status, AT_SYMLINK_NOFOLLOW) == 0, status.st_mode & S_IFMT == S_IFREG
            else { continue }
            let modified = Self.modified(status)
            result.append(StoredObject(digest: digest, size: Int64(status.st_size), modified: modified))
        }
        return result.sorted { $0.digest < $1.digest }
    }

    /// A name that no other writer of this process uses; the process id keeps most other processes apart.
    func temporaryName() -> String {
        "\(Self.process).\(Self.serial.wrappingAdd(1, ordering: .relaxed).newValue)"
    }

    static func openFolder(_ path: String, in parent: Int32) -> Descriptor? {
        if mkdirat(parent, path, 0o700) == 0 {
            // The umask may have taken away what opening it needs.
            guard fchmodat(parent, path, 0o700, 0) == 0 else { return nil }
        } else if errno != EEXIST {
            return nil
        }
        let folder = Descriptor(csys_openat(parent, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC))
        guard let folder else { return nil }
        // An older folder may have more bits.
        guard fchmod(folder.number, 0o700) == 0 else { return nil }
        return folder
    }

    private static func sweep(_ folder: borrowing Descriptor) {
        let number = csys_openat(folder.number, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard number >= 0, let listing = fdopendir(number) else { return }
        defer { closedir(listing) }
        for name in names(listing) { unlinkat(number, name, 0) }
    }

    private static func names(_ listing: OpaquePointer) -> [String] {
        var result: [String] = []
        while let entry = readdir(listing) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { result.append(name) }
        }
        return result
    }
}

/// An object and what the file system says of it.
package struct StoredObject: Hashable, Sendable {
    package var digest: ContentDigest
    /// Bytes.
    package var size: Int64
    /// Nanoseconds since 1970: when it was stored.
    package var modified: Int64
}
