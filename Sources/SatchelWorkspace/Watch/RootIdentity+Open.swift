internal import CSys
import Glibc
package import SatchelCore

extension RootIdentity {
    /// The identity of what `path` leads to now; an errno when it leads nowhere.
    static func of(_ path: String) -> Result<RootIdentity, Errno> {
        var status = stat()
        guard stat(path, &status) == 0 else { return .failure(Errno(code: errno)) }
        return .success(RootIdentity(status))
    }

    /// Whether `path` leads to that folder now.
    package func isAt(_ path: String) -> Bool {
        if case .success(self) = Self.of(path) { true } else { false }
    }

    /// Opens the folder that `path` leads to, with its identity; the caller closes it.
    static func open(_ path: String) throws(Errno) -> (folder: Int32, identity: RootIdentity) {
        let folder = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw Errno(code: errno) }
        var status = stat()
        guard fstat(folder, &status) == 0 else {
            let code = errno
            close(folder)
            throw Errno(code: code)
        }
        return (folder, RootIdentity(status))
    }

    private init(_ status: stat) {
        // As statx(2) has it, which is how scans name a device: major and minor number apart.
        let device = UInt64(status.st_dev)
        let major = (device >> 8) & 0xfff | (device >> 32) & ~0xfff
        let minor = device & 0xff | (device >> 12) & 0xffff_ff00
        self.init(device: major << 32 | minor, inode: UInt64(status.st_ino))
    }
}
