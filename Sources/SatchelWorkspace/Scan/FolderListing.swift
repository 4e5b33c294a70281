internal import CSys
import Glibc
import SatchelCore

/// Names as a folder holds them, end to end, each with a NUL behind it for the next system call.
struct FolderListing {
    struct Item {
        var nameStart: Int
        var nameCount: Int
        /// Nil where the file system does not say.
        var kind: FileStatus.Kind?
    }

    var names = ContiguousArray<UInt8>()
    var items = ContiguousArray<Item>()

    mutating func append(_ name: some Sequence<UInt8>, kind: FileStatus.Kind?) {
        let start = names.count
        names.append(contentsOf: name)
        items.append(Item(nameStart: start, nameCount: names.count - start, kind: kind))
        names.append(0)
    }

    /// All entries of an open folder but `.` and `..`, in the folder's own order.
    ///
    /// `buffer` is only lent, so that one serves a whole walk.
    init(of folder: OpenFolder, buffer: UnsafeMutableRawBufferPointer) throws(SystemError) {
        while true {
            let count = csys_getdents64(folder.descriptor, buffer.baseAddress, UInt32(buffer.count))
            if count == 0 { return }
            if count < 0 {
                if errno == EINTR { continue }
                // The folder was deleted after it was opened: it is empty.
                if errno == ENOENT { return }
                throw .last
            }
            var offset = 0
            while offset < count {
                // struct linux_dirent64: u64 inode, s64 offset, u16 length, u8 type, then the name.
                let length = Int(buffer.loadUnaligned(fromByteOffset: offset + 16, as: UInt16.self))
                let type = buffer[offset + 18]
                let start = offset + 19
                var end = start
                while buffer[end] != 0 { end += 1 }
                let name = UnsafeRawBufferPointer(rebasing: buffer[start..<end])
                if !(name[0] == 0x2e && (name.count == 1 || (name.count == 2 && name[1] == 0x2e))) {
                    append(name, kind: Self.kind(type))
                }
                offset += length
            }
        }
    }

    /// Only these names, whether they exist or not.
    init(of names: [ArraySlice<UInt8>]) {
        for name in names { append(name, kind: nil) }
    }

    func contains(_ name: StaticString) -> Bool {
        items.contains { item in
            item.nameCount == name.utf8CodeUnitCount
                && names.withUnsafeBytes { all in
                    all.baseAddress.map { memcmp($0 + item.nameStart, name.utf8Start, item.nameCount) == 0 } ?? false
                }
        }
    }

    /// DT_REG, DT_DIR, DT_LNK; DT_UNKNOWN is 0.
    private static func kind(_ type: UInt8) -> FileStatus.Kind? {
        switch type {
        case 0: nil
        case 4: .folder
        case 8: .file
        case 10: .symlink
        default: .special
        }
    }
}
