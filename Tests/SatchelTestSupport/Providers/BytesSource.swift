package import SatchelCore

/// An upload from memory, for providers that are tried without files.
package final class BytesSource: UploadSource {
    private let bytes: [UInt8]
    /// What is read instead from the second time on, as when the file changes between two reads.
    private let later: [UInt8]?
    private let opened = Watched(0)

    package init(_ bytes: RawBytes, later: RawBytes? = nil) {
        self.bytes = bytes.bytes
        self.later = later?.bytes
    }

    package func open() throws(SourceError) -> any UploadReader {
        let count = opened.update { count in
            count += 1
            return count
        }
        return Reader(count > 1 ? later ?? bytes : bytes)
    }

    private final class Reader: UploadReader {
        private let bytes: [UInt8]
        private var offset = 0

        init(_ bytes: [UInt8]) { self.bytes = bytes }

        var size: Int64 { Int64(bytes.count) }

        func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
            let count = min(buffer.count, bytes.count - offset)
            bytes.withUnsafeBytes { all in
                UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: all[offset..<(offset + count)]))
            }
            offset += count
            return count
        }

        func rewind() { offset = 0 }

        func isUnchanged() -> Bool { true }
    }
}

extension Upload {
    /// An upload of these bytes with their right digest.
    package static func of(
        _ bytes: RawBytes,
        named name: String = "notes.txt",
        media: MediaType = .text,
        expiresAfter: Int64? = nil
    ) -> Upload {
        Upload(
            digest: independentDigest(of: bytes.bytes),
            size: Int64(bytes.bytes.count),
            media: media,
            name: name,
            mime: mimeType(of: media),
            expiresAfter: expiresAfter,
            source: BytesSource(bytes)
        )
    }
}
