internal import CSys
import Glibc

/// Reads the names in folders through one buffer, straight from the kernel: names are bytes and most types come along.
///
/// Confined to one thread.
final class FolderEntries {
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 32 << 10, alignment: 8)

    deinit { buffer.deallocate() }

    /// The names in the open folder that are folders or, where the file system does not say, may be.
    func subfolders(of folder: Int32) -> [[UInt8]] {
        names(in: folder) { $0 == UInt8(DT_DIR) || $0 == UInt8(DT_UNKNOWN) }
    }

    /// The names in the open folder whose type, as `d_type` has it, is wanted; without `.` and `..`.
    func names(in folder: Int32, where isWanted: (UInt8) -> Bool) -> [[UInt8]] {
        // linux_dirent64: inode 8, offset 8, record length 2, type 1, name.
        let lengthOffset = 16
        let typeOffset = 18
        let nameOffset = 19
        var names: [[UInt8]] = []
        while true {
            let count = csys_getdents64(folder, buffer.baseAddress, UInt32(buffer.count))
            guard count > 0 else { return names }
            var start = 0
            while start < count {
                let length = Int(buffer.loadUnaligned(fromByteOffset: start + lengthOffset, as: UInt16.self))
                if isWanted(buffer[start + typeOffset]) {
                    let name = buffer[(start + nameOffset)..<(start + length)].prefix { $0 != 0 }
                    let isDot = name.elementsEqual(".".utf8) || name.elementsEqual("..".utf8)
                    if !isDot { names.append(Array(name)) }
                }
                start += length
            }
        }
    }
}
