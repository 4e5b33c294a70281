package import FoundationEssentials

/// Who holds a workspace's lock, as they wrote it down for people; only the kernel knows for certain.
package struct LockHolder: Hashable, Sendable {
    package var pid: Int32
    /// When the lock was taken.
    package var since: Date
    /// Such as `satchel watch`.
    package var command: String

    package init(pid: Int32, since: Date, command: String) {
        self.pid = pid
        self.since = since
        self.command = command
    }
}

extension LockHolder: CustomStringConvertible {
    package var description: String {
        "\(printable(command)) (process \(pid), since \(since.formatted(.iso8601)))"
    }
}
