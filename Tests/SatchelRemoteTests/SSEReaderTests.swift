@testable import SatchelRemote
import Testing

struct SSEReaderTests {
    private static let text = """
        \u{feff}: a comment
        event: one
        data: {"a":1}

        data: first
        data:second
        id: 7
        retry: 10

        event: empty

        : only comments

        data: [DONE]


        """
    private static let expected = [
        SSEEvent(name: "one", data: Array(#"{"a":1}"#.utf8)), SSEEvent(data: Array("first\nsecond".utf8)),
        SSEEvent(data: Array("[DONE]".utf8)),
    ]

    @Test(arguments: ["\n", "\r\n", "\r"])
    func eventsAreTheSameHoweverTheStreamIsCut(lineEnd: String) throws {
        let bytes = Array(
            Self.text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: lineEnd).utf8
        )
        for size in 1...bytes.count {
            var reader = SSEReader()
            var events: [SSEEvent] = []
            for start in stride(from: 0, to: bytes.count, by: size) {
                events += try reader.take(Array(bytes[start..<min(start + size, bytes.count)]))
            }
            if let last = reader.finish() { events.append(last) }
            #expect(events == Self.expected, "pieces of \(size)")
        }
    }

    @Test func anEventIsKnownAsSoonAsItsEmptyLineIs() throws {
        var reader = SSEReader()
        #expect(try reader.take(Array("data: a\n".utf8)).isEmpty)
        #expect(try reader.take(Array("\n".utf8)).map(\.data) == [Array("a".utf8)])
    }

    @Test func aLastEventWithoutEmptyLineStillCounts() throws {
        var reader = SSEReader()
        _ = try reader.take(Array("data: [DONE]".utf8))
        #expect(reader.finish()?.isDone == true)
        #expect(reader.finish() == nil)
    }

    @Test func anEventThatNeverEndsIsRefused() throws {
        var reader = SSEReader(limit: 1000)
        #expect(throws: SSEReader.TooLarge(limit: 1000)) {
            for _ in 0..<100 { _ = try reader.take(Array("data: 0123456789abcdef\n".utf8)) }
        }
        var oneLine = SSEReader(limit: 1000)
        #expect(throws: SSEReader.TooLarge(limit: 1000)) { _ = try oneLine.take([UInt8](repeating: 0x61, count: 1001)) }
    }
}
