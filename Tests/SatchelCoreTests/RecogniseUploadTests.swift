import SatchelCore
import Testing

/// Which remote file holds which local content.
@Suite struct RecogniseUploadTests {
    private let digits = "3f2a9c01d4e5f607"

    private func digest(_ tail: String) throws -> ContentDigest {
        try #require(ContentDigest(hex: digits + String(repeating: tail, count: 48)))
    }

    private func file(_ name: String, size: Int64?, digest: ContentDigest? = nil) throws -> RemoteFile {
        RemoteFile(id: try #require(RemoteFileID("file-1")), name: name, size: size, digest: digest)
    }

    @Test func theDigitsAndTheSizeDecide() throws {
        let content = LocalContent(digest: try digest("0"), size: 10)
        let contents = LocalContents([content])
        #expect(contents.content(of: try file("tea.\(digits).txt", size: 10)) == content)
        #expect(contents.content(of: try file("tea.\(digits).swift.txt", size: 10)) == content)
        #expect(contents.content(of: try file("tea.\(digits).txt", size: 11)) == nil)
        #expect(contents.content(of: try file("tea.\(digits).txt", size: nil)) == nil)
        #expect(contents.content(of: try file("tea.\(digits.uppercased()).txt", size: 10)) == nil)
        #expect(contents.content(of: try file("tea.txt", size: 10)) == nil)
        #expect(contents.content(of: try file("", size: 10)) == nil)
    }

    @Test func twoContentsWithTheSameDigitsAreNeverGuessedBetween() throws {
        let contents = LocalContents([
            LocalContent(digest: try digest("0"), size: 10), LocalContent(digest: try digest("1"), size: 11),
        ])
        #expect(contents.content(of: try file("tea.\(digits).txt", size: 10)) == nil)
        #expect(contents.content(of: try file("", size: nil, digest: try digest("1")))?.size == 11)
    }

    @Test func aDigestThatIsToldOutweighsTheName() throws {
        let contents = LocalContents([LocalContent(digest: try digest("0"), size: 10)])
        #expect(contents.content(of: try file("tea.\(digits).txt", size: 10, digest: try digest("2"))) == nil)
    }
}
