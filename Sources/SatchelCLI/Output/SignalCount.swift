import Synchronization

/// How many stop signals this process has had, of whatever kind.
final class SignalCount: Sendable {
    static let shared = SignalCount()

    private let count = Atomic(0)

    func next() -> Int { count.add(1, ordering: .relaxed).newValue }
}
