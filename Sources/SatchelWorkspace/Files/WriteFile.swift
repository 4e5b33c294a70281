internal import CSys
import Glibc
package import SatchelCore

/// Why a file could not be written, as a sentence part.
package struct WriteError: Error, Hashable, Sendable {
    /// Whether it would have replaced something.
    package enum Kind: Hashable, Sendable {
        /// There is something of that name already.
        case exists
        case failed
    }

    package var kind: Kind
    package var message: String
}

/// Writes a file below a folder, whole or not at all: under a temporary name beside it, to the disk, then renamed.
///
/// Blocking. No link below `root` is followed: one on the way is an error, and one under the name itself is replaced
/// like a file, not written through. Folders that are missing are made.
///
/// - Parameters:
///   - path: below `root`; not the root itself.
///   - root: an absolute path; links in it are followed.
///   - replaces: take the place of what has that name, and keep the permissions of a file; otherwise that is an error.
///   - permissions: the most that the file gets.
///   - reader: the bytes, from the front.
/// - Throws: ``WriteError``; what has been there is as it was.
package func writeFile(
    _ path: WorkspacePath,
    in root: String,
    replaces: Bool,
    permissions: UInt32 = 0o777,
    from reader: any UploadReader
) throws(WriteError) {
    do {
        var folder = try OpenFolder(at: root)
        for component in path.bytes.dropLast(path.name.count).split(separator: UInt8(ascii: "/")) {
            folder = try withTerminated(component) { name throws(SystemError) in
                if mkdirat(folder.descriptor, name, 0o777) != 0, errno != EEXIST { throw .last }
                return try folder.folder(name)
            }
        }
        let temporary = ".satchel-\(getpid())-\(UInt32.random(in: 0 ... .max)).new"
        var kept: mode_t?
        if replaces {
            kept = try withTerminated(path.name) { name throws(SystemError) in permissionsOfFile(name, in: folder) }
        }
        try write(reader, as: temporary, in: folder, permissions: permissions, kept: kept)
        do {
            try withTerminated(path.name) { name throws(SystemError) in
                try place(temporary, as: name, in: folder, replaces: replaces)
            }
        } catch {
            unlinkat(folder.descriptor, temporary, 0)
            throw error
        }
        _ = fsync(folder.descriptor)
    } catch let error as SystemError where error.code == EEXIST {
        throw WriteError(kind: .exists, message: "there is a file of that name")
    } catch let error as SystemError where error.code == ELOOP || error.code == ENOTDIR {
        throw WriteError(kind: .failed, message: "a folder on the way is a symbolic link or no folder")
    } catch let error as SourceError {
        throw WriteError(kind: .failed, message: error.message)
    } catch {
        throw WriteError(kind: .failed, message: "cannot be written: \(error)")
    }
}

/// Nil when there is no regular file of that name.
private func permissionsOfFile(_ name: UnsafePointer<CChar>, in folder: OpenFolder) -> mode_t? {
    var status = stat()
    guard fstatat(folder.descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0, status.st_mode & S_IFMT == S_IFREG else {
        return nil
    }
    return status.st_mode & 0o777
}

/// `kept` are the permissions of the file that is replaced; without one, the umask has its say.
private func write(
    _ reader: any UploadReader,
    as name: String,
    in folder: OpenFolder,
    permissions: mode_t,
    kept: mode_t?
) throws {
    let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
    let descriptor = csys_openat_mode(folder.descriptor, name, flags, 0o666 & permissions & (kept ?? 0o777))
    guard descriptor >= 0 else { throw SystemError.last }
    defer { close(descriptor) }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 128 << 10, alignment: 64)
    defer { buffer.deallocate() }
    do {
        if let kept, fchmod(descriptor, kept & permissions) != 0 { throw SystemError.last }
        while true {
            let count = try reader.read(into: buffer)
            if count == 0 { break }
            var rest = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            while !rest.isEmpty {
                let written = Glibc.write(descriptor, rest.baseAddress, rest.count)
                if written < 0, errno == EINTR { continue }
                guard written > 0 else { throw SystemError.last }
                rest = UnsafeRawBufferPointer(rebasing: rest[written...])
            }
        }
        guard fsync(descriptor) == 0 else { throw SystemError.last }
    } catch {
        unlinkat(folder.descriptor, name, 0)
        throw error
    }
}

private func place(
    _ temporary: String,
    as name: UnsafePointer<CChar>,
    in folder: OpenFolder,
    replaces: Bool
) throws(SystemError) {
    if replaces {
        guard renameat(folder.descriptor, temporary, folder.descriptor, name) == 0 else { throw .last }
        return
    }
    // A link is never made over anything, unlike a rename.
    if linkat(folder.descriptor, temporary, folder.descriptor, name, 0) == 0 {
        unlinkat(folder.descriptor, temporary, 0)
        return
    }
    // Some file systems have no links.
    guard errno == EPERM || errno == EOPNOTSUPP || errno == ENOSYS else { throw .last }
    guard faccessat(folder.descriptor, name, F_OK, AT_SYMLINK_NOFOLLOW) != 0 else { throw SystemError(EEXIST) }
    guard renameat(folder.descriptor, temporary, folder.descriptor, name) == 0 else { throw .last }
}
