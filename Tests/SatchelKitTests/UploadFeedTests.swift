import FoundationEssentials
import SatchelCore
import SatchelTestSupport
import Testing

@testable import SatchelKit
@testable import SatchelManifest

/// What is handed out to be sent: each upload of the plan, once.
@Suite struct UploadFeedTests {
    @Test func theLastOnesAreWaitedForWhileTheirIntentsAreWritten() async throws {
        try await TemporaryWorkspace.with([:]) { folder in
            let manifest = try Manifest(at: folder.root + "/manifest.db")
            let account = try await manifest.account(
                provider: .openai,
                baseURL: "http://127.0.0.1",
                keyFingerprint: "1",
                label: "openai",
                at: Date(timeIntervalSince1970: 1_800_000_000)
            )
            // Intents are written 32 at a time: the 33rd is on its way when it is asked for.
            let uploads = try (0..<33).map { index in
                let path = try #require(WorkspacePath(Array("f\(index).txt".utf8)))
                return (path: path, reason: UploadReason.newFile, upload: Upload.of(RawBytes("\(index)\n")))
            }
            let feed = UploadFeed(uploads, manifest: manifest, account: account, batch: 1) {
                Date(timeIntervalSince1970: 1_800_000_000)
            }
            #expect(try await feed.next(32).count == 32)
            #expect(try await feed.next(1).map(\.path) == [uploads[32].path])
            #expect(try await feed.next(1).isEmpty)
        }
    }
}
