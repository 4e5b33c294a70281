package import FoundationEssentials
package import SatchelCore

/// A provider that tries again what may succeed later, and sends nothing twice that may have arrived.
///
/// When the answer to an upload was lost, the copy is looked for by its upload name first and adopted if it is there.
package struct RetryingProvider: FileProvider {
    /// The world that retrying needs, so that tests need not wait.
    package struct Surroundings: Sendable {
        package var now: @Sendable () -> Date
        /// Waits so many seconds; throws when the task is cancelled.
        package var sleep: @Sendable (Double) async throws -> Void
        /// From 0 up to 1.
        package var jitter: @Sendable () -> Double

        package init(
            now: @escaping @Sendable () -> Date = { Date() },
            sleep: @escaping @Sendable (Double) async throws -> Void = { try await Task.sleep(for: .seconds($0)) },
            jitter: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) }
        ) {
            self.now = now
            self.sleep = sleep
            self.jitter = jitter
        }
    }

    private let base: any FileProvider
    private let policy: RetryPolicy
    private let surroundings: Surroundings
    private let onWait: @Sendable (_ seconds: Double, _ reason: ProviderError) -> Void

    /// - Parameters:
    ///   - base: does the work.
    ///   - policy: how often and how soon.
    ///   - surroundings: clock, sleep and chance.
    ///   - onWait: told before each wait, so that a person learns why nothing happens.
    package init(
        _ base: any FileProvider,
        policy: RetryPolicy = RetryPolicy(),
        surroundings: Surroundings = Surroundings(),
        onWait: @escaping @Sendable (_ seconds: Double, _ reason: ProviderError) -> Void = { _, _ in }
    ) {
        self.base = base
        self.policy = policy
        self.surroundings = surroundings
        self.onWait = onWait
    }

    package var traits: ProviderTraits { base.traits }

    package var serverTime: Date? { base.serverTime }

    package func upload(_ batch: [Upload]) async -> [Result<RemoteFile, ProviderError>] {
        let started = surroundings.now()
        var results = await base.upload(batch)
        var attempt = 1
        // Uploads that may have arrived: that does not change by what a later try meets.
        var doubtful: Set<Int> = []
        // Those of them about which the account could not be asked since.
        var unasked: Set<Int> = []
        while true {
            doubtful.formUnion(results.indices.filter { results[$0].error?.mayHaveArrived == true })
            let waits = delays(after: results, attempt: attempt)
            if !waits.isEmpty, let longest = waits.values.max(by: { $0.seconds < $1.seconds }) {
                guard await wait(longest.seconds, because: longest.error) else {
                    for index in waits.keys { results[index] = .failure(ProviderError(.cancelled, "cancelled")) }
                    return results
                }
            }
            // The last look is for those that are given up, too: what arrived is no failure.
            var resend: [Int] = []
            for index in results.indices where results[index].error != nil {
                // By name and size it could not be told from what was to be sent; the next run sees to it.
                if results[index].error?.leftAnother == true { continue }
                let mayResend = waits[index] != nil
                guard doubtful.contains(index) else {
                    if mayResend { resend.append(index) }
                    continue
                }
                switch await look(for: batch[index], since: started) {
                case .success(let found?): results[index] = .success(found)
                case .success(nil):
                    unasked.remove(index)
                    if mayResend { resend.append(index) }
                // Whether it is there is not known, so it is not sent; the next round looks again.
                case .failure(let error):
                    unasked.insert(index)
                    if mayResend, error.isRetryable { results[index] = .failure(error) }
                }
            }
            guard !waits.isEmpty else {
                for index in unasked { results[index] = stillDoubtful(results[index]) }
                return results
            }
            let again = resend.isEmpty ? [] : await base.upload(resend.map { batch[$0] })
            for (index, result) in zip(resend, again) { results[index] = result }
            attempt += 1
        }
    }

    /// An upload that may have arrived and that nobody could be asked about: what the question met is no answer to it.
    ///
    /// It must not pass for an upload that did not arrive, or the next run would send it without looking.
    private func stillDoubtful(_ result: Result<RemoteFile, ProviderError>) -> Result<RemoteFile, ProviderError> {
        guard case .failure(var error) = result, !error.mayHaveArrived else { return result }
        error.kind = .answerLost
        return .failure(error)
    }

    package func list(after cursor: String?) async throws(ProviderError) -> RemotePage {
        try await retrying { () async throws(ProviderError) in try await base.list(after: cursor) }
    }

    package func retrieve(_ id: RemoteFileID) async throws(ProviderError) -> RemoteFile? {
        try await retrying { () async throws(ProviderError) in try await base.retrieve(id) }
    }

    package func retrieve(_ ids: [RemoteFileID]) async throws(ProviderError) -> [RemoteFile] {
        try await retrying { () async throws(ProviderError) in try await base.retrieve(ids) }
    }

    package func probe() async throws(ProviderError) -> FilesAbility {
        try await retrying { () async throws(ProviderError) in try await base.probe() }
    }

    package func delete(_ id: RemoteFileID) async throws(ProviderError) {
        try await retrying { () async throws(ProviderError) in try await base.delete(id) }
    }

    package func download(_ id: RemoteFileID, upTo limit: ByteCount) async throws(ProviderError) -> [UInt8] {
        try await retrying { () async throws(ProviderError) in try await base.download(id, upTo: limit) }
    }

    package func find(_ upload: Upload, createdAfter: Date) async throws(ProviderError) -> RemoteFile? {
        try await retrying { () async throws(ProviderError) in try await base.find(upload, createdAfter: createdAfter) }
    }

    package func find(
        uploadName: String,
        size: Int64,
        createdAfter: Date
    ) async throws(ProviderError) -> RemoteFile? {
        try await retrying { () async throws(ProviderError) in
            try await base.find(uploadName: uploadName, size: size, createdAfter: createdAfter)
        }
    }

    private func retrying<Value>(
        _ work: () async throws(ProviderError) -> Value
    ) async throws(ProviderError) -> Value {
        var attempt = 1
        while true {
            do throws(ProviderError) {
                return try await work()
            } catch {
                guard let seconds = policy.delay(after: error, attempt: attempt, jitter: surroundings.jitter()) else {
                    throw error
                }
                guard await wait(seconds, because: error) else { throw ProviderError(.cancelled, "cancelled") }
                attempt += 1
            }
        }
    }

    /// The wait that each failure is worth; none for what is not to be tried again.
    private func delays(
        after results: [Result<RemoteFile, ProviderError>],
        attempt: Int
    ) -> [Int: (seconds: Double, error: ProviderError)] {
        var delays: [Int: (seconds: Double, error: ProviderError)] = [:]
        for (index, result) in results.enumerated() {
            guard let error = result.error,
                let seconds = policy.delay(after: error, attempt: attempt, jitter: surroundings.jitter())
            else { continue }
            delays[index] = (seconds, error)
        }
        return delays
    }

    private func look(for upload: Upload, since: Date) async -> Result<RemoteFile?, ProviderError> {
        do throws(ProviderError) {
            return .success(try await base.find(upload, createdAfter: since))
        } catch {
            return .failure(error)
        }
    }

    /// False when the task was cancelled meanwhile.
    private func wait(_ seconds: Double, because reason: ProviderError) async -> Bool {
        onWait(seconds, reason)
        do {
            try await surroundings.sleep(seconds)
            return !Task.isCancelled
        } catch {
            return false
        }
    }
}

extension Result {
    fileprivate var error: Failure? { if case .failure(let error) = self { error } else { nil } }
}
