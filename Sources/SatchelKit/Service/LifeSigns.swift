internal import Synchronization

/// Counts what shows that work goes on: files read, exchanges with a provider, pieces sent, wakes taken.
///
/// For a watchdog, which must tell a long sync from a hung one.
final class LifeSigns: Sendable {
    private let counter = Atomic(0)

    func note() { counter.add(1, ordering: .relaxed) }

    var count: Int { counter.load(ordering: .relaxed) }
}
