internal import SatchelCore

/// Bytes that are in memory, to be read like a file's.
struct MemorySource: UploadSource {
    let bytes: [UInt8]

    func open() throws(SourceError) -> any UploadReader { Reader(bytes) }

    private final class Reader: UploadReader {
        private let bytes: [UInt8]
        private var position = 0

        init(_ bytes: [UInt8]) { self.bytes = bytes }

        var size: Int64 { Int64(bytes.count) }

        func read(into buffer: UnsafeMutableRawBufferPointer) throws(SourceError) -> Int {
            let count = min(buffer.count, bytes.count - position)
            buffer.copyBytes(from: bytes[position..<(position + count)])
            position += count
            return count
        }

        func rewind() throws(SourceError) { position = 0 }

        func isUnchanged() -> Bool { true }
    }
}
