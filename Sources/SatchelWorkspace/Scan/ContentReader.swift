import Glibc
import SatchelCore

/// Reads one file after the other and makes their digests; used by one thread at a time.
final class ContentReader {
    enum Outcome: Sendable {
        case hashed(Fingerprint, ContentDigest, MediaType)
        /// No regular file is there any more.
        case gone
        case tooLarge
        case trouble(SourceError)
    }

    /// How often a file that changes under the reader is tried.
    private static let attempts = 3

    private let root: OpenFolder
    private let limit: Int64
    private let hashing: any Hashing
    private var hasher: any ContentHasher
    private let buffer: UnsafeMutableRawBufferPointer
    /// The folder of the last file: its neighbours come next.
    private var folder: OpenFolder?
    private var folderPath: ArraySlice<UInt8> = []

    init(root: OpenFolder, limit: ByteCount, hashing: any Hashing) {
        self.root = root
        self.limit = limit.bytes
        self.hashing = hashing
        hasher = hashing.makeHasher()
        buffer = .allocate(byteCount: 256 << 10, alignment: 4096)
    }

    deinit {
        buffer.deallocate()
    }

    /// Digest and kind of the file at `path`, with the status it had before and after it was read.
    func read(_ path: WorkspacePath) -> Outcome {
        do {
            for _ in 0..<Self.attempts {
                if let outcome = try readOnce(path) { return outcome }
            }
            return .trouble(.changing)
        } catch  where error.meansGone {
            return .gone
        } catch {
            return .trouble(error.trouble)
        }
    }

    /// Nil when the file changed meanwhile.
    private func readOnce(_ path: WorkspacePath) throws(SystemError) -> Outcome? {
        let descriptor = try open(path)
        defer { close(descriptor) }
        let before = try FileStatus(of: descriptor)
        guard before.kind == .file else { return .gone }
        let size = before.fingerprint.size
        guard size <= limit else { return .tooLarge }

        let hasher = freshHasher()
        var sniffer = ContentSniffer()
        var total: Int64 = 0
        // Not until it ends: one that grows faster than it is read would never do so. That it grew says its size below,
        // unless the file system knows no sizes: what has bytes although it is empty is not believed.
        repeat {
            let count = try readBytes(descriptor, into: buffer)
            if count == 0 { break }
            let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            hasher.update(bytes)
            sniffer.update(bytes)
            total += Int64(count)
        } while total < size
        guard total == size, try FileStatus(of: descriptor).fingerprint == before.fingerprint else { return nil }
        return .hashed(before.fingerprint, hasher.finish(), sniffer.finish())
    }

    private func open(_ path: WorkspacePath) throws(SystemError) -> Int32 {
        let name = path.name
        let parent = path.bytes[..<max(0, name.startIndex - 1)]
        if folder == nil || folderPath != parent {
            folder = nil
            folder = try root.folder(below: parent)
            folderPath = parent
        }
        return try withTerminated(name) { name throws(SystemError) in try (folder ?? root).open(name) }
    }

    private func freshHasher() -> any ContentHasher {
        if let reusable = hasher as? SHA256Hasher {
            reusable.restart()
        } else {
            hasher = hashing.makeHasher()
        }
        return hasher
    }
}
