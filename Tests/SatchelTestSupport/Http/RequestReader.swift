/// Reads requests off one connection, strictly: what RFC 9112 calls malformed is answered 400 and noted as a flaw.
struct RequestReader {
    private static let longestHead = 65536

    /// Why a request is no HTTP, for the 400 and the server's list of flaws.
    struct Flaw: Error {
        var status = 400
        var message: String
    }

    struct Head {
        var method: String
        var target: String
        var path: String
        var query: [LoopbackRequest.QueryItem]
        var headers: HeaderFields
        var keepsAlive: Bool
        var body: Framing
    }

    enum Framing {
        case none
        case length(Int)
        case chunked
    }

    private let socket: LoopbackSocket
    /// Read, but not yet used.
    private var buffer: [UInt8] = []

    init(_ socket: LoopbackSocket) { self.socket = socket }

    /// The next request's head; nil when the client closed the connection between two requests.
    mutating func head() throws -> Head? {
        var searched = 0
        while true {
            if let end = endOfHead(from: searched) {
                let text = String(validating: buffer[..<end], as: UTF8.self)
                buffer.removeFirst(end + 4)
                guard let text else { throw Flaw(message: "head is not UTF-8") }
                return try parse(text)
            }
            guard buffer.count < Self.longestHead else { throw Flaw(status: 431, message: "head too long") }
            searched = max(0, buffer.count - 3)
            do throws(ConnectionEnd) {
                try socket.read(into: &buffer)
            } catch {
                if error == .hungUp, buffer.isEmpty { return nil }
                throw error
            }
        }
    }

    private func endOfHead(from start: Int) -> Int? {
        guard buffer.count >= 4 else { return nil }
        return (start...(buffer.count - 4)).first { at in
            buffer[at] == 13 && buffer[at + 1] == 10 && buffer[at + 2] == 13 && buffer[at + 3] == 10
        }
    }

    private func parse(_ text: String) throws(Flaw) -> Head {
        let lines = text.split(separator: "\r\n", omittingEmptySubsequences: false)
        let words = lines[0].split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        guard words.count == 3, words[2] == "HTTP/1.1" || words[2] == "HTTP/1.0" else {
            throw Flaw(message: "malformed request line: \(lines[0])")
        }
        guard words[1].hasPrefix("/"), words[1].utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "#") })
        else { throw Flaw(message: "malformed request target: \(words[1])") }
        var headers = HeaderFields()
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { throw Flaw(message: "header without a colon: \(line)") }
            let name = line[..<colon]
            let value = line[line.index(after: colon)...].trimming([" ", "\t"])
            guard !name.isEmpty, name.utf8.allSatisfy(isTokenByte),
                value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 })
            else { throw Flaw(message: "malformed header: \(line)") }
            headers.add(String(name), value)
        }
        guard headers.all("host").count == 1 else { throw Flaw(message: "needs one Host header") }
        let halves = words[1].split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard let path = percentDecoded(halves[0]), let query = queryItems(halves.count > 1 ? halves[1] : "") else {
            throw Flaw(message: "malformed escapes in \(words[1])")
        }
        let connection = headers["connection"]?.lowercased() ?? ""
        return Head(
            method: words[0],
            target: words[1],
            path: path,
            query: query,
            headers: headers,
            keepsAlive: words[2] == "HTTP/1.1" && !connection.contains("close"),
            body: try framing(headers)
        )
    }

    private func framing(_ headers: HeaderFields) throws(Flaw) -> Framing {
        let lengths = headers.all("content-length")
        if let encoding = headers["transfer-encoding"] {
            guard encoding.lowercased() == "chunked", lengths.isEmpty else {
                throw Flaw(message: "transfer encoding \(encoding) with \(lengths.count) lengths")
            }
            return .chunked
        }
        guard let text = lengths.first else { return .none }
        guard lengths.count == 1, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let length = Int(text) else {
            throw Flaw(message: "malformed Content-Length: \(lengths)")
        }
        return .length(length)
    }

    /// Up to `count` bytes that follow, at least one.
    mutating func block(upTo count: Int) throws(ConnectionEnd) -> [UInt8] {
        guard !buffer.isEmpty else { return try socket.readBlock(upTo: count) }
        let block = Array(buffer.prefix(count))
        buffer.removeFirst(block.count)
        return block
    }

    /// One line without its end, in a chunked body.
    mutating func line() throws -> String {
        while true {
            if let end = buffer.firstIndex(of: 10) {
                guard end > 0, buffer[end - 1] == 13 else { throw Flaw(message: "bare line feed in a chunked body") }
                let line = String(decoding: buffer[..<(end - 1)], as: UTF8.self)
                buffer.removeFirst(end + 1)
                return line
            }
            guard buffer.count < 4096 else { throw Flaw(message: "line too long in a chunked body") }
            try socket.read(into: &buffer)
        }
    }
}

private func isTokenByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        true
    default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
}
