package import FoundationEssentials
package import SatchelCore
import Synchronization

/// A provider in memory that does as it is told: fails, loses answers, stalls, expires; and records every call.
package final class ScriptedProvider: FileProvider {
    package enum Verb: Hashable, Sendable {
        case upload
        case list
        case retrieve
        case delete
        case download
        case find
    }

    package enum Call: Hashable, Sendable {
        case upload(name: String, digest: ContentDigest, expiresAfter: Int64?)
        case list(after: String?)
        case retrieve(RemoteFileID)
        case delete(RemoteFileID)
        case download(RemoteFileID)
        case find(name: String)

        package var verb: Verb {
            switch self {
            case .upload: .upload
            case .list: .list
            case .retrieve: .retrieve
            case .delete: .delete
            case .download: .download
            case .find: .find
            }
        }
    }

    /// What one call meets, in place of plain success.
    package enum Step: Sendable {
        case succeed
        /// Nothing is done.
        case fail(ProviderError)
        /// It is done, but the caller is told this.
        case failAfterwards(ProviderError)
        /// Wait at the gate, then do it.
        case stall(TestGate)
        /// Upload only: the copy is still being processed when the answer comes, whatever the protocol promises.
        case leaveProcessing
    }

    private struct Stored: Sendable {
        var file: RemoteFile
        var bytes: [UInt8]
        var expiresAt: Date?

        func isLive(at now: Date) -> Bool { expiresAt.map { $0 > now } ?? true }
    }

    private struct State: Sendable {
        var stored: [Stored] = []
        var steps: [Verb: [Step]] = [:]
        var lastNumber = 0
    }

    package let traits: ProviderTraits
    private let clock: TestClock
    private let state = Mutex(State())
    private let recorded = Watched<[Call]>([])

    package init(traits: ProviderTraits = .scripted, clock: TestClock = TestClock()) {
        self.traits = traits
        self.clock = clock
    }

    // MARK: For tests

    /// Queues what the next calls of that verb meet; after the last of them calls succeed again.
    package func script(_ verb: Verb, _ steps: Step...) {
        state.withLock { $0.steps[verb, default: []] += steps }
    }

    /// Whether any copy has ended by itself.
    package var hasExpired: Bool {
        let now = clock.now
        return state.withLock { state in state.stored.contains { !$0.isLive(at: now) } }
    }

    /// From now on calls succeed again.
    package func forgetScripts() { state.withLock { $0.steps = [:] } }

    package var calls: [Call] { recorded.value }

    package func calls(_ verb: Verb) -> [Call] { calls.filter { $0.verb == verb } }

    /// Waits for the `count`-th call of that verb, as soon as it is made.
    @discardableResult
    package func call(_ verb: Verb, count: Int = 1, within limit: Duration = .seconds(120)) async throws -> Call {
        try await recorded.first("call \(count) of \(verb)", within: limit) { calls in
            let matching = calls.filter { $0.verb == verb }
            return matching.count >= count ? matching[count - 1] : nil
        }
    }

    /// What the account holds and has not expired, oldest first.
    package var files: [RemoteFile] {
        let now = clock.now
        return state.withLock { $0.stored.filter { $0.isLive(at: now) }.map(\.file) }
    }

    package func bytes(of id: RemoteFileID) -> [UInt8]? {
        state.withLock { $0.stored.first { $0.file.id == id }?.bytes }
    }

    /// Makes a copy vanish as if it had expired or somebody else had deleted it.
    package func forget(_ id: RemoteFileID) { state.withLock { $0.stored.removeAll { $0.file.id == id } } }

    /// Puts a file there that Satchel did not upload.
    @discardableResult
    package func plant(name: String, bytes: RawBytes) -> RemoteFile {
        keep(name: name, bytes: bytes.bytes, expiresAfter: nil, purpose: nil)
    }

    // MARK: FileProvider

    package func upload(_ batch: [Upload]) async -> [Result<RemoteFile, ProviderError>] {
        var results: [Result<RemoteFile, ProviderError>] = []
        for upload in batch {
            do throws(ProviderError) {
                results.append(.success(try await send(upload)))
            } catch {
                results.append(.failure(error))
            }
        }
        return results
    }

    private func send(_ upload: Upload) async throws(ProviderError) -> RemoteFile {
        let step = try await meet(
            .upload(name: upload.name, digest: upload.digest, expiresAfter: upload.expiresAfter)
        )
        let source = upload.source
        let bytes: [UInt8]
        switch await offPool({ readAll(source) }) {
        case .success(let whole): bytes = whole
        case .failure(let error): throw ProviderError(.source(error.kind), error.message)
        }
        guard independentDigest(of: bytes) == upload.digest else {
            throw ProviderError(.changed, "the file changed while it was sent")
        }
        var file = keep(name: upload.name, bytes: bytes, expiresAfter: upload.expiresAfter, purpose: "user_data")
        if case .leaveProcessing = step {
            file.state = .processing
            let changed = file
            state.withLock { state in
                for index in state.stored.indices where state.stored[index].file.id == changed.id {
                    state.stored[index].file = changed
                }
            }
        }
        if case .failAfterwards(let error) = step { throw error }
        return file
    }

    package func list(after cursor: String?) async throws(ProviderError) -> RemotePage {
        try await doing(.list(after: cursor)) {
            var files = self.files[...]
            if let cursor { files = files.drop { $0.id.rawValue != cursor }.dropFirst() }
            let page = Array(files.prefix(self.traits.listPage))
            return RemotePage(files: page, next: page.count < files.count ? page.last?.id.rawValue : nil)
        }
    }

    package func retrieve(_ id: RemoteFileID) async throws(ProviderError) -> RemoteFile? {
        try await doing(.retrieve(id)) { self.files.first { $0.id == id } }
    }

    package func delete(_ id: RemoteFileID) async throws(ProviderError) {
        try await doing(.delete(id)) { self.forget(id) }
    }

    package func download(_ id: RemoteFileID, upTo limit: ByteCount) async throws(ProviderError) -> [UInt8] {
        let bytes = try await doing(.download(id)) { self.files.contains { $0.id == id } ? self.bytes(of: id) : nil }
        guard traits.canDownload else { throw ProviderError(.unsupported, "uploads cannot be downloaded here") }
        guard let bytes else { throw ProviderError(.gone, "no such file: \(id)", status: 404) }
        guard bytes.count <= limit.bytes else { throw ProviderError(.tooLarge, "larger than \(limit)") }
        return bytes
    }

    package func find(uploadName: String, size: Int64, createdAfter: Date) async throws(ProviderError) -> RemoteFile? {
        try await doing(.find(name: uploadName)) {
            self.files.last { file in
                file.name == uploadName && file.size == size && file.createdAt.map { $0 >= createdAfter } ?? true
            }
        }
    }

    // MARK: Scripts

    private func doing<Result: Sendable>(
        _ call: Call,
        _ effect: @Sendable () -> Result
    ) async throws(ProviderError) -> Result {
        let step = try await meet(call)
        let result = effect()
        if case .failAfterwards(let error) = step { throw error }
        return result
    }

    private func meet(_ call: Call) async throws(ProviderError) -> Step {
        recorded.update { $0.append(call) }
        let step = state.withLock { state -> Step in
            guard let steps = state.steps[call.verb], !steps.isEmpty else { return .succeed }
            return state.steps[call.verb]?.removeFirst() ?? .succeed
        }
        switch step {
        case .fail(let error):
            throw error
        case .stall(let gate):
            do {
                try await gate.pass()
            } catch {
                throw ProviderError(.cancelled, "cancelled while it was stalled")
            }
        case .succeed, .failAfterwards, .leaveProcessing:
            break
        }
        return step
    }

    private func keep(name: String, bytes: [UInt8], expiresAfter: Int64?, purpose: String?) -> RemoteFile {
        let now = clock.now
        return state.withLock { state in
            state.lastNumber += 1
            guard let id = RemoteFileID("file-\(state.lastNumber)") else { preconditionFailure("never empty") }
            let expiresAt = expiresAfter.map { now.addingTimeInterval(TimeInterval($0)) }
            let file = RemoteFile(
                id: id,
                name: name,
                size: Int64(bytes.count),
                createdAt: now,
                expiresAt: expiresAt,
                purpose: purpose
            )
            state.stored.append(Stored(file: file, bytes: bytes, expiresAt: expiresAt))
            return file
        }
    }
}

private func readAll(_ source: any UploadSource) -> Result<[UInt8], SourceError> {
    Result { () throws(SourceError) in
        let reader = try source.open()
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            var failure: SourceError?
            let count = piece.withUnsafeMutableBytes { buffer -> Int in
                do throws(SourceError) {
                    return try reader.read(into: buffer)
                } catch {
                    failure = error
                    return 0
                }
            }
            if let failure { throw failure }
            if count == 0 { return bytes }
            bytes += piece.prefix(count)
        }
    }
}

extension ProviderTraits {
    /// Takes everything, expires within OpenAI's bounds, lets uploads be fetched back.
    package static var scripted: ProviderTraits {
        ProviderTraits(
            provider: .openai,
            expiry: .settable(3600...2_592_000),
            maxFileSize: nil,
            acceptedMedia: Set(MediaType.allCases),
            naming: .asIs,
            canDownload: true,
            canReferImages: true,
            canReferFiles: true
        )
    }
}
