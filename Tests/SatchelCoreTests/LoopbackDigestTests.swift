import SatchelCore
import SatchelTestSupport
import Testing

struct LoopbackDigestTests {
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ])
    func theIndependentDigestKnowsThePublishedVectors(text: String, hex: String) {
        #expect(independentDigest(of: Array(text.utf8)).hex == hex)
        // The other way in, without contiguous storage.
        #expect(independentDigest(of: text.utf8.map { $0 }.lazy.map { $0 }).hex == hex)
    }

    /// Every length around the block boundaries, against a figure that another implementation computed.
    @Test func theIndependentDigestIsRightAtEveryLength() {
        var all: [UInt8] = []
        for count in 0..<260 {
            all += independentDigest(of: (0..<count).map { UInt8(truncatingIfNeeded: $0 * 7 + count) }).bytes
        }
        #expect(independentDigest(of: all).hex == "05276a25574d3f5608fda82219045118e93a9ca197ecafd98f2b51fea6680a3e")
    }
}
