internal import Glibc

/// How much of the system's inotify limits the user's own processes take, as far as `/proc` shows it.
struct InotifyUse: Hashable, Sendable {
    /// One for each watch that runs, of whatever program.
    var instances = 0
    /// One for each folder or file that is watched.
    var watches = 0

    /// Looks at every process of the same user; others than one's own are not shown to everybody.
    static func now() -> InotifyUse {
        var use = InotifyUse()
        for process in names(in: "/proc") where process.allSatisfy(\.isNumber) {
            var status = stat()
            guard stat("/proc/\(process)", &status) == 0, status.st_uid == geteuid() else { continue }
            for descriptor in names(in: "/proc/\(process)/fd") where isInotify("/proc/\(process)/fd/\(descriptor)") {
                use.instances += 1
                use.watches += watches(in: "/proc/\(process)/fdinfo/\(descriptor)")
            }
        }
        return use
    }

    private static func isInotify(_ path: String) -> Bool {
        var target = [UInt8](repeating: 0, count: 64)
        let count = target.withUnsafeMutableBytes { bytes in
            guard let start = bytes.baseAddress?.assumingMemoryBound(to: CChar.self) else { return 0 }
            return readlink(path, start, bytes.count)
        }
        return count > 0 && String(decoding: target.prefix(count), as: UTF8.self) == "anon_inode:inotify"
    }

    /// One line `inotify wd:…` for each.
    private static func watches(in path: String) -> Int {
        guard let file = fopen(path, "re") else { return 0 }
        defer { fclose(file) }
        var count = 0
        var line = [CChar](repeating: 0, count: 512)
        while fgets(&line, Int32(line.count), file) != nil {
            if strncmp(line, "inotify ", 8) == 0 { count += 1 }
        }
        return count
    }

    private static func names(in folder: String) -> [String] {
        guard let stream = opendir(folder) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names
    }
}
