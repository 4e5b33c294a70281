internal import FoundationEssentials
internal import SatchelCore

/// Feeds the service manager's watchdog for as long as the watch gives signs of life.
final class ServicePulse: Sendable {
    private let task: Task<Void, Never>

    /// - Parameters:
    ///   - notifier: who is fed.
    ///   - interval: seconds within which it wants to be fed; it is, twice as often.
    ///   - life: signs of the work that goes on.
    ///   - board: knows what is waited for.
    ///   - wake: asks the watch's own loop for a sign, which an idle one gives at once.
    init(
        feeding notifier: ServiceNotifier,
        within interval: Double,
        life: LifeSigns,
        board: WatchBoard,
        wake: @escaping @Sendable () -> Void
    ) {
        task = Task {
            var liveness = Liveness()
            while !Task.isCancelled {
                let now = Date()
                let waitsUntil = board.read(at: now).waitingUntil?.timeIntervalSince1970
                if liveness.isAlive(signs: life.count, waitsUntil: waitsUntil, at: now.timeIntervalSince1970) {
                    notifier.tell(.alive)
                }
                wake()
                // The manager counts seconds, so seconds are what this waits for; the end of the task ends the wait.
                try? await Task.sleep(for: .seconds(interval / 2))
            }
        }
    }

    deinit { task.cancel() }

    func stop() { task.cancel() }
}

extension ServiceNotifier {
    /// Feeds the watchdog; nil when there is none.
    func pulse(life: LifeSigns, board: WatchBoard, wake: @escaping @Sendable () -> Void) -> ServicePulse? {
        watchdog.map { ServicePulse(feeding: self, within: $0, life: life, board: board, wake: wake) }
    }
}
