internal import FoundationEssentials
internal import SatchelCore
internal import Synchronization

/// What a running watch says of itself at any moment, also while it works or waits.
final class WatchBoard: Sendable {
    private struct State {
        var figures = WatchFigures()
        /// Files of the running sync that are still to be sent.
        var toSend = 0
        /// Files that could not be sent for a cause that may pass.
        var failed: Set<WorkspacePath> = []
        /// Changes that a pause gathers; nil for any number of them.
        var gathered: Int? = 0
    }

    private let state: Mutex<State>

    init(account: String) {
        var state = State()
        state.figures.account = account
        self.state = Mutex(state)
    }

    func update(_ change: (inout WatchFigures) -> Void) { state.withLock { change(&$0.figures) } }

    /// The figures; a wait that is over is none.
    func read(at now: Date) -> WatchFigures {
        var figures = state.withLock { state in
            var figures = state.figures
            figures.queue = state.gathered.map { max(state.toSend, state.failed.count) + $0 }
            if state.gathered != 0 { figures.settled = false }
            return figures
        }
        if let until = figures.waitingUntil, until <= now {
            figures.waitingFor = nil
            figures.waitingUntil = nil
        }
        if let next = figures.nextRetry, next <= now { figures.nextRetry = nil }
        return figures
    }

    /// Whether files are known that could not be sent for a cause that may pass.
    var hasWaiting: Bool { state.withLock { !$0.failed.isEmpty } }

    /// Follows a sync.
    func note(_ event: SyncEvent, at now: Date) {
        state.withLock { state in
            switch event {
            case .planned(let uploads, _): state.toSend = uploads
            case .done(let entry) where entry.kind == .upload || entry.kind == .rehydrate:
                state.toSend = max(0, state.toSend - 1)
            case .failed(let failure) where !failure.isOvertaken:
                state.figures.lastError = "\(failure.subject)\(failure.message)"
                state.figures.lastErrorAt = now
            case .waiting(let seconds, let reason):
                state.figures.waitingFor = reason
                state.figures.waitingUntil = now.addingTimeInterval(seconds)
            default: break
            }
        }
    }

    /// A sync of `scope` is over.
    func note(_ report: SyncReport, of scope: Scope, isPatient: Bool) {
        state.withLock { state in
            state.toSend = 0
            state.failed = state.failed.filter { !scope.contains($0) }
            for failure in report.failures where failure.mayPass(forPatient: isPatient) || failure.isOfAccount {
                if let path = failure.path { state.failed.insert(path) }
            }
        }
    }

    /// A pause has gathered these changes so far; nil when there are none.
    func note(gathered scope: Scope?) {
        state.withLock { state in
            state.toSend = 0
            state.gathered =
                switch scope {
                case nil: 0
                case .paths(let paths): paths.count
                case .everything: nil
                }
        }
    }

    /// Something else went wrong.
    func note(error: String, at now: Date) {
        state.withLock { state in
            state.figures.lastError = error
            state.figures.lastErrorAt = now
        }
    }
}

extension WatchFigures {
    /// One line for the service manager.
    var line: String {
        if pausedSince != nil { return "paused; satchel resume goes on" }
        if let waitingFor { return "waiting: \(printable(waitingFor))" }
        let queue = queue ?? 0
        if outageSince != nil { return "\(account) takes no files; \(queue) wait: \(printable(lastError ?? ""))" }
        if queue > 0 { return "\(queue) files to send to \(account)" }
        return "\(watches) folders watched\(settled ? ", \(account) in step" : "")"
    }
}
