internal import CSys
import Glibc

/// The lower one of a number under `/proc/sys/fs/inotify` and that of the user namespace, or nil.
///
/// libinotifytools 3.22 reads a file that does not exist for the length of the queue, so all are read here.
func inotifyLimit(_ name: String) -> Int? {
    [systemNumber("fs/inotify/\(name)"), systemNumber("user/\(nameInNamespace(name))")].compactMap(\.self).min()
}

/// Which setting of sysctl(8) is to be raised: in a container of its own users, the system's may not be what counts.
func inotifySetting(_ name: String) -> String {
    let inNamespace = "user/\(nameInNamespace(name))"
    guard let own = systemNumber(inNamespace), let system = systemNumber("fs/inotify/\(name)"), own < system else {
        return "fs.inotify.\(name)"
    }
    return "user.\(nameInNamespace(name))"
}

/// `max_user_watches` is `max_inotify_watches` there.
private func nameInNamespace(_ name: String) -> String {
    name.hasPrefix("max_user_") ? "max_inotify_" + name.dropFirst("max_user_".count) : name
}

private func systemNumber(_ name: String) -> Int? {
    let descriptor = open("/proc/sys/\(name)", O_RDONLY | O_CLOEXEC)
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

/// The `f_type` of the file system that an open folder is on, as statfs(2) has it; 0 when it cannot be told.
func fileSystemType(of folder: Int32) -> UInt32 {
    var status = statfs()
    return fstatfs(folder, &status) == 0 ? UInt32(truncatingIfNeeded: status.f_type) : 0
}

/// The name of a file system that does not report what other machines or its own server change; else nil.
func remoteFileSystem(_ type: UInt32) -> String? {
    switch type {
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
