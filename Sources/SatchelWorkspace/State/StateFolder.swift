internal import CSys
import Glibc
import SatchelCore

/// The folder `.satchel` of a workspace: its owner's alone, and ignored by git and by everything that reads gitignore.
package struct StateFolder: Hashable, Sendable {
    /// Absolute.
    package let path: String

    package static let name = ".satchel"

    /// The state folder of the workspace at `root`; nil while there is none, or what is there is no folder.
    package static func find(in root: String) -> StateFolder? {
        var status = stat()
        let path = joined(root, name)
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return nil }
        return StateFolder(path: path)
    }

    /// Makes the folder where it is missing, and puts right who may enter it and that it ignores itself.
    ///
    /// A symbolic link is refused: state and uploaded bytes would end up where nobody looks for them.
    package static func create(in root: String) throws(StateError) -> StateFolder {
        let path = joined(root, name)
        let isNew = mkdir(path, 0o700) == 0
        guard isNew || errno == EEXIST else { throw failure("create the state folder", path) }
        let folder: OpenFolder
        do {
            folder = OpenFolder(
                adopting: try openEntry(path, in: AT_FDCWD, flags: O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
            )
        } catch  where error.meansGone {
            var status = stat()
            let isLink = lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
            throw .notFolder(path: path, isLink: isLink)
        } catch {
            throw failure("open the state folder", path, error)
        }
        var status = stat()
        guard fstat(folder.descriptor, &status) == 0 else { throw failure("look at the state folder", path) }
        // The umask of whoever made it may have taken too little, or all.
        if status.st_mode & 0o777 != 0o700, fchmod(folder.descriptor, 0o700) != 0 {
            throw failure("make the state folder private", path)
        }
        try ignoreItself(folder, path)
        try refuseStrangers(folder, path)
        return StateFolder(path: path)
    }

    /// Writes `.gitignore`, unless there is one with something in it: an empty one is what a crash leaves.
    private static func ignoreItself(_ folder: OpenFolder, _ path: String) throws(StateError) {
        let flags = O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC
        let descriptor = csys_openat_mode(folder.descriptor, ".gitignore", flags, 0o600)
        guard descriptor >= 0 else { throw failure("write .gitignore", path) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure("write .gitignore", path) }
        guard status.st_size == 0 else { return }
        guard fchmod(descriptor, 0o600) == 0, write(descriptor, "*\n", 2) == 2 else {
            throw failure("write .gitignore", path)
        }
    }

    /// Refuses a manifest that is a link or no file: an archive that was unpacked here may have brought it, and what a link
    /// leads to would be written.
    private static func refuseStrangers(_ folder: OpenFolder, _ path: String) throws(StateError) {
        for name in ["manifest.db", "manifest.db-wal", "manifest.db-shm"] {
            var status = stat()
            guard fstatat(folder.descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0,
                status.st_mode & S_IFMT != S_IFREG
            else { continue }
            let cause = status.st_mode & S_IFMT == S_IFLNK ? "it is a symbolic link" : "it is not a regular file"
            throw .failed(doing: "keep state there", path: joined(path, name), cause: cause, remedy: "move it away")
        }
    }

    private static func failure(_ doing: String, _ path: String, _ error: SystemError = .last) -> StateError {
        .failed(
            doing: doing,
            path: path,
            cause: error.description,
            remedy: writeRemedy(error.code),
            isShortage: error.meansShortage
        )
    }
}
