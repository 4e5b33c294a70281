import Glibc
package import SatchelCore

/// The bytes of one file of the workspace, at most `limit` of them: for what goes into a prompt.
///
/// Blocking. `root` is the absolute path of the workspace and `path` that of a regular file below it. No link is
/// followed on the way; a file that changes while it is read is an error, as is one larger than `limit`.
package func readFile(
    _ path: WorkspacePath,
    in root: String,
    upTo limit: ByteCount
) throws(SourceError) -> [UInt8] {
    let reader = try FileSource(root: root, path: path).openFile()
    guard reader.size <= limit.bytes else { throw SourceError(.failed, "is larger than \(limit)") }
    // One more byte than there should be, to see that it did not grow.
    let size = Int(reader.size)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: size + 1, alignment: 16)
    defer { buffer.deallocate() }
    var filled = 0
    while filled < buffer.count {
        let count = try reader.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
        if count == 0 { break }
        filled += count
    }
    guard filled == size, reader.isUnchanged() else { throw .changing }
    return Array(buffer.prefix(size))
}

/// Reads a small file of settings by an absolute path; nil when there is none.
///
/// `followsLink` says whether its name may be a symbolic link: git follows one for the user's own files and none
/// inside a working tree.
func readSettings(at path: String, followsLink: Bool) throws(SystemError) -> [UInt8]? {
    try readSettings(path, in: AT_FDCWD, followsLink: followsLink)
}

/// Reads the small file `name` of a folder; nil when there is none, or when it is no regular file.
func readSettings(
    _ name: UnsafePointer<CChar>,
    in folder: Int32,
    followsLink: Bool
) throws(SystemError) -> [UInt8]? {
    let descriptor: Int32
    do {
        descriptor = try openEntry(name, in: folder, flags: O_RDONLY | O_NONBLOCK | (followsLink ? 0 : O_NOFOLLOW))
    } catch  where error.meansGone {
        return nil
    }
    defer { close(descriptor) }
    guard try FileStatus(of: descriptor).kind == .file else { return nil }
    var bytes: [UInt8] = []
    let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 14, alignment: 16)
    defer { chunk.deallocate() }
    while true {
        let count = try readBytes(descriptor, into: chunk)
        if count == 0 { return bytes }
        bytes.append(contentsOf: chunk.prefix(count))
        // A rule file of this size is a mistake, and not to be half read.
        guard bytes.count <= 1 << 24 else { throw SystemError(EFBIG) }
    }
}
