package import SatchelCore

/// How a watch that ended by itself left the account.
package struct WatchEnd: Sendable {
    /// Files that were kept back because they hold what looks like secrets.
    package var blocked: [WorkspacePath] = []
    /// What is not tried again before it changes.
    package var failures: [SyncReport.Failure] = []
    /// True: it ended because the configuration is another one now, and is to begin anew with that.
    package var isReconfigured = false
}
