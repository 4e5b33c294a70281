/// Puts the status and headers of an answer together from the lines libcurl hands over.
struct HeadReader {
    enum Step {
        case more
        case head(HTTPHead)
        case tooLong
    }

    /// Bytes, all lines together.
    var limit = 64 << 10
    private var taken = 0
    private var pending: HTTPHead?
    private var isDone = false

    init() {}

    mutating func take(_ line: UnsafeRawBufferPointer) -> Step {
        taken += line.count
        guard taken <= limit else { return .tooLong }
        // Trailers of a chunked body come the same way; nothing needs them.
        guard !isDone else { return .more }
        let end = line.lastIndex { $0 != 0x0d && $0 != 0x0a }.map { $0 + 1 } ?? 0
        let text = line[..<end]
        if text.isEmpty {
            guard let head = pending, head.status >= 200 else {
                // 1xx: the real answer is still to come.
                pending = nil
                return .more
            }
            isDone = true
            return .head(head)
        }
        if pending == nil {
            // `HTTP/1.1 200 OK`
            let words = String(decoding: text, as: UTF8.self).split(separator: " ", maxSplits: 2)
            pending = HTTPHead(status: words.count > 1 ? Int(words[1]) ?? 0 : 0)
        } else if let colon = text.firstIndex(of: UInt8(ascii: ":")) {
            let name = String(decoding: text[..<colon], as: UTF8.self)
            let value = text[(colon + 1)...].drop { $0 == 0x20 || $0 == 0x09 }
            pending?.headers.append(HTTPHeader(name, String(decoding: value, as: UTF8.self)))
        }
        return .more
    }
}
