import SatchelCore
import Testing

struct SpelledValuesTests {
    @Test(arguments: ["0s", "1ms", "250ms", "1500ms", "3s", "10m", "90s", "24h", "3d", "36500d"])
    func aDurationIsSpelledAsItIsRead(text: String) throws {
        #expect(spelledDuration(try #require(parseDuration(text))) == text)
    }

    @Test(arguments: ["", "ms", "-1ms", "1.5s", "250 msec", "99999999999999999999ms", "36501d", "soon"])
    func whatIsNoDurationIsRefused(text: String) {
        #expect(parseDuration(text) == nil)
    }

    @Test(arguments: ["0", "1", "1500", "999", "1kB", "10MB", "10MiB", "64KiB", "2GB", "1GiB", "1536KiB"])
    func aByteCountIsSpelledAsItIsRead(text: String) throws {
        #expect(try #require(ByteCount(text)).spelled == text)
    }
}
