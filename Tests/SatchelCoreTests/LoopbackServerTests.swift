import SatchelTestSupport
import Testing

/// Answers every request with what it was, so that a test sees whether it was carried out.
private final class Echo: LoopbackService {
    let carriedOut = Watched(0)

    func answer(_ request: LoopbackRequest) -> LoopbackResponse {
        carriedOut.update { $0 += 1 }
        return .text("\(request.method) \(request.path) \(request.body.count)")
    }
}

struct LoopbackServerTests {
    @Test func requestsAreServedOverOneConnectionAndRecorded() async throws {
        try await LoopbackServer.with(Echo()) { server in
            let port = server.port
            let replies = try await offPoolThrowing {
                var client = try RawClient(port: port)
                return [
                    try client.ask("GET /a%20b?x=1&y=a%2Bb+c"),
                    try client.ask("POST /up", body: Array("hello".utf8)),
                ]
            }
            #expect(replies.map(\.text) == ["GET /a b 0", "POST /up 5"])
            let requests = server.requests
            #expect(requests.map(\.number) == [1, 2])
            #expect(requests.map(\.connection) == [1, 1])
            #expect(requests[0].query("x") == "1")
            #expect(requests[0].query("y") == "a+b c")
            #expect(requests[1].body == Array("hello".utf8))
            #expect(server.flaws.isEmpty)
        }
    }

    @Test func aChunkedBodyIsPutTogetherAndTheClientIsToldToContinue() async throws {
        try await LoopbackServer.with(Echo()) { server in
            let port = server.port
            let reply = try await offPoolThrowing {
                var client = try RawClient(port: port)
                client.write(
                    "POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n"
                )
                let first = try client.reply()
                client.write("3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\n")
                return (first.status, try client.reply().text)
            }
            #expect(reply == (100, "POST /c 13"))
            #expect(server.requests.first?.wasChunked == true)
            #expect(server.requests.first?.expectedContinue == true)
        }
    }

    @Test(arguments: [
        "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/2\r\nHost: a\r\n\r\n", "GET nowhere HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nBad header: x\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n",
    ])
    func whatIsNoProperRequestIsRefusedAndNoted(bytes: String) async throws {
        let echo = Echo()
        try await LoopbackServer.with(echo) { server in
            let port = server.port
            let status = try await offPoolThrowing {
                var client = try RawClient(port: port)
                client.write(bytes)
                return try client.reply().status
            }
            #expect(status == 400)
            #expect(server.flaws.count == 1)
            #expect(echo.carriedOut.value == 0)
        }
    }

    @Test func faultsAreMetByTheRequestsTheyAreMeantFor() async throws {
        try await LoopbackServer.with(Echo()) { server in
            let port = server.port
            server.inject(.status(503, headers: ["Retry-After": "2"], body: "busy"), on: "POST /v1/*", times: 2)
            let statuses = try await offPoolThrowing {
                var client = try RawClient(port: port)
                return try ["GET /v1/a", "POST /v1/a", "POST /v2", "POST /v1/b", "POST /v1/c"].map { line in
                    try client.ask(line, body: []).status
                }
            }
            #expect(statuses == [200, 503, 200, 503, 200])
            #expect(server.pendingFaults == 0)
        }
    }

    /// The fault, whether the request is carried out, and what the client gets to see.
    @Test(arguments: [
        ("refuse", LoopbackFault.refuse, false, RawClient.Ended.closed([])),
        ("reset request", .resetRequest(afterBytes: 3), false, .reset([])),
        ("lose answer", .loseAnswer, true, .closed([])),
        ("reset answer", .resetAnswer(afterBytes: 0), true, .reset([])),
        ("reset answer in its head", .resetAnswer(afterBytes: 8), true, .reset(Array("HTTP/1.1".utf8))),
        ("truncate", .truncate(bodyBytes: 4), true, .closed(Array("POST".utf8))),
        ("garbage", .garbage(Array("\0\r\n\r\n".utf8)), false, .noHTTP([])),
    ])
    func aFaultIsSeenAsItIs(name: String, fault: LoopbackFault, isCarriedOut: Bool, expected: RawClient.Ended)
        async throws
    {
        let echo = Echo()
        try await LoopbackServer.with(echo) { server in
            let port = server.port
            server.inject(fault)
            let ended = try await offPoolThrowing { () -> RawClient.Ended? in
                var client = try RawClient(port: port)
                do throws(RawClient.Ended) {
                    _ = try client.ask("POST /", body: Array("12345678".utf8))
                    return nil
                } catch {
                    return error
                }
            }
            #expect(ended == expected, "\(name)")
            #expect(echo.carriedOut.value == (isCarriedOut ? 1 : 0), "\(name)")
            #expect(server.requests.count == 1)
        }
    }

    @Test func anEarlyAnswerArrivesAlthoughNobodyReadsTheBody() async throws {
        try await LoopbackServer.with(Echo()) { server in
            let port = server.port
            server.inject(.answerEarly(.text("too large", status: 413)))
            let reply = try await offPoolThrowing {
                var client = try RawClient(port: port)
                client.write("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4000000\r\n\r\n")
                client.write([UInt8](repeating: 1, count: 100_000))
                return try client.reply()
            }
            #expect(reply.status == 413)
            #expect(reply.headers["connection"] == "close")
        }
    }

    @Test func aHeldAnswerWaitsForItsGate() async throws {
        let echo = Echo()
        try await LoopbackServer.with(echo) { server in
            let (port, before, after) = (server.port, try TestGate(), try TestGate())
            server.inject(.hold(before))
            server.inject(.holdAnswer(after))
            async let replies = offPoolThrowing {
                var client = try RawClient(port: port)
                return [try client.ask("GET /1").text, try client.ask("GET /2").text]
            }
            try await before.arrivals()
            #expect(echo.carriedOut.value == 0)
            before.open()
            try await after.arrivals()
            #expect(echo.carriedOut.value == 2)
            after.open()
            #expect(try await replies == ["GET /1 0", "GET /2 0"])
        }
    }

    @Test func aHeldRequestIsReadToItsEndOnceTheGateOpens() async throws {
        try await LoopbackServer.with(Echo(), server: LoopbackServer(receiveBuffer: 16384)) { server in
            let (port, gate) = (server.port, try TestGate())
            server.inject(.holdRequest(afterBytes: 1000, gate))
            async let reply = offPoolThrowing {
                var client = try RawClient(port: port)
                return try client.ask("POST /", body: [UInt8](repeating: 7, count: 2_000_000)).text
            }
            try await gate.arrivals()
            #expect(server.requests.isEmpty)
            gate.open()
            #expect(try await reply == "POST / 2000000")
        }
    }

    @Test func aClientThatHangsUpAtAGateIsNoticed() async throws {
        try await LoopbackServer.with(Echo()) { server in
            let (port, gate) = (server.port, try TestGate())
            server.inject(.hold(gate))
            try await offPoolThrowing {
                let client = try RawClient(port: port)
                client.write("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            }
            let hangUps = try await server.hangUps()
            #expect(hangUps == [1])
        }
    }

    @Test func aSlowAnswerArrivesWhole() async throws {
        try await LoopbackServer.with(Echo()) { server in
            let port = server.port
            server.inject(.slow(bytesPerSecond: 1000))
            let text = try await offPoolThrowing { try RawClient.ask(port, "GET /slow").text }
            #expect(text == "GET /slow 0")
        }
    }

    @Test func stoppingEndsWhatIsHeldAndTheServerCanStartAgainAtItsPort() async throws {
        let server = LoopbackServer()
        try server.start(Echo())
        let (port, gate) = (server.port, try TestGate())
        server.inject(.hold(gate))
        async let ended = offPoolThrowing { () -> RawClient.Ended? in
            var client = try RawClient(port: port)
            client.write("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            return client.end()
        }
        try await gate.arrivals()
        await server.stop()
        #expect(try await ended == .closed([]))
        await #expect(throws: SystemFailure.self) {
            try await offPoolThrowing { _ = try RawClient(port: port) }
        }
        try server.start(Echo())
        #expect(server.port == port)
        let text = try await offPoolThrowing { try RawClient.ask(port, "GET /again").text }
        #expect(text == "GET /again 0")
        await server.stop()
    }

    @Test func waitingForARequestThatDoesNotComeEnds() async throws {
        try await LoopbackServer.with(Echo()) { server in
            await #expect(throws: DeadlineMissed.self) {
                try await server.request("GET /never", within: .milliseconds(20))
            }
        }
    }

    @Test func manyClientsAtOnceAreAllServed() async throws {
        try await LoopbackServer.with(Echo(), server: LoopbackServer(connectionLimit: 8)) { server in
            let port = server.port
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<100 {
                    group.addTask { _ = try await offPoolThrowing { try RawClient.ask(port, "GET /x").text } }
                }
                try await group.waitForAll()
            }
            #expect(server.requests.count == 100)
        }
    }
}

extension RawClient {
    /// One request over a connection of its own.
    static func ask(_ port: UInt16, _ line: String) throws -> Reply {
        var client = try RawClient(port: port)
        return try client.ask(line)
    }
}
