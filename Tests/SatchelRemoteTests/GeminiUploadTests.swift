import SatchelCore
import SatchelTestSupport
@testable import SatchelRemote
import Testing

/// Google's resumable uploads: pieces, breaks, and a URL that is a secret.
@Suite(.timeLimit(.minutes(2)))
struct GeminiUploadTests {
    /// As small as they may be, so that a file of several pieces is no work.
    private let piece = 256 << 10

    // MARK: Pieces

    @Test func aLongFileGoesInPieces() async throws {
        try await AtGemini.with { at in
            let bytes = [UInt8](repeating: 7, count: (8 << 20) + 5)
            let stored = try await send(upload(bytes), to: try at.files())
            #expect(stored.size == Int64(bytes.count))
            let requests = at.http.requests(AtGemini.sessions)
            #expect(requests.map(\.body.count) == [8 << 20, 5])
            #expect(requests.map { $0.headers["x-goog-upload-command"] } == ["upload", "upload, finalize"])
            #expect(requests.map { $0.headers["x-goog-upload-offset"] } == ["0", "8388608"])
            #expect(requests.allSatisfy { $0.headers["x-goog-api-key"] == nil })
        }
    }

    @Test(arguments: [LoopbackFault.resetRequest(afterBytes: 1000), .loseAnswer, .status(503), .status(502)])
    func afterABreakOnlyWhatIsMissingIsSent(fault: LoopbackFault) async throws {
        try await AtGemini.with { at in
            let slept = Watched<[Double]>([])
            let bytes = [UInt8](repeating: 7, count: 2 * piece + 5)
            let gate = try TestGate()
            at.http.inject(.hold(gate), on: AtGemini.sessions)
            async let sending = send(upload(bytes), to: try at.files(pieceSize: piece, slept: slept))
            try await gate.arrivals()
            at.http.inject(fault, on: AtGemini.sessions)
            gate.open()
            let stored = try await sending
            #expect(stored.size == Int64(bytes.count))
            #expect(at.server.uploadCount == 1)
            #expect(slept.value == [0.5])
            let commands = at.http.requests(AtGemini.sessions).map { $0.headers["x-goog-upload-command"] ?? "" }
            #expect(commands.filter { $0 == "query" }.count == 1)
            #expect(at.http.requests(AtGemini.starts).count == 1)
        }
    }

    @Test func whatWasKeptOfAPieceIsNotSentAgain() async throws {
        try await AtGemini.with { at in
            let bytes = (0..<piece + piece / 2).map { UInt8(truncatingIfNeeded: $0 >> 10) }
            let gate = try TestGate()
            at.http.inject(.hold(gate), on: AtGemini.sessions)
            async let sending = send(upload(bytes), to: try at.files(pieceSize: piece))
            try await gate.arrivals()
            at.http.inject(.loseAnswer, on: AtGemini.sessions)
            gate.open()
            let stored = try await sending
            #expect(at.server.files.map(\.id) == [stored.id.rawValue])
            #expect(at.server.files.first.map { Array($0.bytes) } == bytes)
            #expect(at.http.requests(AtGemini.sessions).map(\.body.count) == [piece, piece / 2, 0])
        }
        try await AtGemini.with { at in
            let bytes = (0..<7 * piece).map { UInt8(truncatingIfNeeded: $0 >> 10) }
            let gate = try TestGate()
            at.http.inject(.holdAnswer(gate), on: AtGemini.sessions)
            async let sending = send(upload(bytes), to: try at.files(pieceSize: 4 * piece))
            try await gate.arrivals()
            at.server.options.brokenChunks = 1
            gate.open()
            _ = try await sending
            #expect(at.server.files.first.map { Array($0.bytes) } == bytes)
            #expect(at.http.requests(AtGemini.sessions).map(\.body.count) == [4 * piece, 3 * piece, 0, 2 * piece])
        }
    }

    @Test func aServerThatBreaksEveryTimeIsGivenUp() async throws {
        try await AtGemini.with { at in
            let bytes = [UInt8](repeating: 7, count: piece + 5)
            let gate = try TestGate()
            at.http.inject(.hold(gate), on: AtGemini.sessions)
            async let sending = at.files(pieceSize: piece).upload([upload(bytes)])
            try await gate.arrivals()
            let open = try TestGate()
            open.open()
            for _ in 0..<8 {
                at.http.inject(.status(500), on: AtGemini.sessions)
                // The question how far it is gets its answer.
                at.http.inject(.holdAnswer(open), on: AtGemini.sessions)
            }
            gate.open()
            guard case .failure(let error) = try await sending[0] else {
                Issue.record("it went through")
                return
            }
            #expect(error.kind == .temporary(retryAfter: nil))
            #expect(at.http.requests(AtGemini.sessions).count == 1 + 5 + 4)
            #expect(at.server.files.isEmpty)
        }
    }

    @Test func aFileThatChangesBetweenPiecesIsNeverFinished() async throws {
        try await AtGemini.with { at in
            let bytes = [UInt8](repeating: 7, count: piece + 5)
            let error = await #expect(throws: ProviderError.self) {
                try await send(upload(bytes, accident: .rewritten), to: try at.files(pieceSize: piece))
            }
            #expect(error?.kind == .changed)
            let commands = at.http.requests(AtGemini.sessions).map { $0.headers["x-goog-upload-command"] ?? "" }
            #expect(commands == ["upload", "cancel"])
            #expect(at.server.uploadCount == 0)
        }
    }

    // MARK: The upload URL

    @Test func theUploadURLStaysAtTheHostOfTheAccount() async throws {
        try await AtGemini.with({ $0.uploadOrigin = "https://generativelanguage.googleapis.com" }) { at in
            let stored = try await send(upload([1]), to: try at.files(pieceSize: piece))
            #expect(at.server.files.map(\.id) == [stored.id.rawValue])
        }
        let google = try Endpoint(baseURL: "https://generativelanguage.googleapis.com", key: Secret("AIza-test"))
        let path = "/resumable/upload/v1beta/files?upload_id=0123456789abcdef&upload_protocol=resumable"
        for origin in ["https://Generativelanguage.googleapis.com", "https://generativelanguage.googleapis.com:443"] {
            let url = try GeminiUploadURL(origin + path, at: google)
            #expect(url.value == "https://generativelanguage.googleapis.com" + path)
        }
        for header in [
            nil, "", "/resumable/upload", "http://generativelanguage.googleapis.com" + path,
            "https://evil.example" + path, "https://generativelanguage.googleapis.com.evil.example" + path,
            "https://generativelanguage.googleapis.com@evil.example" + path,
            "https://evil.example/https://generativelanguage.googleapis.com", "ftp://x/y", "https://",
            "https://generativelanguage.googleapis.com/a b", "https://generativelanguage.googleapis.com?x=1",
        ] {
            let error = #expect(throws: ProviderError.self) { try GeminiUploadURL(header, at: google) }
            #expect(error?.message.contains("upload_id") == false)
            #expect(error?.isRetryable == false)
        }
    }

    @Test func theUploadURLIsNeverShown() async throws {
        try await AtGemini.with { at in
            let url =
                "http://127.0.0.1/resumable/upload/v1beta/files?upload_id=3fa9c2d17be04455&upload_protocol=resumable"
            at.http.inject(
                .answer(LoopbackResponse(200, headers: ["X-Goog-Upload-URL": url], body: .whole([]))),
                on: AtGemini.starts
            )
            at.http.inject(
                .gemini(
                    400,
                    "INVALID_ARGUMENT",
                    "no good: \(at.server.baseURL)\(url.dropFirst(16)) (3fa9c2d17be04455)"
                ),
                on: AtGemini.sessions
            )
            let error = await #expect(throws: ProviderError.self) {
                try await send(upload([1]), to: try at.files(pieceSize: piece))
            }
            #expect(error?.message.contains("no good") == true)
            #expect(error?.description.contains("c2d17be0") == false)
            let secret = try GeminiUploadURL(url, at: Endpoint(baseURL: at.server.baseURL, key: nil))
            #expect("\(secret)" == "…")
            #expect(String(reflecting: secret) == "…")
            var dumped = ""
            dump(secret, to: &dumped)
            #expect(!dumped.contains("upload"))
        }
    }
}
