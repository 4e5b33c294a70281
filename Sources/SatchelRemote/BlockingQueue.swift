import Dispatch

/// Where calls that block on the disk run, so that none of Swift's own few threads stands still.
struct BlockingQueue: Sendable {
    private let queue: DispatchQueue

    init(_ label: String) {
        queue = DispatchQueue(label: label, attributes: .concurrent)
    }

    /// Runs `work` elsewhere and waits for its result without blocking.
    func run<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { waiter in
            queue.async { waiter.resume(returning: work()) }
        }
    }
}
