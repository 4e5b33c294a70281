internal import Glibc
internal import SatchelCore

/// What a pipe or file on standard input gives; read once.
final class StandardInput: UploadReader {
    /// Not known before its end.
    var size: Int64 { 0 }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(SourceError) -> Int {
        while true {
            let count = Glibc.read(STDIN_FILENO, buffer.baseAddress, buffer.count)
            if count >= 0 { return count }
            guard errno == EINTR else {
                throw SourceError(.unreadable, "cannot be read: \(String(cString: strerror(errno)).lowercased())")
            }
        }
    }

    func rewind() throws(SourceError) { throw SourceError(.failed, "can be read only once") }

    func isUnchanged() -> Bool { true }
}
