import Glibc
import SatchelTestSupport
@testable import SatchelRemote
import Testing

/// Answers whatever the test says.
struct Answering: LoopbackService {
    var response: @Sendable (LoopbackRequest) -> LoopbackResponse

    init(_ response: @escaping @Sendable (LoopbackRequest) -> LoopbackResponse) {
        self.response = response
    }

    func answer(_ request: LoopbackRequest) -> LoopbackResponse { response(request) }
}

@Suite(.timeLimit(.minutes(2)))
struct HTTPClientTests {
    private let client = HTTPClient()

    @Test func anAnswerComesWithStatusHeadersAndBody() async throws {
        let service = Answering { request in
            .text("got \(request.body.count)", status: 418, headers: ["X-One": "a: b ", "Empty": ""])
        }
        try await LoopbackServer.with(service) { server in
            let request = HTTPRequest(
                .post,
                server.url + "/a%2Fb/../c?d=%20",
                headers: [HTTPHeader("Content-Type", "text/plain"), HTTPHeader("X-Nothing", "")],
                body: .bytes(Array("hello".utf8))
            )
            let response = try await client.send(request)
            #expect(response.status == 418)
            #expect(response.head["x-one"] == "a: b" || response.head["x-one"] == "a: b ")
            #expect(response.head["EMPTY"] == "")
            #expect(response.body == Array("got 5".utf8))
            let seen = try #require(server.requests.first)
            #expect(seen.target == "/a%2Fb/../c?d=%20")
            #expect(seen.headers["x-nothing"] == "")
            #expect(seen.headers["expect"] == nil)
            #expect(seen.headers["user-agent"] == "satchel")
            #expect(server.flaws.isEmpty)
        }
    }

    @Test(arguments: [HTTPRequest.Method.get, .delete, .post, .put])
    func everyMethodArrivesAsItself(method: HTTPRequest.Method) async throws {
        try await LoopbackServer.with(Answering { _ in .text("ok") }) { server in
            _ = try await client.send(HTTPRequest(method, server.url + "/x"))
            let seen = try #require(server.requests.first)
            #expect(seen.method == method.rawValue)
            #expect(seen.body.isEmpty)
            #expect(seen.headers["content-type"] == nil)
            #expect(server.flaws.isEmpty)
        }
    }

    @Test func connectionsAreReused() async throws {
        try await LoopbackServer.with(Answering { _ in .text("ok") }) { server in
            for _ in 0..<20 { _ = try await client.send(HTTPRequest(.get, server.url + "/")) }
            #expect(server.connectionCount == 1)
        }
    }

    @Test func aRedirectIsAnAnswerAndNotFollowed() async throws {
        let service = Answering { _ in .text("", status: 302, headers: ["Location": "http://127.0.0.1:1/"]) }
        try await LoopbackServer.with(service) { server in
            let response = try await client.send(HTTPRequest(.get, server.url + "/"))
            #expect(response.status == 302)
            #expect(server.requests.count == 1)
        }
    }

    @Test(arguments: [
        HTTPHeader("X", "a\r\nY: b"), HTTPHeader("X\r\nY", "a"), HTTPHeader("", "a"), HTTPHeader("X", "a\0b"),
    ])
    func aHeaderWithALineBreakNeverLeaves(header: HTTPHeader) async throws {
        try await LoopbackServer.with(Answering { _ in .text("ok") }) { server in
            let failure = await #expect(throws: HTTPFailure.self) {
                try await client.send(HTTPRequest(.get, server.url + "/", headers: [header]))
            }
            guard case .invalid = failure else { throw failure ?? .cancelled }
            #expect(server.requests.isEmpty)
        }
    }

    @Test(arguments: ["file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1/", "nonsense://x", "http://"])
    func onlyHTTPIsSpoken(url: String) async throws {
        await #expect(throws: HTTPFailure.self) { try await client.send(HTTPRequest(.get, url)) }
    }

    @Test func anAddressWithoutAServerIsUnreachable() async throws {
        let failure = await #expect(throws: HTTPFailure.self) {
            try await client.send(HTTPRequest(.post, "http://127.0.0.1:1/", body: .bytes([1])))
        }
        guard case .unreachable = failure else { throw failure ?? .cancelled }
    }

    @Test func aBodyAboveItsLimitIsRefused() async throws {
        try await LoopbackServer.with(Answering { _ in .text(String(repeating: "x", count: 100_000)) }) { server in
            var request = HTTPRequest(.get, server.url + "/")
            request.limits.body = 99_999
            await #expect(throws: HTTPFailure.tooLarge(limit: 99_999)) { try await client.send(request) }
            request.limits.body = 100_000
            let response = try await client.send(request)
            #expect(response.body.count == 100_000)
        }
    }

    @Test func headersWithoutEndAreRefused() async throws {
        let service = Answering { _ in
            var headers: HeaderFields = [:]
            for number in 0..<2000 { headers.add("X-\(number)", String(repeating: "y", count: 60)) }
            return .text("ok", headers: headers)
        }
        try await LoopbackServer.with(service) { server in
            let failure = await #expect(throws: HTTPFailure.self) {
                try await client.send(HTTPRequest(.get, server.url + "/"))
            }
            guard case .malformed = failure else { throw failure ?? .cancelled }
        }
    }

    @Test func whatIsNotHTTPIsMalformed() async throws {
        try await LoopbackServer.with(Answering { _ in .text("ok") }) { server in
            server.inject(.garbage(Array("SSH-2.0-OpenSSH_9\r\n".utf8)))
            let failure = await #expect(throws: HTTPFailure.self) {
                try await client.send(HTTPRequest(.get, server.url + "/"))
            }
            guard case .malformed = failure else { throw failure ?? .cancelled }
        }
    }

    @Test(arguments: [LoopbackFault.loseAnswer, .truncate(bodyBytes: 1), .resetAnswer(afterBytes: 10), .refuse])
    func anAnswerThatStopsIsLost(fault: LoopbackFault) async throws {
        try await LoopbackServer.with(Answering { _ in .text("a longer answer") }) { server in
            server.inject(fault)
            let request = HTTPRequest(.post, server.url + "/", body: .bytes([1, 2, 3]))
            let failure = await #expect(throws: HTTPFailure.self) { try await client.send(request) }
            guard case .lost = failure else { throw failure ?? .cancelled }
        }
    }

    @Test func whatMayHaveBeenCarriedOutIsNotSentAgainOnANewConnection() async throws {
        try await LoopbackServer.with(Answering { _ in .text("ok") }) { server in
            _ = try await client.send(HTTPRequest(.get, server.url + "/"))
            server.inject(.loseAnswer)
            let post = HTTPRequest(.post, server.url + "/", body: .bytes([1]))
            let failure = await #expect(throws: HTTPFailure.self) { try await client.send(post) }
            guard case .lost = failure else { throw failure ?? .cancelled }
            #expect(server.requests("POST /").count == 1)
            // What may be done twice is.
            _ = try await client.send(HTTPRequest(.get, server.url + "/"))
            server.inject(.loseAnswer)
            let response = try await client.send(HTTPRequest(.get, server.url + "/"))
            #expect(response.status == 200)
        }
    }

    @Test func aConnectionThatTheServerClosedMeanwhileIsReplaced() async throws {
        try await LoopbackServer.with(Answering { _ in .text("ok") }) { server in
            for _ in 0..<5 {
                let response = try await client.send(HTTPRequest(.get, server.url + "/"))
                #expect(response.status == 200)
                server.closeIdleConnections()
            }
        }
    }

    @Test func silenceEndsATransfer() async throws {
        let gate = try TestGate()
        try await LoopbackServer.with(Answering { _ in .text("ok") }) { server in
            server.inject(.holdAnswer(gate))
            var request = HTTPRequest(.get, server.url + "/")
            request.limits.idle = 0.2
            let failure = await #expect(throws: HTTPFailure.self) { try await client.send(request) }
            guard case .lost(let why) = failure else { throw failure ?? .cancelled }
            #expect(why.contains("nothing was heard"))
            try await server.hangUps()
        }
    }

    @Test func cancellingClosesTheConnection() async throws {
        let gate = try TestGate()
        try await LoopbackServer.with(Answering { _ in .text("ok") }) { server in
            server.inject(.holdAnswer(gate))
            let url = server.url
            let task = Task { [client] in try await client.send(HTTPRequest(.get, url + "/")) }
            try await gate.arrivals()
            task.cancel()
            await #expect(throws: HTTPFailure.cancelled) { try await task.value }
            try await server.hangUps()
        }
    }

    @Test func aTaskThatIsCancelledAlreadySendsNothing() async throws {
        try await LoopbackServer.with(Answering { _ in .text("ok") }) { server in
            let url = server.url
            let task = Task { [client] in
                withUnsafeCurrentTask { $0?.cancel() }
                return try await client.send(HTTPRequest(.get, url + "/"))
            }
            await #expect(throws: HTTPFailure.cancelled) { try await task.value }
            #expect(server.requests.isEmpty)
        }
    }

    @Test func manyTransfersRunSideBySide() async throws {
        let service = Answering { request in .text(request.target) }
        try await LoopbackServer.with(service) { server in
            let url = server.url
            let all = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<200 {
                    group.addTask { [client] in
                        try await client.send(HTTPRequest(.get, "\(url)/\(number)")).body == Array("/\(number)".utf8)
                    }
                }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(all == 200)
        }
    }

    @Test func noChildInheritsASocketOfOurs() async throws {
        let gate = try TestGate()
        let before = inheritable()
        try await LoopbackServer.with(Answering { _ in .text("ok") }) { server in
            _ = try await client.send(HTTPRequest(.get, server.url + "/"))
            server.inject(.holdAnswer(gate))
            let url = server.url
            async let held = client.send(HTTPRequest(.get, url + "/"))
            try await gate.arrivals()
            let during = inheritable().subtracting(before)
            gate.open()
            _ = try await held
            // Other tests make clients too, and may be between making a socket and marking it; ours are as they are.
            try await until("every socket to be marked") { during.intersection(inheritable()).isEmpty }
            withExtendedLifetime(client) {}
        }
    }

    /// Inodes of the sockets that a child would get.
    private func inheritable() -> Set<ino_t> {
        var result: Set<ino_t> = []
        for descriptor in 3..<Int32(1024) {
            var status = stat()
            guard fcntl(descriptor, F_GETFD) & FD_CLOEXEC == 0, fstat(descriptor, &status) == 0,
                status.st_mode & S_IFMT == S_IFSOCK
            else { continue }
            result.insert(status.st_ino)
        }
        return result
    }
}
