/// Reads one request's body in pieces, and stops where a fault says so.
struct BodyReader {
    /// Everything that came, without chunk framing.
    private(set) var blocks: [[UInt8]] = []
    private(set) var count = 0
    private let limit: Int

    /// - Parameter limit: bytes; a longer body is a flaw with status 413.
    init(limit: Int) { self.limit = limit }

    var bytes: [UInt8] {
        if blocks.count == 1 { return blocks[0] }
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            for block in blocks {
                block.withUnsafeBytes {
                    UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[filled...])
                        .copyMemory(from: $0)
                }
                filled += block.count
            }
        }
    }

    /// Reads to the end of the body, or until `pause` bytes are there, whichever comes first.
    ///
    /// - Returns: whether the body is complete.
    mutating func read(_ framing: inout RequestReader.Framing, from reader: inout RequestReader, until pause: Int?)
        throws
        -> Bool
    {
        switch framing {
        case .none:
            return true
        case .length(let length):
            guard length <= limit else { throw RequestReader.Flaw(status: 413, message: "body of \(length) bytes") }
            while count < length {
                let wanted = min(length, pause ?? length) - count
                if wanted <= 0 { return false }
                take(try reader.block(upTo: wanted))
            }
            return true
        case .chunked:
            while true {
                if let pause, count >= pause { return false }
                let line = try reader.line()
                guard let size = Int(line.prefix { $0 != ";" }, radix: 16), size >= 0 else {
                    throw RequestReader.Flaw(message: "malformed chunk size: \(line)")
                }
                guard count + size <= limit else { throw RequestReader.Flaw(status: 413, message: "body too long") }
                var rest = size
                while rest > 0 {
                    let block = try reader.block(upTo: rest)
                    rest -= block.count
                    take(block)
                }
                // After the last chunk come trailers, up to an empty line.
                repeat {} while try size == 0 && !reader.line().isEmpty
                if size == 0 { return true }
                guard try reader.line().isEmpty else { throw RequestReader.Flaw(message: "chunk longer than it says") }
            }
        }
    }

    private mutating func take(_ block: [UInt8]) {
        count += block.count
        blocks.append(block)
    }
}
