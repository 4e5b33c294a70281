import Glibc
import SatchelCore

/// What a system call answered: `errno` and nothing else; who calls knows the path.
struct SystemError: Error, Hashable, Sendable {
    let code: Int32

    init(_ code: Int32) { self.code = code }

    /// The calling thread's `errno`, to be asked right after the call that failed.
    static var last: SystemError { SystemError(errno) }

    /// Nothing is there under that name, or no longer what it was a moment ago.
    var meansGone: Bool { code == ENOENT || code == ENOTDIR || code == ELOOP }

    /// This process, or the system, has no descriptor left.
    var meansTooManyFiles: Bool { code == EMFILE || code == ENFILE }

    /// Room, descriptors or memory have run out, which others may give back.
    var meansShortage: Bool { meansTooManyFiles || code == ENOSPC || code == EDQUOT || code == ENOMEM }

    /// The trouble a path is in: kind and sentence part.
    var trouble: SourceError {
        switch code {
        case EACCES, EPERM: SourceError(.unreadable, "cannot be read: \(self)")
        case ENOENT, ENOTDIR, ELOOP: SourceError(.vanished, "cannot be read: \(self)")
        default: SourceError(.failed, "cannot be read: \(self)")
        }
    }
}

extension SystemError: CustomStringConvertible {
    /// The system's words, beginning in lower case: `permission denied`.
    var description: String {
        let words = String(cString: strerror(code))
        return words.prefix(1).lowercased() + words.dropFirst()
    }
}
