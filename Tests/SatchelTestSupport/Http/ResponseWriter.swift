/// Writes one answer, as badly as a fault wants it.
struct ResponseWriter {
    let socket: LoopbackSocket
    /// Reset after so many bytes of the whole answer.
    var resetsAfter: Int?
    /// Close after so many bytes of the body.
    var truncatesAfter: Int?
    var bytesPerSecond: Int?

    private var written = 0
    private var bodyWritten = 0
    private var pausesLeft = 500

    init(_ socket: LoopbackSocket) { self.socket = socket }

    mutating func write(_ response: LoopbackResponse, keepsAlive: Bool, toHead: Bool) throws(ConnectionEnd) {
        var headers = response.headers
        let hasNoBody = response.status == 204 || response.status == 304
        switch response.body {
        case .whole(let bytes): if !hasNoBody { headers.addIfMissing("Content-Length", "\(bytes.count)") }
        case .steps: headers.add("Transfer-Encoding", "chunked")
        }
        if !keepsAlive { headers.add("Connection", "close") }
        var head = "HTTP/1.1 \(response.status) \(reasonPhrase(response.status))\r\n"
        for field in headers.fields { head += "\(field.name): \(field.value)\r\n" }
        head += "\r\n"
        switch response.body {
        case .whole(let bytes) where !toHead && !hasNoBody && truncatesAfter == nil && bytesPerSecond == nil:
            // One send: head and body apart would be two segments for every small answer.
            try send(Array(head.utf8) + bytes)
        case .whole(let bytes):
            try send(Array(head.utf8))
            if !toHead, !hasNoBody { try sendBody(bytes) }
        case .steps(let steps):
            try send(Array(head.utf8))
            if !toHead { try perform(steps) }
        }
    }

    private mutating func perform(_ steps: [LoopbackResponse.Step]) throws(ConnectionEnd) {
        for step in steps {
            switch step {
            case .bytes(let bytes):
                if bytes.isEmpty { continue }
                try sendBody(Array("\(String(bytes.count, radix: 16))\r\n".utf8) + bytes + [13, 10])
            case .gate(let gate):
                try socket.pass(gate)
            case .cut:
                throw .done
            case .reset:
                socket.reset()
                throw .done
            }
        }
        try send(Array("0\r\n\r\n".utf8))
    }

    private mutating func sendBody(_ bytes: [UInt8]) throws(ConnectionEnd) {
        guard let limit = truncatesAfter, bodyWritten + bytes.count > limit else {
            bodyWritten += bytes.count
            return try send(bytes)
        }
        try send(Array(bytes.prefix(limit - bodyWritten)))
        throw .done
    }

    private mutating func send(_ bytes: [UInt8]) throws(ConnectionEnd) {
        var rest = bytes[...]
        if let limit = resetsAfter { rest = rest.prefix(limit - written) }
        written += rest.count
        let isOver = resetsAfter == written
        if let bytesPerSecond {
            // Fifty pieces a second, so that slow is a trickle and not a row of bursts.
            while !rest.isEmpty, pausesLeft > 0 {
                let piece = rest.prefix(max(1, bytesPerSecond / 50))
                try socket.write(piece)
                rest = rest.dropFirst(piece.count)
                pausesLeft -= 1
                try socket.pause(milliseconds: 20)
            }
        }
        try socket.write(rest)
        if isOver {
            socket.reset()
            throw .done
        }
    }
}
