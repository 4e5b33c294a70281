internal import CSys
import Glibc
import Synchronization

/// What a caller asks of the watcher's thread.
enum WatchRequest: Sendable {
    case barrier(CheckedContinuation<Result<Void, WatchError>, Never>, timeout: Duration)
    case rescan(CheckedContinuation<Void, Never>)

    func refuse() {
        switch self {
        case .barrier(let continuation, _): continuation.resume(returning: .failure(.stopped))
        case .rescan(let continuation): continuation.resume()
        }
    }
}

/// What a ``Watcher`` and its thread share: the only door between them.
final class WatchSignals: Sendable {
    private struct State {
        var requests: [WatchRequest] = []
        var isReady = false
        var isFinished = false
        var readyWaiters: [CheckedContinuation<Void, Never>] = []
        var finishWaiters: [CheckedContinuation<Void, Never>] = []
    }

    let mailbox: BatchMailbox
    /// Readable when the thread is wanted. Lives as long as anyone may write to it.
    let wakeDescriptor: Int32
    private let state = Mutex(State())
    private let latestCounts = Mutex(WatchCounts())
    private let stopRequested = Atomic(false)

    init(mailbox: BatchMailbox) throws(WatchError) {
        self.mailbox = mailbox
        wakeDescriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        guard wakeDescriptor >= 0 else { throw .system(call: "eventfd", code: errno) }
    }

    deinit { close(wakeDescriptor) }

    var counts: WatchCounts { latestCounts.withLock { $0 } }

    // MARK: - The caller's side

    func stop() {
        stopRequested.store(true, ordering: .releasing)
        wake()
    }

    func ask(_ request: WatchRequest) {
        let isTaken = state.withLock { state in
            if !state.isFinished { state.requests.append(request) }
            return !state.isFinished
        }
        if isTaken { wake() } else { request.refuse() }
    }

    func ready() async {
        await withCheckedContinuation { continuation in
            let isReady = state.withLock { state in
                if !state.isReady { state.readyWaiters.append(continuation) }
                return state.isReady
            }
            if isReady { continuation.resume() }
        }
    }

    func finished() async {
        await withCheckedContinuation { continuation in
            let isFinished = state.withLock { state in
                if !state.isFinished { state.finishWaiters.append(continuation) }
                return state.isFinished
            }
            if isFinished { continuation.resume() }
        }
    }

    private func wake() {
        // Fails only when the counter is full, and then the thread is going to wake anyway.
        _ = eventfd_write(wakeDescriptor, 1)
    }

    // MARK: - The thread's side

    var isStopping: Bool { stopRequested.load(ordering: .acquiring) }

    func publish(_ counts: WatchCounts) {
        latestCounts.withLock { $0 = counts }
    }

    func takeRequests() -> [WatchRequest] {
        var count: eventfd_t = 0
        _ = eventfd_read(wakeDescriptor, &count)
        return state.withLock { state in
            defer { state.requests = [] }
            return state.requests
        }
    }

    func becomeReady() {
        let waiters = state.withLock { state in
            state.isReady = true
            return exchange(&state.readyWaiters, [])
        }
        for waiter in waiters { waiter.resume() }
    }

    /// The thread's last word: whoever waits is let go.
    func finish() {
        becomeReady()
        mailbox.close()
        let (requests, waiters) = state.withLock { state in
            state.isFinished = true
            return (exchange(&state.requests, []), exchange(&state.finishWaiters, []))
        }
        for request in requests { request.refuse() }
        for waiter in waiters { waiter.resume() }
    }
}

private func exchange<Value>(_ value: inout Value, _ new: Value) -> Value {
    defer { value = new }
    return value
}
