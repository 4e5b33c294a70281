package import SatchelCore

/// Which folders a watcher leaves out, besides `.git` and `.satchel`.
package enum FolderPruning: Sendable {
    /// Those that a scan would not enter, by the rules as they are whenever everything is walked.
    case selection(WorkspaceScanner)
    /// Those for which it is true; asked on the watcher's thread for each folder found, so it must be quick.
    case those(@Sendable (WorkspacePath) -> Bool)
}
