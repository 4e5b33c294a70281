package import SatchelCore

/// What a ``Watcher`` tells its consumer.
package enum WatchBatch: Hashable, Sendable {
    /// These paths came to rest; look at the disk.
    case dirty(Scope)
    /// Some changes will go unnoticed from now on, so scan from time to time. Said once for each reason.
    case degraded(WatchError)
    /// The folder was deleted, moved, unmounted or replaced: nothing below the old name may be concluded. Always last.
    case rootGone(RootLoss)
}

/// How a workspace's root got lost.
package enum RootLoss: String, Hashable, Sendable {
    case deleted
    case moved
    case unmounted
    /// Deleted, or moved together with a folder above it.
    case missing
    /// Another folder has its name.
    case replaced
}

extension RootLoss: CustomStringConvertible {
    package var description: String {
        switch self {
        case .deleted: "the folder was deleted"
        case .moved: "the folder was moved"
        case .unmounted: "the folder's file system was unmounted"
        case .missing: "the folder is no longer there"
        case .replaced: "another folder has taken its name"
        }
    }
}

/// How a ``Watcher`` is doing.
package struct WatchCounts: Hashable, Sendable {
    /// Folders watched now.
    package var watches = 0
    /// `fs.inotify.max_user_watches`, shared by all programs of the user; nil when it cannot be read.
    package var limit: Int?
    package var events = 0
    /// How often the kernel had to drop events, each followed by ``Scope/everything``.
    package var overflows = 0
    /// How often the thread woke; stands still while nothing happens.
    package var wakeups = 0
    /// Whether folders are left without a watch because the limit was reached.
    package var isPartial = false
    /// Whether changes have not come to rest yet.
    package var holdsChanges = false
}
