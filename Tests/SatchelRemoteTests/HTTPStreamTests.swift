import SatchelTestSupport
@testable import SatchelRemote
import Testing

@Suite(.timeLimit(.minutes(2)))
struct HTTPStreamTests {
    private let client = HTTPClient()

    private func streaming(_ steps: [LoopbackResponse.Step]) -> Answering {
        Answering { _ in LoopbackResponse(200, headers: ["Content-Type": "text/event-stream"], body: .steps(steps)) }
    }

    @Test func piecesArriveWhileTheRestIsStillToCome() async throws {
        let gate = try TestGate()
        try await LoopbackServer.with(streaming([.bytes([1]), .gate(gate), .bytes([2])])) { server in
            let stream = try await client.stream(HTTPRequest(.get, server.url + "/"))
            #expect(stream.head.status == 200)
            #expect(try await stream.next() == [1])
            gate.open()
            #expect(try await stream.next() == [2])
            #expect(try await stream.next() == nil)
            #expect(try await stream.next() == nil)
        }
    }

    @Test func aSlowReaderHoldsTheSenderBackAndLosesNothing() async throws {
        let piece = (0..<65536).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let gate = try TestGate()
        // 64 MiB are far more than sockets and buffers hold, so the gate is reached only when somebody reads.
        let steps = [LoopbackResponse.Step](repeating: .bytes(piece), count: 1024) + [.gate(gate)]
        try await LoopbackServer.with(streaming(steps)) { server in
            let stream = try await client.stream(HTTPRequest(.get, server.url + "/"))
            await #expect(throws: DeadlineMissed.self) { try await gate.arrivals(within: .milliseconds(500)) }
            gate.open()
            var count = 0
            var isRight = true
            while let bytes = try await stream.next() {
                isRight = isRight && bytes.first == piece[count % 65536]
                count += bytes.count
            }
            #expect(count == 1024 << 16)
            #expect(isRight)
        }
    }

    @Test func aCutIsNotAnEnd() async throws {
        for end in [LoopbackResponse.Step.cut, .reset] {
            try await LoopbackServer.with(streaming([.bytes([1]), end])) { server in
                let stream = try await client.stream(HTTPRequest(.get, server.url + "/"))
                let failure = await #expect(throws: HTTPFailure.self) { try await stream.collect(upTo: 10) }
                guard case .lost = failure else { throw failure ?? .cancelled }
            }
        }
    }

    @Test func lettingGoOfAStreamClosesTheConnection() async throws {
        let gate = try TestGate()
        try await LoopbackServer.with(streaming([.bytes([1]), .gate(gate)])) { server in
            var stream: HTTPStream? = try await client.stream(HTTPRequest(.get, server.url + "/"))
            #expect(try await stream?.next() == [1])
            stream = nil
            try await server.hangUps()
        }
    }

    @Test func cancellingTheReaderClosesTheConnection() async throws {
        let gate = try TestGate()
        try await LoopbackServer.with(streaming([.bytes([1]), .gate(gate)])) { server in
            let stream = try await client.stream(HTTPRequest(.get, server.url + "/"))
            let task = Task { try await stream.collect(upTo: 100) }
            try await gate.arrivals()
            task.cancel()
            await #expect(throws: HTTPFailure.cancelled) { try await task.value }
            try await server.hangUps()
        }
    }

    @Test func silenceInTheMiddleEndsAStream() async throws {
        let gate = try TestGate()
        try await LoopbackServer.with(streaming([.bytes([1]), .gate(gate)])) { server in
            var request = HTTPRequest(.get, server.url + "/")
            request.limits.idle = 0.2
            let stream = try await client.stream(request)
            #expect(try await stream.next() == [1])
            let failure = await #expect(throws: HTTPFailure.self) { try await stream.next() }
            guard case .lost = failure else { throw failure ?? .cancelled }
            try await server.hangUps()
        }
    }

    @Test func aPausedStreamIsNotIdle() async throws {
        let piece = [UInt8](repeating: 1, count: 65536)
        let steps = [LoopbackResponse.Step](repeating: .bytes(piece), count: 64)
        try await LoopbackServer.with(streaming(steps)) { server in
            var request = HTTPRequest(.get, server.url + "/")
            request.limits.idle = 0.1
            let stream = try await client.stream(request)
            // Other transfers go on meanwhile, for longer than the idle limit.
            let clock = ContinuousClock()
            let start = clock.now
            while clock.now - start < .milliseconds(300) {
                _ = try await client.stream(HTTPRequest(.get, server.url + "/"))
            }
            #expect(try await stream.collect(upTo: 64 << 16).count == 64 << 16)
        }
    }
}
