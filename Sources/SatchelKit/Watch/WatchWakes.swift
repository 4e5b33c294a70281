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

    /// What the watch wants to be woken for later.
    enum Timer: Hashable, Sendable {
        case rescan
        case retry
        case rested
    }

    private struct Armed {
        var at: ContinuousClock.Instant
        var task: Task<Void, Never>
    }

    let stream: AsyncStream<Wake>
    private let continuation: AsyncStream<Wake>.Continuation
    private let watcher: Watcher
    private let tasks: Mutex<[Task<Void, Never>]> = Mutex([])
    /// Whether a pulse is on its way.
    private let pulsing = Mutex(false)
    private let timers: Mutex<[Timer: Armed]> = Mutex([:])

    /// One element of `asked` for each time that somebody wants everything looked at.
    init(_ watcher: Watcher, asked: AsyncStream<Void>) {
        self.watcher = watcher
        // Unbounded, yet small: batches are coalesced by the watcher until they are taken, and each timer has at most
        // one wake on its way.
        (stream, continuation) = AsyncStream.makeStream(of: Wake.self)
        let batches = Task { [continuation] in
            for await batch in watcher.batches { continuation.yield(.batch(batch)) }
            continuation.finish()
        }
        let asking = Task { [continuation] in
            for await _ in asked { continuation.yield(.asked) }
        }
        tasks.withLock { $0 += [batches, asking] }
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

    /// Wakes once at that time and at no other that was set for this timer before; never with nil.
    func set(_ timer: Timer, to instant: ContinuousClock.Instant?) {
        timers.withLock { timers in
            if let armed = timers[timer] {
                guard armed.at != instant else { return }
                armed.task.cancel()
            }
            timers[timer] = instant.map { Armed(at: $0, task: ring(timer, at: $0)) }
        }
    }

    private func ring(_ timer: Timer, at instant: ContinuousClock.Instant) -> Task<Void, Never> {
        Task { [weak self] in
            try? await Task.sleep(until: instant, clock: .continuous)
            guard let self, !Task.isCancelled else { return }
            // Rung once: set to the same time again, it is a new one.
            self.timers.withLock { timers in
                if timers[timer]?.at == instant { timers[timer] = nil }
            }
            switch timer {
            case .rescan: self.continuation.yield(.rescan)
            case .retry: self.continuation.yield(.retry)
            case .rested: self.continuation.yield(.rested)
            }
        }
    }

    /// Ends the stream and the watcher.
    ///
    /// Idempotent.
    func stop() async {
        for task in tasks.withLock({ $0 }) { task.cancel() }
        for armed in timers.withLock({ $0.values.map(\.task) }) { armed.cancel() }
        continuation.finish()
        watcher.stop()
        await watcher.finished()
    }
}
