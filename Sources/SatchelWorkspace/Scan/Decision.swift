package import SatchelCore

/// What a scan would do with one path, and because of what.
package enum Decision: Hashable, Sendable {
    /// It is kept in step; for a folder, what is in it is looked at.
    case selected(isFolder: Bool)
    /// It is left out; `at` is the path that the reason speaks of: itself, or a folder that it lies in.
    case skipped(SkipReason, at: WorkspacePath)
    case trouble(Trouble)
    case missing
}
