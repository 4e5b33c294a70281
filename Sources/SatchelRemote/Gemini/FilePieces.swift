import SatchelCore
import Synchronization

/// A file read in pieces that stay in memory until they are accepted, and hashed as it is read.
///
/// The last piece is handed out only when everything together is the content that was to be sent: what never gets its
/// last piece never becomes a file at the provider.
final class FilePieces: Sendable {
    struct Piece: Sendable {
        var bytes: [UInt8]
        /// Of its first byte in the file.
        var offset: Int64
        var isLast: Bool
    }

    private final class Reading {
        let reader: any UploadReader
        let hasher: any ContentHasher
        var position: Int64 = 0

        init(_ reader: any UploadReader, _ hasher: any ContentHasher) {
            self.reader = reader
            self.hasher = hasher
        }
    }

    private let upload: Upload
    private let pieceSize: Int
    private let reading: Mutex<Reading>

    /// Opens the file; blocks.
    ///
    /// - Parameters:
    ///   - upload: what is to be sent.
    ///   - pieceSize: bytes of every piece but the last.
    ///   - hashing: for the digest of what goes out.
    /// - Throws: `.source` when it cannot be read, `.changed` when it is not what was to be sent.
    init(_ upload: Upload, pieceSize: Int, hashing: any Hashing) throws(ProviderError) {
        self.upload = upload
        self.pieceSize = pieceSize
        do throws(SourceError) {
            let reader = try upload.source.open()
            guard reader.size == upload.size else { throw SourceError(.changing, "changed since it was looked at") }
            reading = Mutex(Reading(reader, hashing.makeHasher()))
        } catch {
            throw Self.error(error)
        }
    }

    /// Reads the next piece; blocks.
    ///
    /// Not to be called after the last one.
    func next() throws(ProviderError) -> Piece {
        do throws(SourceError) {
            return try reading.withLock { reading throws(SourceError) in try read(reading) }
        } catch {
            throw Self.error(error)
        }
    }

    private func read(_ reading: Reading) throws(SourceError) -> Piece {
        let count = Int(min(Int64(pieceSize), upload.size - reading.position))
        var failure: SourceError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            let all = UnsafeMutableRawBufferPointer(buffer)
            while filled < count, failure == nil {
                do throws(SourceError) {
                    let got = try reading.reader.read(
                        into: UnsafeMutableRawBufferPointer(rebasing: all[filled..<count])
                    )
                    filled += got
                    if got == 0 { failure = SourceError(.changing, "became shorter while it was read") }
                } catch {
                    failure = error
                }
            }
        }
        if let failure { throw failure }
        bytes.withUnsafeBytes { reading.hasher.update($0) }
        let offset = reading.position
        reading.position += Int64(count)
        let isLast = reading.position == upload.size
        if isLast {
            guard reading.hasher.finish() == upload.digest, reading.reader.isUnchanged() else {
                throw SourceError(.changing, "changed while it was read")
            }
        }
        return Piece(bytes: bytes, offset: offset, isLast: isLast)
    }

    private static func error(_ error: SourceError) -> ProviderError {
        error.kind == .changing
            ? ProviderError(.changed, error.message) : ProviderError(.source(error.kind), error.message)
    }
}
