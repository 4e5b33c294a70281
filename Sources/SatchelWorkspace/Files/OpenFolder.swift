internal import CSys
import Glibc
import SatchelCore

/// An open folder; its descriptor is closed when it is released.
final class OpenFolder: Sendable {
    let descriptor: Int32

    init(adopting descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }

    /// Opens a folder by an absolute path, which the user gave and whose links are therefore followed.
    convenience init(at path: String) throws(SystemError) {
        self.init(adopting: try openEntry(path, in: AT_FDCWD, flags: O_RDONLY | O_DIRECTORY))
    }

    /// Opens the folder called `name` in this one; a symbolic link of that name is an error (`ENOTDIR`).
    func folder(_ name: UnsafePointer<CChar>) throws(SystemError) -> OpenFolder {
        OpenFolder(adopting: try openEntry(name, in: descriptor, flags: O_RDONLY | O_DIRECTORY | O_NOFOLLOW))
    }

    /// Opens a folder below this one component by component, so that no link on the way is followed.
    func folder(below path: ArraySlice<UInt8>) throws(SystemError) -> OpenFolder {
        var folder = self
        for component in path.split(separator: UInt8(ascii: "/")) {
            folder = try withTerminated(component) { name throws(SystemError) in try folder.folder(name) }
        }
        return folder
    }

    /// Opens the entry `name` for reading, for the caller to close; never waits, whatever it is.
    func open(_ name: UnsafePointer<CChar>) throws(SystemError) -> Int32 {
        try openEntry(name, in: descriptor, flags: O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
    }

    /// What is called `path` below this folder; no link on the way is followed.
    func status(of path: WorkspacePath) throws(SystemError) -> FileStatus {
        guard !path.isRoot else { return try FileStatus(of: descriptor) }
        let folder = try folder(below: path.bytes.dropLast(path.name.count))
        return try withTerminated(path.name) { name throws(SystemError) in
            try FileStatus(of: name, in: folder.descriptor)
        }
    }
}

/// `openat` that is retried when a signal interrupts it, with `O_CLOEXEC`.
func openEntry(_ name: UnsafePointer<CChar>, in folder: Int32, flags: Int32) throws(SystemError) -> Int32 {
    while true {
        let descriptor = csys_openat(folder, name, flags | O_CLOEXEC)
        if descriptor >= 0 { return descriptor }
        guard errno == EINTR else { throw .last }
    }
}

/// Lends `bytes` as a C string; they hold no NUL, being a name from a folder or from a ``WorkspacePath``.
func withTerminated<Result>(
    _ bytes: some Sequence<UInt8>,
    _ body: (UnsafePointer<CChar>) throws(SystemError) -> Result
) throws(SystemError) -> Result {
    var terminated = bytes.map { CChar(bitPattern: $0) }
    terminated.append(0)
    return try body(terminated)
}

/// Reads up to `buffer.count` bytes at the descriptor's position; 0 at the end.
func readBytes(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
    while true {
        let count = read(descriptor, buffer.baseAddress, buffer.count)
        if count >= 0 { return count }
        guard errno == EINTR else { throw .last }
    }
}
