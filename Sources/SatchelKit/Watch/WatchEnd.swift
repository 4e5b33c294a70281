package import SatchelCore

/// How a watch that ended by itself left the account.
package struct WatchEnd: Sendable {
    /// Files that were kept back because they hold what looks like secrets.
    package var blocked: [WorkspacePath] = []
    /// What is not tried again before it changes.
    package var failures: [SyncReport.Failure] = []
    /// Set when it ended because the configuration is another one now: what to begin anew with.
    package var successor: WatchSuccessor?
}

/// A workspace with a new configuration that has been proven: it could be read, and its account has a key.
package struct WatchSuccessor: Sendable {
    package var workspace: Workspace
    package var connection: Connection

    package init(workspace: Workspace, connection: Connection) {
        self.workspace = workspace
        self.connection = connection
    }
}
