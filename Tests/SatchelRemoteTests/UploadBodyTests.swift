import SatchelCore
import SatchelTestSupport
@testable import SatchelRemote
import Testing

struct UploadBodyTests {
    private func form(_ name: String) -> SatchelRemote.MultipartForm {
        var form = SatchelRemote.MultipartForm(fileName: name, mime: "text/plain", boundary: "b")
        form.fields = [HTTPHeader("purpose", "user_data")]
        return form
    }

    @Test func theBodyIsWhatTheStandardSays() {
        let form = form("a.txt")
        let text = String(decoding: form.prefix + Array("hello".utf8) + form.suffix, as: UTF8.self)
        #expect(
            text == """
                --b\r
                Content-Disposition: form-data; name="purpose"\r
                \r
                user_data\r
                --b\r
                Content-Disposition: form-data; name="file"; filename="a.txt"\r
                Content-Type: text/plain\r
                \r
                hello\r
                --b--\r

                """
        )
    }

    @Test func aNameCannotEndItsHeader() throws {
        let form = form("a\"\r\nX: 1\u{7f}.txt")
        let parsed = try SatchelTestSupport.MultipartForm(
            parsing: form.prefix + form.suffix,
            contentType: form.contentType
        )
        #expect(parsed["file"]?.filename == "a%22%0D%0AX: 1_.txt")
        #expect(parsed.parts.count == 2)
    }

    @Test func boundariesDiffer() {
        let boundaries = Set((0..<100).map { _ in SatchelRemote.MultipartForm(fileName: "a", mime: "b").boundary })
        #expect(boundaries.count == 100)
        #expect(boundaries.allSatisfy { $0.utf8.count <= 70 })
    }

    @Test(arguments: [1, 7, 4096, 1 << 20]) func aFeedGivesPrefixFileAndSuffixInPiecesOfAnySize(piece: Int) throws {
        let content = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let size = piece == 1 ? 1000 : content.count
        let bytes = Array(content[..<size])
        let feed = UploadFeed(
            try BytesSource(bytes: bytes).open(),
            prefix: [1, 2, 3],
            suffix: [4, 5],
            hashing: IndependentHashing()
        )
        #expect(feed.size == Int64(size + 5))
        for _ in 0..<2 {
            var all: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: piece)
            while let count = buffer.withUnsafeMutableBytes({ feed.read(into: $0) }), count > 0 {
                all += buffer[..<count]
            }
            #expect(all == [1, 2, 3] + bytes + [4, 5])
            if feed.sent(exactly: independentDigest(of: bytes)) {
                #expect(feed.rewind())
            } else {
                Issue.record("not sent")
            }
        }
    }

    @Test func aFileThatBecomesShorterStopsTheFeed() throws {
        let source = BytesSource(bytes: [UInt8](repeating: 7, count: 1000), accident: .truncated)
        let feed = UploadFeed(try source.open(), hashing: IndependentHashing())
        var buffer = [UInt8](repeating: 0, count: 4096)
        #expect(buffer.withUnsafeMutableBytes { feed.read(into: $0) } == nil)
        #expect(feed.failure?.kind == .changing)
    }

    @Test(arguments: [100, 200_000], [BytesSource.Accident.rewritten, .truncated, .touched, .vanished])
    func aFileInTroubleIsNeverTakenForWhatItWas(size: Int, accident: BytesSource.Accident) throws {
        let upload = upload([UInt8](repeating: 9, count: size), accident: accident)
        do {
            let file = try OutgoingFile.open(upload, hashing: IndependentHashing())
            guard case .feed(let feed) = file.body else {
                throw ProviderError(.rejected, "read whole although it changed")
            }
            var buffer = [UInt8](repeating: 0, count: 1 << 20)
            _ = buffer.withUnsafeMutableBytes { feed.read(into: $0) }
            #expect(!file.sent(exactly: upload.digest))
        } catch let error as ProviderError {
            #expect(error.kind == (accident == .vanished ? .source(.vanished) : .changed))
        }
    }
}
