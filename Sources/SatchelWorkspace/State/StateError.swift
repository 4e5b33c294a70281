import Glibc
package import SatchelCore

/// Why a workspace's state folder cannot be used.
package enum StateError: Error, Hashable, Sendable {
    /// `.satchel` is a symbolic link, or something else than a folder.
    case notFolder(path: String, isLink: Bool)
    /// A system call failed; `doing` completes "cannot …", `remedy` says what to do, and a shortage may be over later.
    case failed(doing: String, path: String, cause: String, remedy: String, isShortage: Bool = false)
    /// Another process holds the lock, and still did after the time that was to be waited.
    case locked(path: String, holder: LockHolder?)
}

extension StateError {
    /// Whether it may be over without anybody changing anything here.
    package var mayPass: Bool {
        switch self {
        case .locked: true
        case .failed(_, _, _, _, let isShortage): isShortage
        case .notFolder: false
        }
    }
}

extension StateError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .notFolder(let path, let isLink):
            "\(printable(path)): is \(isLink ? "a symbolic link" : "not a folder"); "
                + "move it away, so that the state can be kept there"
        case .failed(let doing, let path, let cause, let remedy, _):
            "\(printable(path)): cannot \(doing): \(cause); \(remedy)"
        case .locked(let path, let holder):
            if let holder {
                "\(printable(path)): the workspace is in use by \(holder); wait for it, or stop it"
            } else {
                "\(printable(path)): the workspace is in use by another process; wait for it, or stop it"
            }
        }
    }
}
