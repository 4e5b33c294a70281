import FoundationEssentials
import Glibc
import SatchelCore
import SatchelTestSupport

/// An open file that says which one it is, so that its blocks can be shared.
final class OpenedFile: UploadReader {
    private let number: Int32
    let size: Int64

    init(_ bytes: [UInt8], at path: String) throws {
        try Data(bytes).write(to: URL(filePath: path))
        number = open(path, O_RDONLY | O_CLOEXEC)
        guard number >= 0 else { throw SystemFailure("open \(path)", errno) }
        size = Int64(bytes.count)
    }

    deinit { close(number) }

    var descriptor: Int32? { number }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        max(0, Glibc.read(number, buffer.baseAddress, buffer.count))
    }

    func rewind() { lseek(number, 0, SEEK_SET) }

    func isUnchanged() -> Bool { true }
}

/// What a file system that can share blocks does, as far as anybody can see: `file` then has the bytes of `source`.
func sameBytes(_ file: Int32, as source: Int32) -> Int32 {
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    let count = pread(source, &bytes, bytes.count, 0)
    return count >= 0 && pwrite(file, bytes, count, 0) == count ? 0 : -1
}
