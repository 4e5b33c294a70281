internal import CSys
import Glibc
import SatchelCore

/// An object of the local store on its way to somewhere else.
struct ObjectSource: UploadSource {
    let store: ObjectStore
    let digest: ContentDigest

    func open() throws(SourceError) -> any UploadReader {
        let number = ObjectName(digest).withCString {
            csys_openat(store.folder.number, $0, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        }
        guard let file = Descriptor(number) else {
            throw Self.failure(errno, digest)
        }
        var status = stat()
        guard fstat(file.number, &status) == 0 else { throw Self.failure(errno, digest) }
        return ObjectReader(file, size: Int64(status.st_size), digest: digest)
    }

    fileprivate static func failure(_ code: Int32, _ digest: ContentDigest) -> SourceError {
        let kind: Trouble.Kind = code == ENOENT ? .vanished : code == EACCES ? .unreadable : .failed
        let reason = String(cString: strerror(code)).lowercased()
        return SourceError(kind, "object \(digest.prefix(12)) cannot be read: \(reason)")
    }
}

private final class ObjectReader: UploadReader {
    let size: Int64
    private let file: Descriptor
    private let digest: ContentDigest

    init(_ file: consuming Descriptor, size: Int64, digest: ContentDigest) {
        self.file = file
        self.size = size
        self.digest = digest
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(SourceError) -> Int {
        guard let count = file.fill(buffer) else { throw ObjectSource.failure(errno, digest) }
        return count
    }

    func rewind() throws(SourceError) {
        guard lseek(file.number, 0, SEEK_SET) == 0 else { throw ObjectSource.failure(errno, digest) }
    }

    /// Objects are never written again under their name.
    func isUnchanged() -> Bool { true }
}
