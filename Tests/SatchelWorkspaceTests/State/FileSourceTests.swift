import Glibc
import SatchelCore
import SatchelWorkspace
import Testing

@Suite struct FileSourceTests {
    private func drain(_ reader: any UploadReader) throws -> [UInt8] {
        var result: [UInt8] = []
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 7, alignment: 1)
        defer { buffer.deallocate() }
        while true {
            let count = try reader.read(into: buffer)
            if count == 0 { return result }
            result.append(contentsOf: buffer.prefix(count))
        }
    }

    @Test func theBytesCanBeReadAgainFromTheStart() throws {
        let tree = try ScratchTree()
        try tree.write("a/b", "some bytes of it")
        let reader = try FileSource(root: tree.root, path: workspacePath("a/b")).open()
        #expect(reader.size == 16)
        #expect(try drain(reader) == Array("some bytes of it".utf8))
        #expect(try drain(reader) == [])
        try reader.rewind()
        #expect(try drain(reader).count == 16)
        #expect(reader.isUnchanged())
    }

    @Test func aChangeAfterOpeningIsNoticed() throws {
        let tree = try ScratchTree()
        try tree.write("a", "one")
        try tree.touch("a", at: 1_000_000)
        let reader = try FileSource(root: tree.root, path: workspacePath("a")).open()
        try tree.write("a", "two")
        try tree.touch("a", at: 1_000_000)
        #expect(!reader.isUnchanged())
    }

    @Test func whatIsNoFileIsNotOpened() throws {
        let tree = try ScratchTree()
        try tree.write("folder/file")
        try tree.link("link", to: "folder/file")
        try tree.link("way", to: "folder")
        try tree.fifo("pipe")
        for path in ["folder", "link", "way/file", "pipe", "none", ""] {
            #expect(throws: SourceError.self, "\(path)") {
                try FileSource(root: tree.root, path: workspacePath(path)).open()
            }
        }
    }

    @Test func aSmallFileIsReadWholeAndALargeOneRefused() throws {
        let tree = try ScratchTree()
        try tree.write("note", "12345")
        try tree.write("empty", "")
        #expect(try readFile(workspacePath("note"), in: tree.root, upTo: ByteCount(5)) == Array("12345".utf8))
        #expect(try readFile(workspacePath("empty"), in: tree.root, upTo: ByteCount(0)) == [])
        #expect(throws: SourceError(.failed, "is larger than 4 B")) {
            try readFile(workspacePath("note"), in: tree.root, upTo: ByteCount(4))
        }
    }

    @Test func aHasherIsReusable() {
        let hasher = SHA256Hasher()
        for text in ["abc", "", "abc"] {
            hasher.restart()
            Array(text.utf8).withUnsafeBytes { hasher.update($0) }
            #expect(hasher.finish() == digest(text))
        }
    }
}
