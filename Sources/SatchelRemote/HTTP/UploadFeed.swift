import SatchelCore
import Synchronization

/// A request body read from a file while it goes out: bytes before, the file, bytes after.
///
/// The file's part is hashed as it is handed to the connection, so that afterwards it is known what was sent, not
/// what was there at some other moment. Read by the HTTP thread, asked by the caller when the exchange is over.
final class UploadFeed: Sendable {
    /// Bytes of the whole body.
    let size: Int64
    private let cursor: Mutex<FeedCursor>

    init(_ reader: sending any UploadReader, prefix: [UInt8] = [], suffix: [UInt8] = [], hashing: any Hashing) {
        let cursor = FeedCursor(reader, prefix: prefix, suffix: suffix, hashing: hashing)
        size = cursor.size
        self.cursor = Mutex(cursor)
    }

    /// Fills `buffer` with what comes next; 0 at the end, nil when the file could not be read to its announced size.
    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int? {
        // Lent, not kept, which the compiler cannot see of a pointer: it goes through the lock as a number.
        let (start, count) = (UInt(bitPattern: buffer.baseAddress), buffer.count)
        return cursor.withLock { cursor in
            cursor.read(
                into: UnsafeMutableRawBufferPointer(start: UnsafeMutableRawPointer(bitPattern: start), count: count)
            )
        }
    }

    /// Back to the first byte; false when the file cannot be read from its start again.
    func rewind() -> Bool { cursor.withLock { $0.rewind() } }

    /// Why reading failed, if it did.
    var failure: SourceError? { cursor.withLock { $0.failure } }

    /// Whether everything went out and was `digest`, and the file is still the one that was opened.
    func sent(exactly digest: ContentDigest) -> Bool { cursor.withLock { $0.sent(exactly: digest) } }

    /// Whether a whole body went out with other bytes than those of `digest`.
    func sentAnother(than digest: ContentDigest) -> Bool { cursor.withLock { $0.sentAnother(than: digest) } }
}

/// The reading end of an ``UploadFeed``; whoever uses it holds the feed's lock.
private final class FeedCursor {
    let size: Int64
    private(set) var failure: SourceError?
    private let reader: any UploadReader
    private let prefix: [UInt8]
    private let suffix: [UInt8]
    private let hashing: any Hashing
    private var hasher: any ContentHasher
    private var position: Int64 = 0
    /// What went out whole, by turns: more than one when a dead connection was opened again.
    private var sent: [ContentDigest] = []
    /// The last of ``sent`` is that of the present turn.
    private var isNoted = false

    init(_ reader: any UploadReader, prefix: [UInt8], suffix: [UInt8], hashing: any Hashing) {
        self.reader = reader
        self.prefix = prefix
        self.suffix = suffix
        self.hashing = hashing
        hasher = hashing.makeHasher()
        // What the server is told now is what it gets, or the transfer ends.
        size = Int64(prefix.count) + reader.size + Int64(suffix.count)
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int? {
        let fileStart = Int64(prefix.count)
        let fileEnd = size - Int64(suffix.count)
        var filled = 0
        while filled < buffer.count, position < size {
            let room = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
            let count: Int
            if position < fileStart {
                count = copy(prefix, from: Int(position), to: room)
            } else if position >= fileEnd {
                count = copy(suffix, from: Int(position - fileEnd), to: room)
            } else {
                let most = Int(min(Int64(room.count), fileEnd - position))
                guard let got = readFile(into: UnsafeMutableRawBufferPointer(rebasing: room[..<most])) else {
                    return nil
                }
                count = got
            }
            filled += count
            position += Int64(count)
        }
        return filled
    }

    func rewind() -> Bool {
        noteWhole()
        do throws(SourceError) {
            try reader.rewind()
        } catch {
            failure = error
            return false
        }
        position = 0
        hasher = hashing.makeHasher()
        isNoted = false
        return true
    }

    func sent(exactly digest: ContentDigest) -> Bool {
        noteWhole()
        return failure == nil && isNoted && sent.last == digest && reader.isUnchanged()
    }

    func sentAnother(than digest: ContentDigest) -> Bool {
        noteWhole()
        return sent.contains { $0 != digest }
    }

    private func noteWhole() {
        guard position == size, !isNoted else { return }
        sent.append(hasher.finish())
        isNoted = true
    }

    private func readFile(into buffer: UnsafeMutableRawBufferPointer) -> Int? {
        do throws(SourceError) {
            let got = try reader.read(into: buffer)
            guard got > 0 else {
                failure = SourceError(.changing, "became shorter while it was sent")
                return nil
            }
            hasher.update(UnsafeRawBufferPointer(rebasing: buffer[..<got]))
            return got
        } catch {
            failure = error
            return nil
        }
    }

    private func copy(_ bytes: [UInt8], from start: Int, to room: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(room.count, bytes.count - start)
        room.copyBytes(from: bytes[start..<(start + count)])
        return count
    }
}
