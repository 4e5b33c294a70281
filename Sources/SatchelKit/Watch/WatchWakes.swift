internal import SatchelCore
internal import SatchelWorkspace
internal import Synchronization

/// Everything that wakes a watch, as one stream: settled batches, its timers, and what others ask.
final class WatchWakes: Sendable {
    enum Wake: Sendable {
        case batch(WatchBatch)
        /// Everything is to be looked at: its time has come.
        case rescan
        /// The same, because somebody asked for it.
        case asked
        case retry
        /// The service manager wants to know whether the loop is alive.
        case pulse
        /// A pause is over.
        case resumed
        /// Something is due by the clock.
        case chores
        /// Files that were still being written to may have come to rest.
        case rested
        /// Another process asks for something.
        case request(ControlServer.Request)
    }

    let stream: AsyncStream<Wake>
    let rescan, retry, rested: Alarm<ContinuousClock.Instant>
    private let continuation: AsyncStream<Wake>.Continuation
    private let watcher: Watcher
    private let tasks: Mutex<[Task<Void, Never>]> = Mutex([])
    /// Batches on their way.
    private let batches = Mutex(0)
    /// Whether a pulse is on its way.
    private let pulsing = Mutex(false)
    private let batchTaken = Turn()
    private let askTaken = Turn()

    /// One element of `asked` for each time that somebody wants everything looked at.
    init(_ watcher: Watcher, asked: AsyncStream<Void>) {
        self.watcher = watcher
        // Unbounded, yet small: of batches and of asks, one is on its way and the rest grows together where it comes
        // from, and each timer has at most one wake on its way.
        let (stream, continuation) = AsyncStream.makeStream(of: Wake.self)
        (self.stream, self.continuation) = (stream, continuation)
        (rescan, retry, rested) = (
            Alarm { continuation.yield(.rescan) }, Alarm { continuation.yield(.retry) },
            Alarm { continuation.yield(.rested) }
        )
        let following = Task { [weak self, batchTaken] in
            for await batch in watcher.batches {
                self?.batches.withLock { $0 += 1 }
                continuation.yield(.batch(batch))
                await batchTaken.wait()
            }
            continuation.finish()
        }
        let asking = Task { [askTaken] in
            for await _ in asked {
                continuation.yield(.asked)
                await askTaken.wait()
            }
        }
        tasks.withLock { $0 += [following, asking] }
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

    /// To be told of each wake when it is taken from the stream: the next of its kind may come.
    func wasTaken(_ wake: Wake) {
        switch wake {
        case .pulse: pulsing.withLock { $0 = false }
        case .batch: batchTaken.pass()
        case .asked: askTaken.pass()
        case .rescan, .retry, .resumed, .chores, .rested, .request: return
        }
    }

    /// Whether there are changes that the loop has not come to yet.
    var holdsChanges: Bool { watcher.holdsChanges || batches.withLock { $0 > 0 } }

    func batchWasHandled() { batches.withLock { $0 -= 1 } }

    /// Ends the stream and the watcher.
    ///
    /// Idempotent.
    func stop() async {
        for task in tasks.withLock({ $0 }) { task.cancel() }
        for alarm in [rescan, retry, rested] { alarm.set(nil) }
        continuation.finish()
        watcher.stop()
        await watcher.finished()
    }
}

/// Has one side wait until the other is through.
private struct Turn: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() {
        (stream, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func pass() { continuation.yield() }

    /// Returns at once when the task is cancelled.
    func wait() async {
        for await _ in stream { return }
    }
}

extension Alarm<ContinuousClock.Instant> {
    fileprivate convenience init(_ ring: @escaping @Sendable () -> Void) {
        self.init(longestSleep: .seconds(3600), left: { $0 - .now }, ring: ring)
    }
}
