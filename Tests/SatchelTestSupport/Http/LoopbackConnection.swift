/// Serves the requests of one connection, on its own thread.
struct LoopbackConnection {
    let id: Int
    let socket: LoopbackSocket
    let server: LoopbackServer
    let service: any LoopbackService

    func run() {
        var reader = RequestReader(socket)
        do {
            while try serveOne(&reader) {}
            socket.finish()
        } catch let flaw as RequestReader.Flaw {
            server.note(flaw: flaw.message)
            var writer = ResponseWriter(socket)
            try? writer.write(.text(flaw.message + "\n", status: flaw.status), keepsAlive: false, toHead: false)
            socket.finish()
        } catch {
            // The client hung up, the server stops, or a fault is done: closing is all there is left to do.
        }
    }

    /// Returns whether another request may follow.
    private func serveOne(_ reader: inout RequestReader) throws -> Bool {
        server.setIdle(id, true)
        guard let head = try reader.head() else { return false }
        server.setIdle(id, false)
        let fault = server.takeFault(method: head.method, path: head.path)
        switch fault {
        case .refuse:
            server.record(request(head, [], isComplete: false))
            return false
        case .answerEarly(let response):
            server.record(request(head, [], isComplete: false))
            var writer = ResponseWriter(socket)
            try writer.write(response, keepsAlive: false, toHead: head.method == "HEAD")
            return false
        default:
            break
        }
        let body = try readBody(of: head, from: &reader, fault)
        let number = server.record(request(head, body, isComplete: true))
        do {
            var request = request(head, body, isComplete: true)
            request.number = number
            return try answer(request, keepsAlive: head.keepsAlive, fault)
        } catch ConnectionEnd.hungUp {
            server.note(hangUp: number)
            throw ConnectionEnd.hungUp
        }
    }

    private func readBody(
        of head: RequestReader.Head,
        from reader: inout RequestReader,
        _ fault: LoopbackFault?
    ) throws -> [UInt8] {
        var body = BodyReader(limit: server.bodyLimit)
        var framing = head.body
        do {
            if head.headers["expect"]?.lowercased() == "100-continue" {
                try socket.write(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)[...])
            }
            switch fault {
            case .resetRequest(let count):
                _ = try body.read(&framing, from: &reader, until: count)
                server.record(request(head, body.bytes, isComplete: false))
                socket.reset()
                throw ConnectionEnd.done
            case .holdRequest(let count, let gate):
                if try !body.read(&framing, from: &reader, until: count) { try socket.pass(gate) }
                _ = try body.read(&framing, from: &reader, until: nil)
            default:
                _ = try body.read(&framing, from: &reader, until: nil)
            }
        } catch ConnectionEnd.hungUp {
            server.note(hangUp: server.record(request(head, body.bytes, isComplete: false)))
            throw ConnectionEnd.hungUp
        }
        return body.bytes
    }

    private func answer(_ request: LoopbackRequest, keepsAlive: Bool, _ fault: LoopbackFault?) throws -> Bool {
        var writer = ResponseWriter(socket)
        var keepsAlive = keepsAlive
        let response: LoopbackResponse
        switch fault {
        case .answer(let canned):
            response = canned
        case .answerAfterwards(let canned):
            _ = service.answer(request)
            response = canned
        case .garbage(let bytes):
            try socket.write(bytes[...])
            return false
        case .hold(let gate):
            try socket.pass(gate)
            response = service.answer(request)
        case .holdAnswer(let gate):
            response = service.answer(request)
            try socket.pass(gate)
        case .loseAnswer:
            _ = service.answer(request)
            return false
        case .resetAnswer(let count):
            response = service.answer(request)
            writer.resetsAfter = count
        case .truncate(let count):
            response = service.answer(request)
            writer.truncatesAfter = count
            keepsAlive = false
        case .slow(let rate):
            response = service.answer(request)
            writer.bytesPerSecond = rate
        case nil, .answerEarly, .refuse, .resetRequest, .holdRequest:
            response = service.answer(request)
        }
        try writer.write(response, keepsAlive: keepsAlive, toHead: request.method == "HEAD")
        return keepsAlive
    }

    private func request(_ head: RequestReader.Head, _ body: [UInt8], isComplete: Bool) -> LoopbackRequest {
        var wasChunked = false
        if case .chunked = head.body { wasChunked = true }
        return LoopbackRequest(
            number: 0,
            connection: id,
            method: head.method,
            target: head.target,
            path: head.path,
            query: head.query,
            headers: head.headers,
            body: body,
            isComplete: isComplete,
            wasChunked: wasChunked,
            expectedContinue: head.headers["expect"] != nil
        )
    }
}
