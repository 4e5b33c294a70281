internal import SatchelCore

/// A source of bytes each read of which is a sign of life.
struct WatchedSource: UploadSource {
    let source: any UploadSource
    let life: LifeSigns

    func open() throws(SourceError) -> any UploadReader { WatchedReader(try source.open(), life: life) }

    private final class WatchedReader: UploadReader {
        private let reader: any UploadReader
        private let life: LifeSigns

        init(_ reader: any UploadReader, life: LifeSigns) {
            self.reader = reader
            self.life = life
        }

        var size: Int64 { reader.size }

        func read(into buffer: UnsafeMutableRawBufferPointer) throws(SourceError) -> Int {
            life.note()
            return try reader.read(into: buffer)
        }

        func rewind() throws(SourceError) { try reader.rewind() }

        func isUnchanged() -> Bool { reader.isUnchanged() }
    }
}
