import Glibc

/// Removes a file or a folder with all that is in it, whatever the modes inside; what cannot be removed stays.
func removeTree(_ path: [UInt8]) {
    let cPath = path.map { CChar(bitPattern: $0) } + [0]
    var status = stat()
    guard lstat(cPath, &status) == 0 else { return }
    guard status.st_mode & S_IFMT == S_IFDIR else {
        unlink(cPath)
        return
    }
    // Tests take permissions away; the owner may give them back.
    chmod(cPath, 0o700)
    for name in names(in: cPath) { removeTree(path + [UInt8(ascii: "/")] + name) }
    rmdir(cPath)
}

/// The names in a folder but `.` and `..`, unsorted; empty when it cannot be read.
func names(in folder: [CChar]) -> [[UInt8]] {
    guard let stream = opendir(folder) else { return [] }
    defer { closedir(stream) }
    var result: [[UInt8]] = []
    while let entry = readdir(stream) {
        // The name may be longer than the array that dirent declares, so it is read through its address.
        let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
            pointer.withMemoryRebound(to: UInt8.self, capacity: 256) { start in
                Array(
                    UnsafeBufferPointer(
                        start: start,
                        count: strnlen(UnsafeRawPointer(start).assumingMemoryBound(to: CChar.self), 256)
                    )
                )
            }
        }
        if name != Array(".".utf8), name != Array("..".utf8) { result.append(name) }
    }
    return result
}
