/// What a watcher noticed: a hint that something may differ, never a statement of what is on the disk.
package enum WatchEvent: Hashable, Sendable {
    /// A name that was not there before.
    case created(WorkspacePath)
    /// Written to, given other attributes, or replaced by a rename.
    case changed(WorkspacePath)
    /// No longer under its name, as far as this event knows; it may be back by now.
    case removed(WorkspacePath)
    /// A folder with all that is below it.
    case subtree(WorkspacePath)
    case everything
}
