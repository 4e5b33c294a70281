import SatchelTestSupport
import Testing

/// `remote ls` and `remote verify`: what the account really holds.
@Suite(.timeLimit(.minutes(2)))
struct RemoteTests {
    struct Listing: Decodable {
        struct File: Decodable {
            var remoteId: String
            var name: String
            var owner: String
            var bytes: Int64?
            var sha256: String?
            var path: String?
        }

        struct Sum: Decodable {
            var files: Int
            var bytes: Int64
        }

        var files: [File]
        var summary: [String: Sum]
    }

    struct Verification: Decodable {
        struct Copy: Decodable {
            var remoteId: String
            var path: String?
            var reason: String
        }

        var ok: Bool
        var present: Int
        var expired: Int
        var missing: [Copy]
    }

    @Test func theListingSaysWhoseEachFileIs() async throws {
        try await AtOpenAI.with(["a.txt": "mine\n"]) { at in
            _ = try await at.satchel.sync()
            try await RunningSatchel.initialised(["b.txt": "theirs\n"], environment: at.openAI.environment) { other in
                _ = try await other.sync()
            }
            let listing: Listing = try await at.satchel.document(["remote", "ls"])
            #expect(listing.files.count == 2)
            let mine = try #require(listing.files.first { $0.owner == "ours" })
            #expect(mine.path == "a.txt")
            #expect(mine.sha256 == "\(independentDigest(of: Array("mine\n".utf8)))")
            let theirs = try #require(listing.files.first { $0.owner == "foreign" })
            #expect(theirs.path == nil && theirs.sha256 == nil)
            #expect(theirs.bytes == 7)
            #expect(listing.summary["ours"]?.files == 1)
            #expect(listing.summary["foreign"]?.bytes == 7)
            let only: Listing = try await at.satchel.document(["remote", "ls", "--only", "foreign"])
            #expect(only.files.map(\.remoteId) == [theirs.remoteId])
            #expect(only.summary["ours"]?.files == 1)
        }
    }

    @Test func aListingOfManyPagesIsWhole() async throws {
        let files = Dictionary(uniqueKeysWithValues: (0..<25).map { (RawBytes("f\($0).txt"), RawBytes("\($0)\n")) })
        try await AtOpenAI.with(files) { at in
            _ = try await at.satchel.sync()
            at.openAI.maxPage = 7
            let text = try await at.satchel.run(["remote", "ls"]).check()
            #expect(text.stdout.split(separator: "\n").count == 25)
            #expect(text.stderr.contains("25 ours"))
        }
    }

    @Test(arguments: [3, 30]) func whatIsMissingIsForgottenAndUploadedAgain(count: Int) async throws {
        let files = Dictionary(uniqueKeysWithValues: (0..<count).map { (RawBytes("f\($0).txt"), RawBytes("\($0)\n")) })
        try await AtOpenAI.with(files) { at in
            _ = try await at.satchel.sync()
            let whole: Verification = try await at.satchel.document(["remote", "verify"])
            #expect(whole.ok && whole.present == count && whole.missing.isEmpty)
            let gone = try #require(at.openAI.files.first)
            at.openAI.store.forget(gone.id)
            let found: Verification = try await at.satchel.document(["remote", "verify"], status: 1)
            #expect(found.present == count - 1)
            #expect(found.missing.map(\.remoteId) == [gone.id])
            #expect(found.missing.first?.reason == "not there")
            #expect(found.missing.first?.path != nil)
            let sync = try await at.satchel.sync()
            #expect(sync.summary.uploaded == 1)
            try at.expectHeld(files.keys.map { $0 })
        }
    }

    @Test func expiredCopiesAreNotTakenForMissing() async throws {
        try await AtOpenAI.with(["a.txt": "a\n"], environment: ["SATCHEL_TTL": "1h"]) { at in
            // What the account stores now has ended an hour ago by everybody else's clock.
            at.openAI.store.clock.advance(by: -7200)
            _ = try await at.satchel.sync()
            at.openAI.store.clock.advance(by: 7200)
            let found: Verification = try await at.satchel.document(["remote", "verify"])
            #expect(found.expired == 1)
            #expect(found.missing.isEmpty)
        }
    }

    @Test func anAccountThatCannotBeAskedLosesNothing() async throws {
        try await AtOpenAI.with(["a.txt": "a\n"], environment: ["SATCHEL_RETRIES": "0"]) { at in
            _ = try await at.satchel.sync()
            at.server.inject(.openAI(500, "no"), on: "GET /v1/files/*")
            _ = try await at.satchel.failure("remote", "verify", status: 6)
            let whole: Verification = try await at.satchel.document(["remote", "verify"])
            #expect(whole.present == 1)
        }
    }

    @Test func theLocalStoreIsListedAndVerifiedToo() async throws {
        try await RunningSatchel.initialised(["a.txt": "a\n"]) { satchel in
            _ = try await satchel.sync()
            let listing: Listing = try await satchel.document(["remote", "ls"])
            #expect(listing.files.map(\.owner) == ["ours"])
            let whole: Verification = try await satchel.document(["remote", "verify"])
            #expect(whole.ok && whole.present == 1)
        }
    }
}
