import SatchelTestSupport
import Testing

/// A workspace whose default account is at a loopback OpenAI, and what can be said of both.
struct AtOpenAI: Sendable {
    let satchel: RunningSatchel
    let openAI: LoopbackOpenAI

    var workspace: TemporaryWorkspace { satchel.workspace }
    var server: LoopbackServer { openAI.server }

    /// Makes both for the time of `body`, and sees to it that the server was sent nothing but proper HTTP.
    static func with(
        _ files: [RawBytes: RawBytes] = [:],
        options: OpenAIOptions = OpenAIOptions(),
        store: LoopbackStore = LoopbackStore(),
        server: LoopbackServer = LoopbackServer(),
        environment: [String: String] = [:],
        _ body: (AtOpenAI) async throws -> Void
    ) async throws {
        try await LoopbackOpenAI.with(options, store: store, server: server) { openAI in
            let whole = openAI.environment.merging(environment) { $1 }
            try await RunningSatchel.initialised(files, environment: whole) { satchel in
                try await body(AtOpenAI(satchel: satchel, openAI: openAI))
            }
            #expect(openAI.server.flaws.isEmpty)
        }
    }

    /// Expects the account to hold exactly the contents of these files, each once.
    func expectHeld(_ paths: [RawBytes], sourceLocation: SourceLocation = #_sourceLocation) throws {
        let wanted = Set(
            try paths.map { path in
                let bytes = try #require(workspace.read(path), sourceLocation: sourceLocation)
                return "\(independentDigest(of: bytes))"
            }
        )
        let held = openAI.files.map { "\($0.sha256)" }
        #expect(held.count == Set(held).count, "a content is there twice", sourceLocation: sourceLocation)
        #expect(Set(held) == wanted, sourceLocation: sourceLocation)
    }

    /// A plain sync: it ends well, and a second one finds everything in step.
    func expectConvergence(sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let last = try await satchel.sync()
        #expect(last.ok, sourceLocation: sourceLocation)
        let next = try await satchel.sync("--check")
        #expect(next.summary.found == next.summary.unchanged + next.summary.skipped, sourceLocation: sourceLocation)
    }
}
