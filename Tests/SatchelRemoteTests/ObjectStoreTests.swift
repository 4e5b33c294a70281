import FoundationEssentials
import Glibc
import SatchelCore
import SatchelTestSupport
@testable import SatchelRemote
import Testing

struct ObjectStoreTests {
    private func store(_ folder: String) throws -> ObjectStore {
        try ObjectStore(at: folder + "/objects", hashing: IndependentHashing())
    }

    private func mode(_ path: String) -> mode_t {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode & 0o7777 : 0
    }

    @Test func whatIsPutCanBeReadUnderItsDigest() async throws {
        try await withTemporaryFolder { folder in
            let store = try store(folder)
            let bytes = Array("hello".utf8)
            let digest = try store.put(bytes)
            #expect(digest == independentDigest(of: bytes))
            #expect(store.contains(digest))
            #expect(store.size(of: digest) == 5)
            #expect(try store.read(digest, upTo: ByteCount(5)) == bytes)
            #expect(try store.all().map(\.digest) == [digest])
            let path = "\(folder)/objects/\(digest.prefix(2))/\(digest.hex.dropFirst(2))"
            #expect(FileManager.default.contents(atPath: path) == Data(bytes))
            #expect(try store.put(bytes) == digest)
            try store.remove(digest)
            try store.remove(digest)
            #expect(try store.read(digest, upTo: ByteCount(5)) == nil)
        }
    }

    @Test func nobodyElseMayReadObjectsWhateverTheUmaskIs() async throws {
        try await withTemporaryFolder { folder in
            let digest = try store(folder).put([1])
            let shard = "\(folder)/objects/\(digest.prefix(2))"
            #expect(mode("\(folder)/objects") == 0o700)
            #expect(mode("\(folder)/objects/incoming") == 0o700)
            #expect(mode(shard) == 0o700)
            #expect(mode("\(shard)/\(digest.hex.dropFirst(2))") == 0o600)
        }
    }

    @Test func anObjectAboveTheLimitIsNotReadIntoMemory() async throws {
        try await withTemporaryFolder { folder in
            let store = try store(folder)
            let digest = try store.put([1, 2, 3])
            let error = #expect(throws: StoreError.self) { try store.read(digest, upTo: ByteCount(2)) }
            #expect(error?.kind == .tooLarge)
        }
    }

    @Test func anObjectThatWasTamperedWithIsNotBelieved() async throws {
        try await withTemporaryFolder { folder in
            let store = try store(folder)
            let digest = try store.put([1, 2, 3])
            let path = "\(folder)/objects/\(digest.prefix(2))/\(digest.hex.dropFirst(2))"
            try Data([1, 2, 4]).write(to: URL(filePath: path))
            let error = #expect(throws: StoreError.self) { try store.read(digest, upTo: ByteCount(10)) }
            #expect(error?.kind == .corrupt)
        }
    }

    @Test(arguments: [BytesSource.Accident.rewritten, .truncated])
    func bytesOfAnotherDigestAreNotKept(accident: BytesSource.Accident) async throws {
        try await withTemporaryFolder { folder in
            let store = try store(folder)
            let bytes = [UInt8](repeating: 5, count: 300_000)
            let reader = try BytesSource(bytes: bytes, accident: accident).open()
            let error = #expect(throws: StoreError.self) {
                try store.put(from: reader, digest: independentDigest(of: bytes))
            }
            #expect(error?.kind == .source(.changing))
            #expect(try store.all().isEmpty)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/objects/incoming").isEmpty)
        }
    }

    @Test func aCrashLeavesNoRubbishAndNoHalfObjects() async throws {
        try await withTemporaryFolder { folder in
            _ = try store(folder)
            let leftover = folder + "/objects/incoming/4711.1"
            try Data([1]).write(to: URL(filePath: leftover))
            try Data([1]).write(to: URL(filePath: folder + "/objects/stray"))
            let reopened = try store(folder)
            #expect(!FileManager.default.fileExists(atPath: leftover))
            #expect(try reopened.all().isEmpty)
        }
    }

    @Test func asLongAsAStoreIsOpenNobodySweepsWhatItWrites() async throws {
        try await withTemporaryFolder { folder in
            let first = try store(folder)
            let incoming = folder + "/objects/incoming/" + first.temporaryName()
            try Data([1]).write(to: URL(filePath: incoming))
            let second = try store(folder)
            #expect(FileManager.default.fileExists(atPath: incoming))
            #expect(try second.put([1]) == first.put([1]))
        }
    }

    @Test func aShardFolderThatVanishedIsMadeAgain() async throws {
        try await withTemporaryFolder { folder in
            let store = try store(folder)
            let digest = try store.put([1])
            try FileManager.default.removeItem(atPath: "\(folder)/objects/\(digest.prefix(2))")
            #expect(try store.put([1]) == digest)
            #expect(store.contains(digest))
        }
    }

    @Test func anObjectThatIsPutAgainIsAsYoungAsANewOne() async throws {
        try await withTemporaryFolder { folder in
            let store = try store(folder)
            let digest = try store.put([1])
            let path = "\(folder)/objects/\(digest.prefix(2))/\(digest.hex.dropFirst(2))"
            let long = timespec(tv_sec: 1_700_000_000, tv_nsec: 0)
            let moment: Int64 = 1_700_000_001_000_000_000
            let claims: [() throws -> Void] = [
                { _ = try store.put([1]) },
                { try store.put(from: BytesSource(bytes: [1]).open(), digest: digest) },
                { #expect(store.keep(digest)) },
            ]
            for claim in claims {
                utimensat(AT_FDCWD, path, [long, long], 0)
                try claim()
                #expect(try !store.remove(digest, unlessTouchedSince: moment))
            }
            utimensat(AT_FDCWD, path, [long, long], 0)
            #expect(try store.remove(digest, unlessTouchedSince: moment))
            #expect(!store.keep(digest))
        }
    }

    @Test func nothingIsWrittenThroughALinkInTheStore() async throws {
        try await withTemporaryFolder { folder in
            let store = try store(folder)
            let shard = "\(independentDigest(of: [1]))".prefix(2)
            try FileManager.default.createDirectory(atPath: folder + "/elsewhere", withIntermediateDirectories: false)
            try FileManager.default.createSymbolicLink(
                atPath: "\(folder)/objects/\(shard)",
                withDestinationPath: "\(folder)/elsewhere"
            )
            #expect(throws: StoreError.self) { try store.put([1]) }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/elsewhere").isEmpty)
        }
    }

    @Test func aStoreIsNotOpenedThroughALink() async throws {
        try await withTemporaryFolder { folder in
            try FileManager.default.createDirectory(atPath: folder + "/elsewhere", withIntermediateDirectories: false)
            try FileManager.default.createSymbolicLink(atPath: folder + "/objects", withDestinationPath: "elsewhere")
            #expect(throws: StoreError.self) { try store(folder) }
        }
    }

    @Test func anObjectIsTheSourceOfItsNextUpload() async throws {
        try await withTemporaryFolder { folder in
            let store = try store(folder)
            let bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0) }
            let reader = try store.source(try store.put(bytes)).open()
            #expect(reader.size == 200_000)
            var buffer = [UInt8](repeating: 0, count: 300_000)
            for _ in 0..<2 {
                let count = try buffer.withUnsafeMutableBytes { try reader.read(into: $0) }
                #expect(Array(buffer[..<count]) == bytes)
                try reader.rewind()
            }
            let missing = store.source(independentDigest(of: [9]))
            let error = #expect(throws: SourceError.self) { _ = try missing.open() }
            #expect(error?.kind == .vanished)
        }
    }

    @Test func theBytesAreRightWhetherBlocksAreSharedOrNot() async throws {
        try await withTemporaryFolder { folder in
            let bytes = (0..<300_001).map { UInt8(truncatingIfNeeded: $0 &* 7) }
            let digest = independentDigest(of: bytes)
            // No such thing here, said once; another file system, said each time; shared.
            for (code, expectedAsks) in [(EOPNOTSUPP, 1), (EXDEV, 2), (0, 2)] {
                let asks = Watched(0)
                let store = try ObjectStore(at: "\(folder)/objects\(code)", hashing: IndependentHashing()) {
                    asks.update { $0 += 1 }
                    if code == 0 { return sameBytes($0, as: $1) }
                    errno = code
                    return -1
                }
                for round in 0..<2 {
                    let reader = try OpenedFile(bytes, at: "\(folder)/file")
                    try store.put(from: reader, digest: digest)
                    #expect(try store.read(digest, upTo: ByteCount(1 << 20)) == bytes, "\(code), \(round)")
                    try store.remove(digest)
                    let wrong = try OpenedFile(bytes.reversed(), at: "\(folder)/file")
                    guard round == 1 else { continue }
                    let error = #expect(throws: StoreError.self) { try store.put(from: wrong, digest: digest) }
                    #expect(error?.kind == .source(.changing) && store.size(of: digest) == nil)
                }
                #expect(asks.value == (expectedAsks == 1 ? 1 : expectedAsks + 1))
                let left = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/objects\(code)/incoming")
                #expect(left.isEmpty)
            }
        }
    }

    @Test func whatAFileGrewByIsNotInTheSharedObject() async throws {
        try await withTemporaryFolder { folder in
            let store = try ObjectStore(at: folder + "/objects", hashing: IndependentHashing()) {
                sameBytes($0, as: $1)
            }
            let bytes = [UInt8](repeating: 3, count: 200_000)
            let reader = try OpenedFile(bytes, at: folder + "/file")
            let writer = open(folder + "/file", O_WRONLY | O_APPEND)
            #expect(write(writer, "more", 4) == 4)
            close(writer)
            try store.put(from: reader, digest: independentDigest(of: bytes))
            #expect(store.size(of: independentDigest(of: bytes)) == 200_000)
        }
    }

    @Test func smallFilesAreCopied() async throws {
        try await withTemporaryFolder { folder in
            let asks = Watched(0)
            let store = try ObjectStore(at: folder + "/objects", hashing: IndependentHashing()) {
                asks.update { $0 += 1 }
                return sameBytes($0, as: $1)
            }
            let bytes = [UInt8](repeating: 3, count: 4096)
            try store.put(from: OpenedFile(bytes, at: folder + "/file"), digest: independentDigest(of: bytes))
            #expect(store.size(of: independentDigest(of: bytes)) == 4096 && asks.value == 0)
        }
    }

    @Test func aBatchAnswersForEachOfItsElements() async throws {
        try await withTemporaryFolder { folder in
            let store = try store(folder)
            var batch = (0..<40).map { upload(Array("content \($0)".utf8)) }
            batch[7] = upload(Array("gone".utf8), accident: .vanished)
            batch[9] = upload(Array("changed".utf8), accident: .rewritten)
            batch[11] = batch[10]
            batch[12] = upload([])
            let results = store.put(batch)
            #expect(results.count == 40)
            for (index, result) in results.enumerated() {
                switch (index, result) {
                case (7, .failure(let error)): #expect(error.kind == .source(.vanished))
                case (9, .failure(let error)): #expect(error.kind == .source(.changing))
                case (7, _), (9, _), (_, .failure): Issue.record("element \(index)")
                default: #expect(store.size(of: batch[index].digest) == batch[index].size)
                }
            }
            #expect(try store.all().count == 37)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/objects/incoming").isEmpty)
        }
    }
}
