/// One event of a `text/event-stream`.
struct SSEEvent: Hashable, Sendable {
    /// From its `event:` line; nil without one.
    var name: String?
    /// The `data:` lines, joined by line feeds.
    var data: [UInt8]

    var isDone: Bool { data.elementsEqual("[DONE]".utf8) }
}

/// Takes a `text/event-stream` apart, in pieces of any size (WHATWG HTML, "server-sent events").
///
/// Lines end in CR, LF or CRLF; comments, ids and retry times are passed over.
struct SSEReader: Sendable {
    struct TooLarge: Error, Hashable {
        /// Bytes.
        var limit: Int
    }

    private let limit: Int
    private var line: [UInt8] = []
    private var name: String?
    private var data: [UInt8] = []
    private var hasData = false
    private var isFirstLine = true
    /// The last piece ended in CR: an LF at the start of the next one belongs to it.
    private var endedInCR = false

    /// - Parameter limit: bytes of one event; pictures come as one event of several megabytes.
    init(limit: Int = 16 << 20) {
        self.limit = limit
    }

    /// The events that `bytes` complete.
    mutating func take(_ bytes: [UInt8]) throws(TooLarge) -> [SSEEvent] {
        var events: [SSEEvent] = []
        var start = bytes.startIndex
        var index = start
        if endedInCR, bytes.first == 0x0a { (start, index) = (1, 1) }
        if !bytes.isEmpty { endedInCR = false }
        while index < bytes.endIndex {
            let byte = bytes[index]
            guard byte == 0x0a || byte == 0x0d else {
                index += 1
                continue
            }
            line += bytes[start..<index]
            if let event = endLine() { events.append(event) }
            index += 1
            if byte == 0x0d {
                if index < bytes.endIndex {
                    if bytes[index] == 0x0a { index += 1 }
                } else {
                    endedInCR = true
                }
            }
            start = index
        }
        line += bytes[start...]
        guard line.count + data.count <= limit else { throw TooLarge(limit: limit) }
        return events
    }

    /// The event that the end of the stream completes: some servers leave out the last empty line.
    mutating func finish() -> SSEEvent? {
        if !line.isEmpty, let event = endLine() { return event }
        return endLine()
    }

    /// Deals with a whole line; an empty one ends an event.
    private mutating func endLine() -> SSEEvent? {
        defer {
            line.removeAll(keepingCapacity: true)
            isFirstLine = false
        }
        if isFirstLine, line.starts(with: [0xef, 0xbb, 0xbf]) { line.removeFirst(3) }
        guard !line.isEmpty else {
            defer { (name, data, hasData) = (nil, [], false) }
            return hasData ? SSEEvent(name: name, data: data) : nil
        }
        let colon = line.firstIndex(of: UInt8(ascii: ":")) ?? line.endIndex
        var value = line[colon...].dropFirst()
        if value.first == UInt8(ascii: " ") { value = value.dropFirst() }
        let field = line[..<colon]
        if field.elementsEqual("data".utf8) {
            if hasData { data.append(0x0a) }
            data += value
            hasData = true
        } else if field.elementsEqual("event".utf8) {
            name = String(decoding: value, as: UTF8.self)
        }
        return nil
    }
}
