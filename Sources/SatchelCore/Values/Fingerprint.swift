/// What `stat` says of a regular file; while all of it is unchanged, the file is not read again.
///
/// The change time is included because an edit of equal length whose modification time was put back changes nothing
/// else. Regular files only: every other type is skipped before it gets this far.
package struct Fingerprint: Hashable, Sendable {
    /// Bytes.
    package var size: Int64
    /// Nanoseconds since 1970.
    package var modified: Int64
    /// Nanoseconds since 1970.
    package var changed: Int64
    package var inode: UInt64

    package init(size: Int64, modified: Int64, changed: Int64, inode: UInt64) {
        self.size = size
        self.modified = modified
        self.changed = changed
        self.inode = inode
    }

    /// Whether an edit right after hashing could have left this same fingerprint behind.
    ///
    /// File systems stamp with a granularity (4 ms on common kernels, 2 s on FAT); a file that was touched within
    /// `granularity` of the moment its hashing began is not to be trusted next time. Times in the future always are racy.
    package func isRacy(hashedAt: Int64, granularity: Int64 = 2_000_000_000) -> Bool {
        max(modified, changed) >= hashedAt - granularity
    }
}
