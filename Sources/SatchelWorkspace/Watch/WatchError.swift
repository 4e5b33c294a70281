import SatchelCore

/// Why a folder cannot be watched, or not in full; the description says what to do about it.
package enum WatchError: Error, Hashable, Sendable {
    /// The root cannot be opened as a folder; the code is errno.
    case rootUnavailable(String, code: Int32)
    /// EMFILE or ENFILE where a new inotify instance was asked for.
    case instanceLimit(limit: Int?)
    /// ENOSPC: some folders have no watch, so changes in them go unnoticed.
    case watchLimit(watches: Int, limit: Int?)
    /// The system did not let a folder be looked into; its escaped path, and the system's words.
    case folder(String, String)
    /// The root, or a folder below it, lies on a file system that does not report what other machines do to it.
    case remoteFileSystem(String)
    /// libinotifytools keeps its state in globals: a second watcher would take the first one's events.
    case libraryInUse
    /// libinotifytools calls select(2), which cannot take descriptors from 1024 up.
    case descriptorTooHigh(Int32)
    /// This build leaves libinotifytools out.
    case libraryMissing
    /// The cookie of a barrier could not be made (with errno), or its event did not come (without).
    case cookieLost(code: Int32?)
    /// The watcher has ended.
    case stopped
    /// A call that should not fail did; the code is errno.
    case system(call: String, code: Int32)
}

extension WatchError {
    /// Whether what is missing may be given back by others.
    package var isShortage: Bool {
        switch self {
        case .instanceLimit: true
        case .rootUnavailable(_, let code), .system(_, let code): SystemError(code).meansShortage
        default: false
        }
    }
}

extension WatchError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .rootUnavailable(let root, let code):
            "cannot watch \(escaped(root.utf8)): \(words(for: code)); check the path and its permissions"
        case .instanceLimit(let limit):
            "cannot watch: all\(limit.map { " \($0)" } ?? "") inotify instances of this user, or all file descriptors, "
                + "are taken; stop other watchers, or raise the limit with "
                + "'sysctl \(inotifySetting("max_user_instances"))=\(max(512, (limit ?? 0) * 2))'"
        case .watchLimit(let watches, let limit):
            "cannot watch all folders: \(watches) are watched and the limit of"
                + "\(limit.map { " \($0)" } ?? "") inotify watches per user is reached; raise it with "
                + "'sysctl \(inotifySetting("max_user_watches"))=\(max(524_288, (limit ?? 0) * 2))', or ignore more folders"
        case .folder(let path, let words):
            "cannot watch \(path): \(words); it is looked at from time to time"
        case .remoteFileSystem(let kind):
            "cannot see every change: the folder, or one in it, is on \(kind), which does not report what other machines "
                + "change; it is looked at from time to time"
        case .libraryInUse:
            "cannot watch a second folder: libinotifytools serves one watcher per process; use raw inotify for the other"
        case .descriptorTooHigh(let descriptor):
            "cannot watch: libinotifytools was given file descriptor \(descriptor) and takes none above 1023; "
                + "start watching before opening many files, or use raw inotify"
        case .libraryMissing:
            "cannot watch through libinotifytools: this build leaves it out; use raw inotify"
        case .cookieLost(let code?):
            "cannot wait for the watcher: no file can be made in .satchel/cookies: \(words(for: code)); "
                + "check the permissions of .satchel"
        case .cookieLost(nil):
            "cannot wait for the watcher: the event of a file in .satchel/cookies did not arrive in time; "
                + "scan the whole folder instead"
        case .stopped:
            "cannot wait for the watcher: it has stopped; scan the whole folder instead"
        case .system(let call, let code):
            "cannot watch: \(call): \(words(for: code)); scan from time to time instead"
        }
    }
}
