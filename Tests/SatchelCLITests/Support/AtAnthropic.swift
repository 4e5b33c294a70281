import SatchelTestSupport
import Testing

/// A workspace whose default account is at a loopback Anthropic.
struct AtAnthropic: Sendable {
    let satchel: RunningSatchel
    let anthropic: LoopbackAnthropic

    var workspace: TemporaryWorkspace { satchel.workspace }
    var server: LoopbackServer { anthropic.server }

    /// Makes both for the time of `body`, and sees to it that the server was sent nothing but proper HTTP.
    static func with(
        _ files: [RawBytes: RawBytes],
        environment: [String: String] = [:],
        _ body: (AtAnthropic) async throws -> Void
    ) async throws {
        try await LoopbackAnthropic.with { anthropic in
            let whole = anthropic.environment.merging(["SATCHEL_MODEL": "claude-echo"]) { $1 }
                .merging(environment) { $1 }
            try await RunningSatchel.initialised(files, environment: whole) { satchel in
                try await body(AtAnthropic(satchel: satchel, anthropic: anthropic))
            }
            #expect(anthropic.server.flaws.isEmpty)
        }
    }

    /// What the model says of a file that it was shown as it is now.
    func line(of path: RawBytes) throws -> String {
        let bytes = try #require(workspace.read(path))
        return "\(bytes.count):\(independentDigest(of: bytes))"
    }

    /// Expects the account to hold exactly the contents of these files, each once.
    func expectHeld(_ paths: [RawBytes], sourceLocation: SourceLocation = #_sourceLocation) throws {
        let wanted = try paths.map { try line(of: $0) }
        let held = anthropic.files.map { "\($0.size):\($0.sha256)" }
        #expect(held.sorted() == wanted.sorted(), sourceLocation: sourceLocation)
    }
}
