internal import CSys
import Glibc

/// One of the numbers under `/proc/sys/fs/inotify`, or nil.
///
/// libinotifytools 3.22 reads a file that does not exist for the length of the queue, so all are read here.
func inotifyLimit(_ name: String) -> Int? {
    let descriptor = open("/proc/sys/fs/inotify/\(name)", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var buffer = [UInt8](repeating: 0, count: 32)
    let count = read(descriptor, &buffer, buffer.count)
    guard count > 0 else { return nil }
    return Int(String(decoding: buffer[..<count].prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
}

/// What the system calls an error number, in lower case.
func words(for code: Int32) -> String {
    guard let text = strerror(code) else { return "error \(code)" }
    let words = String(cString: text)
    return words.prefix(1).lowercased() + words.dropFirst()
}

/// The kind of file system `descriptor` is on if changes by other machines are not reported on it; else nil.
func remoteFileSystem(_ descriptor: Int32) -> String? {
    var status = statfs()
    guard fstatfs(descriptor, &status) == 0 else { return nil }
    // Magic numbers of statfs(2).
    switch UInt32(truncatingIfNeeded: status.f_type) {
    case 0x6969: return "NFS"
    case 0xff53_4d42, 0xfe53_4d42, 0x517b: return "SMB"
    case 0x0102_1997: return "9P"
    case 0x00c3_6400: return "Ceph"
    case 0x5346_414f, 0x6b41_4653: return "AFS"
    case 0x7375_7245: return "Coda"
    case 0x6573_5546: return "FUSE"
    default: return nil
    }
}
