import Glibc
import SatchelTestSupport

/// A pseudo-terminal: what a test types, a program reads from ``path``.
final class Terminal: Sendable {
    private let master: Int32
    /// `TIOCSPTLCK` and `TIOCGPTN`, which Swift's Glibc leaves out: `unlockpt` and `ptsname` in one step each.
    private static let setLock: UInt = 0x4004_5431
    private static let getNumber: UInt = 0x8004_5430

    /// Of the side that the program opens.
    let path: String

    init() throws {
        let descriptor = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemFailure("open /dev/ptmx", errno) }
        var locked: Int32 = 0
        var number: UInt32 = 0
        guard ioctl(descriptor, Self.setLock, &locked) == 0, ioctl(descriptor, Self.getNumber, &number) == 0 else {
            let code = errno
            close(descriptor)
            throw SystemFailure("ioctl", code)
        }
        master = descriptor
        path = "/dev/pts/\(number)"
    }

    deinit { close(master) }

    func type(_ text: String) {
        let bytes = Array(text.utf8)
        _ = write(master, bytes, bytes.count)
    }
}
