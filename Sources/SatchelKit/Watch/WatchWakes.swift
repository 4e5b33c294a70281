internal import SatchelCore
internal import SatchelWorkspace
internal import Synchronization

/// Everything that wakes a watch, as one stream: settled batches, the rescan timer, retries.
final class WatchWakes: Sendable {
    enum Wake: Sendable {
        case batch(WatchBatch)
        case rescan
        case retry
        /// The service manager wants to know whether the loop is alive.
        case pulse
        /// A pause is over.
        case resumed
        /// Something is due by the clock.
        case chores
        /// Another process asks for something.
        case request(ControlServer.Request)
    }

    let stream: AsyncStream<Wake>
    private let continuation: AsyncStream<Wake>.Continuation
    private let watcher: Watcher
    private let tasks: Mutex<[Task<Void, Never>]> = Mutex([])
    private let retrying = Mutex(false)
    /// Whether a pulse is on its way.
    private let pulsing = Mutex(false)
    /// Whether the more frequent timer runs.
    private let rescanning = Mutex(false)

    /// How often everything is looked at while some folders cannot be watched.
    private static let oftenEnough: Duration = .seconds(30)

    init(_ watcher: Watcher, rescan: Duration) {
        self.watcher = watcher
        // Unbounded, yet small: batches are coalesced by the watcher until they are taken, and each timer has at most
        // one wake on its way.
        (stream, continuation) = AsyncStream.makeStream(of: Wake.self)
        let batches = Task { [continuation] in
            for await batch in watcher.batches { continuation.yield(.batch(batch)) }
            continuation.finish()
        }
        tasks.withLock { $0.append(batches) }
        repeatRescan(every: rescan)
    }

    /// Passes on what other processes ask; `answers` takes what needs no turn of its own.
    func follow(_ server: ControlServer, unless answers: @escaping @Sendable (ControlServer.Request) -> Bool) {
        let task = Task { [continuation] in
            for await request in server.requests where !answers(request) {
                continuation.yield(.request(request))
            }
        }
        tasks.withLock { $0.append(task) }
    }

    func wake(_ wake: Wake) { continuation.yield(wake) }

    /// Sends one pulse through the loop, unless one is on its way: a hung loop must not be buried in them.
    func pulse() {
        let isFirst = pulsing.withLock { value in
            defer { value = true }
            return !value
        }
        if isFirst { continuation.yield(.pulse) }
    }

    func pulseWasTaken() { pulsing.withLock { $0 = false } }

    func rescanOften() {
        let isFirst = rescanning.withLock { value in
            defer { value = true }
            return !value
        }
        if isFirst { repeatRescan(every: Self.oftenEnough) }
    }

    /// Wakes once after so many seconds; nothing when a retry is on its way already.
    func retry(after seconds: Double) {
        let isFirst = retrying.withLock { value in
            defer { value = true }
            return !value
        }
        guard isFirst else { return }
        let task = Task { [weak self] in
            try? await Task.sleep(for: .seconds(seconds))
            guard let self, !Task.isCancelled else { return }
            self.retrying.withLock { $0 = false }
            self.continuation.yield(.retry)
        }
        tasks.withLock { $0.append(task) }
    }

    /// Ends the stream and the watcher.
    ///
    /// Idempotent.
    func stop() async {
        for task in tasks.withLock({ $0 }) { task.cancel() }
        continuation.finish()
        watcher.stop()
        await watcher.finished()
    }

    private func repeatRescan(every interval: Duration) {
        guard interval > .zero else { return }
        let task = Task { [continuation] in
            while !Task.isCancelled {
                try? await Task.sleep(for: interval)
                guard !Task.isCancelled else { return }
                continuation.yield(.rescan)
            }
        }
        tasks.withLock { $0.append(task) }
    }
}
