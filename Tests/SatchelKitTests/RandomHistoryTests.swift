import FoundationEssentials
import SatchelCore
import SatchelKit
import SatchelTestSupport
import Testing

/// Long random histories of a workspace, an account and the network between them, against what must always hold.
@Suite(.serialized) struct RandomHistoryTests {
    private static let paths: [RawBytes] = [
        "a.txt", "b.txt", "c.md", "d/a.txt", "d/b.swift", "d/e/f.txt", "d/e/g.txt", "h", "i/j.txt", "k.txt",
    ]

    /// What went wrong with a request, whether or not it was carried out.
    private static let faults: [LoopbackFault] = [
        .loseAnswer, .resetRequest(afterBytes: 40), .resetAnswer(afterBytes: 20), .truncate(bodyBytes: 10),
        .openAI(500, "no"), .rateLimited(retryAfter: "0"), .refuse, .garbage(Array("what?\r\n\r\n".utf8)),
        .openAI(400, "no", type: "invalid_request_error"), .openAI(401, "no", type: "invalid_request_error"),
    ]
    private static let refusal = 8

    @Test(arguments: 1...24)
    func afterAnyHistoryASyncBringsEverythingInStep(_ seed: UInt64) async throws {
        try await LoopbackOpenAI.with { openAI in
            var chance = Chance(seed: seed)
            let environment = openAI.environment.merging([
                "SATCHEL_RETRIES": "0", "SATCHEL_KEEP_UNREFERENCED": seed.isMultiple(of: 3) ? "0s" : "24h",
            ]) { $1 }
            let fixture = try WorkspaceFixture(environment: environment, clock: .running())
            let foreign = try await foreignFile(at: openAI)
            var contents: Set<String> = []
            for step in 0..<40 {
                change(fixture.folder, &chance, &contents, step)
                guard chance.below(3) == 0 else { continue }
                openAI.server.clearFaults()
                for _ in 0..<chance.below(4) {
                    let kind = chance.below(Self.faults.count)
                    let fault = Self.faults[kind]
                    // A server that refuses to list its files is never asked whether an upload arrived.
                    let isAnything = chance.below(3) == 0 && kind != Self.refusal
                    let match: LoopbackMatch = isAnything ? "*" : "POST /v1/files"
                    openAI.server.inject(fault, on: match, times: 1 + chance.below(2))
                }
                await disturbedSync(fixture, cancelled: chance.below(5) == 0)
            }
            openAI.server.clearFaults()

            let last = try await fixture.sync { $0.isConfirmed = true }
            #expect(last.failures.isEmpty && last.stop == nil && last.summary.addsUp, "\(last)")
            let next = try await fixture.sync()
            #expect(next.isInStep, "\(next.entries)")
            try await expectInStep(fixture, openAI)
            // Nothing was ever sent twice, and nobody else's file was touched.
            #expect(openAI.uploadCount - 1 <= contents.count || seed.isMultiple(of: 3))
            #expect(openAI.files.contains { $0.id == foreign })

            _ = try await fixture.cleanup { $0.olderThan = 0 }
            try await expectInStep(fixture, openAI)
            let wanted = Set(try await fixture.workspace.list().map(\.digest))
            let held = openAI.files.filter { $0.id != foreign }.map(\.sha256)
            #expect(held.count == wanted.count && Set(held) == wanted, "only what is needed is left, each once")
        }
    }

    /// A file of somebody else in the same account.
    private func foreignFile(at openAI: LoopbackOpenAI) async throws -> String {
        let other = try WorkspaceFixture(["theirs.txt": "theirs\n"], environment: openAI.environment, clock: .running())
        #expect(try await other.sync().summary.uploaded == 1)
        return try #require(openAI.files.first?.id)
    }

    private func change(
        _ folder: TemporaryWorkspace,
        _ chance: inout Chance,
        _ contents: inout Set<String>,
        _ step: Int
    ) {
        let path = Self.paths[chance.below(Self.paths.count)]
        let other = Self.paths[chance.below(Self.paths.count)]
        // A name may be in use as the folder of another: then nothing happens, as with people.
        switch chance.below(8) {
        case 0...3:
            let text = chance.below(4) == 0 ? "common \(chance.below(3))\n" : "text \(step)\n"
            contents.insert(text)
            try? folder.write(path, RawBytes(text))
        case 4: if let bytes = folder.read(path) { try? folder.write(other, RawBytes(bytes)) }
        case 5: try? folder.move(path, to: other)
        case 6: folder.remove(path)
        default: try? folder.move("d", to: chance.below(2) == 0 ? "m" : "d/../n")
        }
    }

    private func disturbedSync(_ fixture: WorkspaceFixture, cancelled: Bool) async {
        let task = Task { try await fixture.sync { $0.isConfirmed = true } }
        if cancelled { task.cancel() }
        if let report = try? await task.value { #expect(report.summary.addsUp, "\(report.summary)") }
    }

    /// Every selected file is linked to its own bytes, and the account has exactly these under the remembered id.
    private func expectInStep(_ fixture: WorkspaceFixture, _ openAI: LoopbackOpenAI) async throws {
        let held = Dictionary(uniqueKeysWithValues: openAI.files.map { ($0.id, $0.sha256) })
        for file in try await fixture.workspace.list() {
            let bytes = try #require(fixture.folder.read(RawBytes(file.path.bytes)))
            #expect(file.digest == independentDigest(of: bytes))
            #expect(file.state == "in_step")
            let id = try #require(file.remotes.first?.remoteID)
            #expect(held[id] == file.digest)
        }
    }
}
