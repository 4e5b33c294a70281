package import FoundationEssentials
package import SatchelCore

/// What a running watch tells whoever watches it.
package enum WatchProgress: Sendable {
    /// All watches are in place and everything was brought in step once; no report when it is paused.
    case ready(watches: Int, limit: Int?, SyncReport?)
    case sync(SyncEvent)
    /// One batch is done.
    case settled(SyncReport)
    /// Something a person should know; the watch goes on.
    case notice(String)
    /// The account does not take files, for a cause that may pass.
    case outage(AccountOutage)
    /// It takes them again, after so many seconds.
    case recovered(after: Double)
    /// From now on changes are only gathered; told at the start too.
    case paused(since: Date)
    case resumed
    /// A scheduled clean-up.
    case cleaned(CleanupReport)
}

/// Why files wait for an account, and which.
package struct AccountOutage: Hashable, Sendable {
    /// The first of them; nil when it was a delete.
    package var path: WorkspacePath?
    package var files: Int
    /// The stable word.
    package var code: String
    package var message: String
    /// Seconds until the next try.
    package var retriesIn: Double
}
