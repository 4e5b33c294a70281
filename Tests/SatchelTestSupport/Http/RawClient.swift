import Glibc

/// A client that sends exactly the bytes it is given and hides nothing of what comes back.
///
/// Blocking, with a deadline of a minute for each call, which a busy machine needs: use it inside ``offPool(_:)``.
package struct RawClient: ~Copyable {
    package struct Reply: Sendable {
        package var status: Int
        package var headers: HeaderFields
        /// Without chunk framing.
        package var body: [UInt8]
        /// The chunks as they were framed; one element for a body with a length.
        package var chunks: [[UInt8]]
        package var text: String { String(decoding: body, as: UTF8.self) }
        package var json: JSONValue? { JSONValue(parsing: body) }
    }

    /// How a connection ended before a whole reply was there, with the bytes that came.
    package enum Ended: Error, Hashable {
        case closed([UInt8])
        case reset([UInt8])
        case late([UInt8])
        case noHTTP([UInt8])
    }

    private let descriptor: Int32
    private var buffer: [UInt8] = []

    package init(port: UInt16) throws(SystemFailure) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw SystemFailure("socket", errno) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        // The initialiser is over when it throws, and `deinit` closes.
        if result != 0 { throw SystemFailure("connect", errno) }
        var limit = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    /// Returns false when the other side would not take all of it.
    @discardableResult
    package func write(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count < 0 { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    @discardableResult
    package func write(_ text: String) -> Bool { write(Array(text.utf8)) }

    /// Sends a request with `Host` and, when there is a body, `Content-Length`; then reads the reply.
    package mutating func ask(
        _ line: String,
        headers: HeaderFields = [:],
        body: [UInt8]? = nil
    ) throws(Ended) -> Reply {
        var head = "\(line) HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        for field in headers.fields { head += "\(field.name): \(field.value)\r\n" }
        if let body { head += "Content-Length: \(body.count)\r\n" }
        write(Array((head + "\r\n").utf8) + (body ?? []))
        return try reply()
    }

    package mutating func reply() throws(Ended) -> Reply {
        let lines = try take(through: "\r\n\r\n").split(separator: "\r\n").map(String.init)
        let words = lines.first?.split(separator: " ", maxSplits: 2) ?? []
        guard words.count >= 2, words[0] == "HTTP/1.1", let status = Int(words[1]) else { throw .noHTTP(buffer) }
        var headers = HeaderFields()
        for line in lines.dropFirst() {
            let halves = line.split(separator: ":", maxSplits: 1)
            headers.add(String(halves[0]), halves.count > 1 ? halves[1].trimming(" ") : "")
        }
        var reply = Reply(status: status, headers: headers, body: [], chunks: [])
        if status == 100 { return reply }
        if headers["transfer-encoding"] == "chunked" {
            while true {
                guard let size = Int(try take(through: "\r\n").dropLast(), radix: 16) else { throw .noHTTP(buffer) }
                let chunk = try take(size + 2).dropLast(2)
                if size == 0 { return reply }
                reply.chunks.append(Array(chunk))
                reply.body += chunk
            }
        }
        let body = try take(Int(headers["content-length"] ?? "0") ?? 0)
        reply.body = body
        reply.chunks = [body]
        return reply
    }

    /// Reads on until the other side ends the connection.
    package mutating func end() -> Ended {
        while true {
            do throws(Ended) { try more() } catch { return error }
        }
    }

    private mutating func take(through mark: String) throws(Ended) -> String {
        let mark = Array(mark.utf8)
        while true {
            if buffer.count >= mark.count,
                let at = (0...(buffer.count - mark.count)).first(where: { buffer[$0...].starts(with: mark) })
            {
                defer { buffer.removeFirst(at + mark.count) }
                return String(decoding: buffer[..<(at + mark.count)], as: UTF8.self)
            }
            try more()
        }
    }

    private mutating func take(_ count: Int) throws(Ended) -> [UInt8] {
        while buffer.count < count { try more() }
        defer { buffer.removeFirst(count) }
        return Array(buffer.prefix(count))
    }

    private mutating func more() throws(Ended) {
        var piece = [UInt8](repeating: 0, count: 65536)
        let count = recv(descriptor, &piece, piece.count, 0)
        if count > 0 {
            buffer += piece.prefix(count)
        } else if count == 0 {
            throw .closed(buffer)
        } else {
            throw errno == EAGAIN ? .late(buffer) : .reset(buffer)
        }
    }
}
