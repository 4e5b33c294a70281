import FoundationEssentials
import SatchelCore
import SatchelTestSupport
import Synchronization

/// A provider before which the process dies at some call: from then on nothing reaches it any more.
///
/// What the process still writes afterwards never happened: whoever crashes takes a copy of its memory at that moment.
final class CrashingProvider: FileProvider {
    enum Moment: Sendable {
        case beforeTheCall
        /// The provider has done it, and nobody hears of it.
        case afterTheCall
    }

    private let base: any FileProvider
    private let moment: Moment
    private let crash: @Sendable () -> Void
    private let callsLeft: Mutex<Int>

    /// - Parameters:
    ///   - base: what the calls reach until then.
    ///   - call: the number of the fatal call, from 1.
    ///   - moment: whether that call is still carried out.
    ///   - crash: takes the copy.
    init(_ base: any FileProvider, at call: Int, _ moment: Moment, crash: @escaping @Sendable () -> Void) {
        self.base = base
        self.moment = moment
        self.crash = crash
        callsLeft = Mutex(call)
    }

    /// Whether it came to that.
    var hasCrashed: Bool { callsLeft.withLock { $0 <= 0 } }

    var traits: ProviderTraits { base.traits }

    private func meet<Value>(_ call: () async throws(ProviderError) -> Value) async throws(ProviderError) -> Value {
        let left = callsLeft.withLock { left in
            left -= 1
            return left
        }
        guard left > 0 else {
            if left == 0 {
                if moment == .afterTheCall { _ = try? await call() }
                crash()
            }
            throw ProviderError(.cancelled, "the process is dead")
        }
        return try await call()
    }

    func upload(_ batch: [Upload]) async -> [Result<RemoteFile, ProviderError>] {
        do throws(ProviderError) {
            return try await meet { () async throws(ProviderError) in await base.upload(batch) }
        } catch {
            return batch.map { _ in .failure(error) }
        }
    }

    func list(after cursor: String?) async throws(ProviderError) -> RemotePage {
        try await meet { () async throws(ProviderError) in try await base.list(after: cursor) }
    }

    func retrieve(_ id: RemoteFileID) async throws(ProviderError) -> RemoteFile? {
        try await meet { () async throws(ProviderError) in try await base.retrieve(id) }
    }

    func delete(_ id: RemoteFileID) async throws(ProviderError) {
        try await meet { () async throws(ProviderError) in try await base.delete(id) }
    }

    func download(_ id: RemoteFileID, upTo limit: ByteCount) async throws(ProviderError) -> [UInt8] {
        try await meet { () async throws(ProviderError) in try await base.download(id, upTo: limit) }
    }

    func find(uploadName: String, size: Int64, createdAfter: Date) async throws(ProviderError) -> RemoteFile? {
        try await meet { () async throws(ProviderError) in
            try await base.find(uploadName: uploadName, size: size, createdAfter: createdAfter)
        }
    }
}
