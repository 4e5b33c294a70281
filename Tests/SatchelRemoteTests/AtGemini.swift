import FoundationEssentials
import SatchelCore
import SatchelTestSupport
@testable import SatchelRemote
import Testing

/// Gemini on loopback and its files, for tests of what only it has.
struct AtGemini {
    let server: LoopbackGemini

    /// Where the bytes of an upload go.
    static let sessions: LoopbackMatch = "POST /resumable/upload/v1beta/files"
    /// Where an upload is begun.
    static let starts: LoopbackMatch = "POST /upload/v1beta/files"

    static func with(
        _ change: (inout GeminiOptions) -> Void = { _ in },
        store: LoopbackStore = LoopbackStore(),
        _ body: (AtGemini) async throws -> Void
    ) async throws {
        var options = GeminiOptions()
        change(&options)
        try await LoopbackGemini.with(options, store: store) { server in
            try await body(AtGemini(server: server))
            #expect(server.server.flaws.isEmpty)
        }
    }

    var http: LoopbackServer { server.server }

    func endpoint(key: String? = nil, version: String? = nil) throws -> Endpoint {
        try Endpoint(baseURL: server.baseURL, key: Secret(key ?? server.key), apiVersion: version)
    }

    /// Files that wait for nothing, and note how long they would have waited.
    func files(
        key: String? = nil,
        version: String? = nil,
        pieceSize: Int = 8 << 20,
        slept: Watched<[Double]>? = nil,
        now: @escaping @Sendable () -> Date = { Date() }
    ) throws -> GeminiFiles {
        GeminiFiles(
            try endpoint(key: key, version: version),
            client: HTTPClient(),
            hashing: IndependentHashing(),
            pieceSize: pieceSize,
            sleep: { seconds in slept?.update { $0.append(seconds) } },
            now: now
        )
    }

    func model(version: String? = nil) throws -> GeminiModel {
        GeminiModel(try endpoint(version: version), client: HTTPClient())
    }
}
