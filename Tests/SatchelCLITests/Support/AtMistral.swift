import SatchelTestSupport
import Testing

/// A workspace whose default account is at a loopback Mistral, and what can be said of both.
struct AtMistral: Sendable {
    let satchel: RunningSatchel
    let mistral: LoopbackMistral

    var workspace: TemporaryWorkspace { satchel.workspace }
    var server: LoopbackServer { mistral.server }

    /// Makes both for the time of `body`, and sees to it that the server was sent nothing but proper HTTP.
    static func with(
        _ files: [RawBytes: RawBytes] = [:],
        options: MistralOptions = MistralOptions(),
        environment: [String: String] = [:],
        _ body: (AtMistral) async throws -> Void
    ) async throws {
        try await LoopbackMistral.with(options) { mistral in
            let whole = mistral.environment.merging(["SATCHEL_MODEL": "echo"]) { $1 }.merging(environment) { $1 }
            try await RunningSatchel.initialised(files, environment: whole) { satchel in
                try await body(AtMistral(satchel: satchel, mistral: mistral))
            }
            #expect(mistral.server.flaws.isEmpty)
        }
    }

    /// Expects the account to hold exactly the contents of these files, each once.
    func expectHeld(_ paths: [RawBytes], sourceLocation: SourceLocation = #_sourceLocation) throws {
        let wanted = try paths.map { path in
            let bytes = try #require(workspace.read(path), sourceLocation: sourceLocation)
            return "\(independentDigest(of: bytes))"
        }
        #expect(mistral.files.map { "\($0.sha256)" }.sorted() == wanted.sorted(), sourceLocation: sourceLocation)
    }
}
