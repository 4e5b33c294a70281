import FoundationEssentials
import SatchelCore
import SatchelTestSupport
@testable import SatchelRemote
import Testing

/// Answers as it is told, one after another, and remembers what it was asked.
final class ScriptedFiles: FileProvider {
    struct Script: Sendable {
        var uploads: [Result<RemoteFile, ProviderError>] = []
        var finds: [Result<RemoteFile?, ProviderError>] = []
        var deletes: [ProviderError?] = []
        var calls: [String] = []
    }

    let script: Watched<Script>

    init(_ script: Script) {
        self.script = Watched(script)
    }

    var traits: ProviderTraits { .openAI }
    var calls: [String] { script.value.calls }

    func upload(_ batch: [Upload]) async -> [Result<RemoteFile, ProviderError>] {
        script.update { script in
            script.calls.append("upload \(batch.count)")
            return batch.map { _ in script.uploads.removeFirst() }
        }
    }

    func list(after cursor: String?) async throws(ProviderError) -> RemotePage { RemotePage(files: [], next: nil) }

    func retrieve(_ id: RemoteFileID) async throws(ProviderError) -> RemoteFile? { nil }

    func delete(_ id: RemoteFileID) async throws(ProviderError) {
        let error = script.update { script in
            script.calls.append("delete")
            return script.deletes.removeFirst()
        }
        if let error { throw error }
    }

    func download(_ id: RemoteFileID, upTo limit: ByteCount) async throws(ProviderError) -> [UInt8] { [] }

    func find(uploadName: String, size: Int64, createdAfter: Date) async throws(ProviderError) -> RemoteFile? {
        let result = script.update { script in
            script.calls.append("find \(uploadName)")
            return script.finds.removeFirst()
        }
        return try result.get()
    }
}

struct RetryingProviderTests {
    private let stored: RemoteFile
    private let waits = Watched<[Double]>([])

    init() throws {
        stored = RemoteFile(id: try #require(RemoteFileID("file-1")), name: "a", size: 1)
    }

    private func retrying(_ base: ScriptedFiles, _ policy: RetryPolicy = RetryPolicy()) -> RetryingProvider {
        RetryingProvider(
            base,
            policy: policy,
            surroundings: RetryingProvider.Surroundings(
                now: { Date(timeIntervalSince1970: 0) },
                sleep: { _ in },
                jitter: { 0 }
            ),
            onWait: { [waits] seconds, _ in waits.update { $0.append(seconds) } }
        )
    }

    private func failure(_ kind: ProviderError.Kind) -> Result<RemoteFile, ProviderError> {
        .failure(ProviderError(kind, "x"))
    }

    private func kind(_ result: Result<RemoteFile, ProviderError>?) -> ProviderError.Kind? {
        if case .failure(let error)? = result { error.kind } else { nil }
    }

    @Test func whatWorksIsAskedOnce() async {
        let base = ScriptedFiles(.init(uploads: [.success(stored)]))
        #expect(await retrying(base).upload([upload([1])]) == [.success(stored)])
        #expect(base.calls == ["upload 1"])
        #expect(waits.value.isEmpty)
    }

    @Test func aRefusalForGoodIsNotRepeated() async {
        for refusal in [ProviderError.Kind.rejected, .unauthorised, .quota, .tooLarge, .changed] {
            let base = ScriptedFiles(.init(uploads: [failure(refusal)]))
            #expect(kind(await retrying(base).upload([upload([1])]).first) == refusal)
            #expect(base.calls == ["upload 1"])
        }
    }

    @Test func aServersWishIsGranted() async {
        let base = ScriptedFiles(.init(uploads: [failure(.rateLimited(retryAfter: 7)), .success(stored)]))
        #expect(await retrying(base).upload([upload([1])]) == [.success(stored)])
        #expect(base.calls == ["upload 1", "upload 1"])
        #expect(waits.value == [7])
    }

    @Test func aLostAnswerIsLookedForBeforeAnythingIsSentAgain() async {
        let base = ScriptedFiles(.init(uploads: [failure(.answerLost)], finds: [.success(stored)]))
        #expect(await retrying(base).upload([upload([1], named: "n")]) == [.success(stored)])
        #expect(base.calls == ["upload 1", "find n"])
    }

    @Test func whatIsNotThereIsSentAgain() async {
        let base = ScriptedFiles(
            .init(uploads: [failure(.temporary(retryAfter: nil)), .success(stored)], finds: [.success(nil)])
        )
        #expect(await retrying(base).upload([upload([1], named: "n")]) == [.success(stored)])
        #expect(base.calls == ["upload 1", "find n", "upload 1"])
        #expect(waits.value == [0.5])
    }

    @Test func aCopyOfOtherBytesIsNotTakenForTheUpload() async {
        var changed = ProviderError(.changed, "changed while it was sent")
        changed.leftAnother = true
        let base = ScriptedFiles(.init(uploads: [failure(.answerLost), .failure(changed)], finds: [.success(nil)]))
        #expect(await retrying(base).upload([upload([1], named: "n")]) == [.failure(changed)])
        #expect(base.calls == ["upload 1", "find n", "upload 1"])
    }

    @Test func whatIsNotToBeTriedAgainIsStillLookedFor() async {
        var final = ProviderError(.temporary(retryAfter: nil), "x")
        final.isFinal = true
        let arrived = ScriptedFiles(.init(uploads: [.failure(final)], finds: [.success(stored)]))
        #expect(await retrying(arrived).upload([upload([1], named: "n")]) == [.success(stored)])
        let absent = ScriptedFiles(.init(uploads: [.failure(final)], finds: [.success(nil)]))
        #expect(await retrying(absent).upload([upload([1], named: "n")]) == [.failure(final)])
        #expect(absent.calls == ["upload 1", "find n"])
    }

    @Test func nothingIsSentAgainWhileItIsNotKnownWhetherItArrived() async {
        let blind = ProviderError(.unreachable, "x")
        let base = ScriptedFiles(
            .init(uploads: [failure(.answerLost)], finds: [.failure(blind), .failure(blind), .failure(blind)])
        )
        // What the question met is not what became of the upload.
        #expect(kind(await retrying(base).upload([upload([1], named: "n")]).first) == .answerLost)
        #expect(base.calls == ["upload 1", "find n", "find n", "find n"])
    }

    @Test func aDoubtStaysWhateverALaterTryMeets() async {
        let base = ScriptedFiles(
            .init(uploads: [failure(.answerLost), failure(.unreachable)], finds: [.success(nil), .success(stored)])
        )
        #expect(await retrying(base).upload([upload([1], named: "n")]) == [.success(stored)])
        #expect(base.calls == ["upload 1", "find n", "upload 1", "find n"])
    }

    @Test func theLastLostAnswerIsLookedForToo() async {
        let base = ScriptedFiles(.init(uploads: [failure(.badReply)], finds: [.success(stored)]))
        #expect(await retrying(base).upload([upload([1], named: "n")]) == [.success(stored)])
        #expect(waits.value.isEmpty)
    }

    @Test func itEndsAfterTheLastRetry() async {
        let limited = failure(.rateLimited(retryAfter: nil))
        let base = ScriptedFiles(.init(uploads: [limited, limited, limited]))
        #expect(kind(await retrying(base).upload([upload([1])]).first) == .rateLimited(retryAfter: nil))
        #expect(waits.value == [0.5, 1])
    }

    @Test func onlyTheFailedOnesOfABatchAreSentAgain() async {
        let limited = failure(.rateLimited(retryAfter: 1))
        let base = ScriptedFiles(
            .init(uploads: [.success(stored), limited, failure(.rejected), limited, .success(stored), .success(stored)])
        )
        let results = await retrying(base).upload([upload([1]), upload([2]), upload([3]), upload([4])])
        #expect(results.map { kind($0) } == [nil, nil, .rejected, nil])
        #expect(base.calls == ["upload 4", "upload 2"])
        #expect(waits.value == [1])
    }

    @Test func aCancelledWaitEndsIt() async {
        let base = ScriptedFiles(.init(uploads: [failure(.rateLimited(retryAfter: 60))]))
        let provider = RetryingProvider(base, surroundings: .init(sleep: { _ in throw CancellationError() }))
        #expect(kind(await provider.upload([upload([1])]).first) == .cancelled)
    }

    @Test func deletingIsTriedAgain() async throws {
        let busy = ProviderError(.temporary(retryAfter: nil), "x")
        let base = ScriptedFiles(.init(deletes: [busy, busy, nil]))
        try await retrying(base).delete(stored.id)
        #expect(base.calls.count == 3)
        let broken = ScriptedFiles(.init(deletes: [busy, busy, busy]))
        await #expect(throws: busy) { try await retrying(broken).delete(stored.id) }
    }
}
