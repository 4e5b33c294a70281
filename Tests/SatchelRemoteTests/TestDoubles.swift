import FoundationEssentials
import Glibc
import SatchelCore
import SatchelTestSupport

/// SHA-256 that the program has no part in.
struct IndependentHashing: Hashing {
    func makeHasher() -> any ContentHasher { Hasher() }

    private final class Hasher: ContentHasher {
        private var bytes: [UInt8] = []

        func update(_ more: UnsafeRawBufferPointer) { bytes.append(contentsOf: more) }

        func finish() -> ContentDigest { independentDigest(of: bytes) }
    }
}

/// Bytes in memory as a file that may misbehave.
struct BytesSource: UploadSource {
    /// What happens to the file once it is open.
    enum Accident: Sendable {
        case none
        /// It is not there any more when it is opened.
        case vanished
        /// Its later bytes are others than those that were hashed.
        case rewritten
        /// It ends early.
        case truncated
        /// Its times changed, its bytes did not.
        case touched
    }

    var bytes: [UInt8]
    var accident = Accident.none

    func open() throws(SourceError) -> any UploadReader {
        if accident == .vanished { throw SourceError(.vanished, "cannot be read: no such file or directory") }
        return Reader(bytes, accident)
    }

    private final class Reader: UploadReader {
        private let bytes: [UInt8]
        private let accident: Accident
        private var position = 0

        init(_ bytes: [UInt8], _ accident: Accident) {
            self.bytes = bytes
            self.accident = accident
        }

        var size: Int64 { Int64(bytes.count) }

        func read(into buffer: UnsafeMutableRawBufferPointer) throws(SourceError) -> Int {
            let end = accident == .truncated ? bytes.count / 2 : bytes.count
            let count = min(buffer.count, end - position)
            for index in 0..<count {
                let byte = bytes[position + index]
                buffer[index] = accident == .rewritten && position + index >= bytes.count / 2 ? ~byte : byte
            }
            position += count
            return count
        }

        func rewind() throws(SourceError) { position = 0 }

        func isUnchanged() -> Bool { accident == .none }
    }
}

/// An upload of these bytes under this name.
func upload(
    _ bytes: some Collection<UInt8>,
    named name: String = "notes.0011223344556677.md",
    accident: BytesSource.Accident = .none,
    expiresAfter: Int64? = nil
) -> Upload {
    let bytes = Array(bytes)
    return Upload(
        digest: independentDigest(of: bytes),
        size: Int64(bytes.count),
        media: .text,
        name: name,
        mime: "text/plain",
        expiresAfter: expiresAfter,
        source: BytesSource(bytes: bytes, accident: accident)
    )
}

/// A folder of its own for one test, gone afterwards.
func withTemporaryFolder<Result>(_ body: (String) async throws -> Result) async throws -> Result {
    var template = Array("/tmp/satchel-remote-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw SourceError(.failed, "no temporary folder") }
    let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try await body(path)
}
