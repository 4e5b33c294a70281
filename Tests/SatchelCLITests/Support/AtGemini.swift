import SatchelTestSupport
import Testing

/// A workspace whose default account is at a loopback Gemini, and what can be said of both.
struct AtGemini: Sendable {
    let satchel: RunningSatchel
    let gemini: LoopbackGemini

    var workspace: TemporaryWorkspace { satchel.workspace }
    var server: LoopbackServer { gemini.server }

    /// Makes both for the time of `body`, and sees to it that the server was sent nothing but proper HTTP.
    static func with(
        _ files: [RawBytes: RawBytes] = [:],
        options: GeminiOptions = GeminiOptions(),
        environment: [String: String] = [:],
        _ body: (AtGemini) async throws -> Void
    ) async throws {
        try await LoopbackGemini.with(options) { gemini in
            let whole = gemini.environment.merging(["SATCHEL_MODEL": "gemini-2.5-flash"]) { $1 }
                .merging(environment) { $1 }
            try await RunningSatchel.initialised(files, environment: whole) { satchel in
                try await body(AtGemini(satchel: satchel, gemini: gemini))
            }
            #expect(gemini.server.flaws.isEmpty)
        }
    }

    /// Expects the account to hold exactly the contents of these files, each once.
    func expectHeld(_ paths: [RawBytes], sourceLocation: SourceLocation = #_sourceLocation) throws {
        let wanted = try paths.map { path in
            "\(independentDigest(of: try #require(workspace.read(path), sourceLocation: sourceLocation)))"
        }
        #expect(gemini.files.map { "\($0.sha256)" }.sorted() == wanted.sorted(), sourceLocation: sourceLocation)
    }

    /// A plain sync: it ends well, and a second one finds everything in step.
    func expectConvergence(sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let last = try await satchel.sync()
        #expect(last.ok, sourceLocation: sourceLocation)
        let next = try await satchel.sync("--check")
        #expect(next.summary.found == next.summary.unchanged + next.summary.skipped, sourceLocation: sourceLocation)
    }
}
