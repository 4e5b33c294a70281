internal import CSys
import Glibc
import SatchelCore

/// What `statx` says of one entry, links not followed.
struct FileStatus {
    enum Kind: UInt8 {
        case file
        case folder
        case symlink
        /// A FIFO, socket or device.
        case special
    }

    var kind: Kind
    var fingerprint: Fingerprint
    var device: UInt64
    /// More than one name leads to it.
    var hasLinks: Bool

    /// Of the entry `name` of an open folder.
    init(of name: UnsafePointer<CChar>, in folder: Int32) throws(SystemError) {
        // AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT
        try self.init(folder, name, flags: 0x100 | 0x800)
    }

    /// Of an open descriptor.
    init(of descriptor: Int32) throws(SystemError) {
        // AT_EMPTY_PATH
        try self.init(descriptor, "", flags: 0x1000)
    }

    private init(_ descriptor: Int32, _ name: UnsafePointer<CChar>, flags: Int32) throws(SystemError) {
        var raw = statx()
        let wanted: UInt32 =
            UInt32(STATX_TYPE) | UInt32(STATX_NLINK) | UInt32(STATX_SIZE) | UInt32(STATX_INO)
            | UInt32(STATX_MTIME) | UInt32(STATX_CTIME)
        guard csys_statx(descriptor, name, flags, wanted, &raw) == 0 else { throw .last }
        switch raw.stx_mode & 0o170000 {
        case 0o100000: kind = .file
        case 0o040000: kind = .folder
        case 0o120000: kind = .symlink
        default: kind = .special
        }
        fingerprint = Fingerprint(
            size: Int64(clamping: raw.stx_size),
            modified: nanoseconds(raw.stx_mtime),
            changed: nanoseconds(raw.stx_ctime),
            inode: raw.stx_ino
        )
        device = UInt64(raw.stx_dev_major) << 32 | UInt64(raw.stx_dev_minor)
        hasLinks = raw.stx_nlink > 1
    }
}

/// Nanoseconds since 1970; years beyond what they can count become the last that they can.
private func nanoseconds(_ time: statx_timestamp) -> Int64 {
    min(max(time.tv_sec, -9_223_372_036), 9_223_372_035) * 1_000_000_000 + Int64(time.tv_nsec)
}
