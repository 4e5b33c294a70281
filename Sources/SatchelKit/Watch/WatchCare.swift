internal import FoundationEssentials
internal import SatchelCore
internal import SatchelManifest
internal import Synchronization

/// What a watch does beside syncing: it tells how it is doing, knows whether it is paused or asked to end, tells an
/// outage once, and does its chores when they are due.
struct WatchCare {
    let workspace: Workspace
    let connection: Connection
    let board: WatchBoard
    let pause: PauseSwitch
    let stop: StopRequest
    let notifier: ServiceNotifier?
    let observe: @Sendable (WatchProgress) -> Void
    /// Changes that a pause gathered.
    private var gathered: Scope?
    private var outage = Outage()
    private var chores: Chores
    /// Whether the end that comes first may have changed.
    private var looksForEnds = true

    /// Above so many paths it is simply everything.
    private static let mostGathered = 4096

    init(
        workspace: Workspace,
        connection: Connection,
        board: WatchBoard,
        pause: PauseSwitch,
        stop: StopRequest,
        notifier: ServiceNotifier?,
        observe: @escaping @Sendable (WatchProgress) -> Void
    ) {
        self.workspace = workspace
        self.connection = connection
        self.board = board
        self.pause = pause
        self.stop = stop
        self.notifier = notifier
        self.observe = observe
        let cleanup = workspace.configuration.watch.cleanup.inSeconds
        chores = Chores(cleanupInterval: cleanup > 0 ? cleanup : nil)
    }

    private var now: Double { workspace.now().timeIntervalSince1970 }

    // MARK: Syncing

    /// Whether a sync of the watch's own is to begin nothing more.
    var isHeld: @Sendable () -> Bool { { [pause, stop] in pause.isPaused || stop.isRequested } }

    /// Does work that may send files, and tells everybody what happens in it.
    ///
    /// `work` is given whom to tell of the watched account, and whom of others, which are asked for beside it: everything
    /// that the watch says is said in the name of its own.
    func following<T>(
        _ work: (_ own: @escaping SyncObserver, _ other: @escaping SyncObserver) async throws -> T
    ) async throws -> T {
        let sends = Mutex(false)
        defer { if sends.withLock(\.self) { stop.endSending() } }
        let follow: SyncObserver = { [workspace, stop] event in
            workspace.life.note()
            guard case .planned(let uploads, _) = event, uploads > 0 else { return }
            let isFirst = sends.withLock { sends in
                defer { sends = true }
                return !sends
            }
            if isFirst { stop.beginSending() }
        }
        let tell: SyncObserver = { [workspace, board, observe, notifier] event in
            follow(event)
            let now = workspace.now()
            board.note(event, at: now)
            switch event {
            case .planned(let uploads, _) where uploads > 0: notifier?.tell(status: board.read(at: now).line)
            case .waiting: notifier?.tell(status: board.read(at: now).line)
            default: break
            }
            observe(.sync(event))
        }
        return try await work(tell, follow)
    }

    /// Whether the account takes no files, as far as is known.
    var isOut: Bool { outage.since != nil }

    /// Takes note of how a sync of the watched account went; `retriesIn` are the seconds to the next try, if it failed.
    mutating func note(_ report: SyncReport, of scope: Scope, isPatient: Bool, retriesIn: Double) {
        board.note(report, of: scope, isPatient: isPatient)
        // A new copy ends later than those that are there.
        if scope == .everything || chores.staleAt == nil { looksForEnds = true }
        let failures = report.failures.filter { $0.isOfOutage(forPatient: isPatient) }
        if let first = failures.first {
            let message = report.accountError?.description ?? first.message
            guard case .began? = outage.noteFailure(message, at: now) else { return }
            board.update { $0.outageSince = outage.since.map(Date.init(timeIntervalSince1970:)) }
            observe(
                .outage(
                    AccountOutage(
                        path: first.path,
                        files: failures.count,
                        code: first.code,
                        message: message,
                        retriesIn: retriesIn
                    )
                )
            )
        } else if scope == .everything || (report.summary.sent > 0 && !board.hasWaiting) {
            guard case .ended(let seconds)? = outage.noteSuccess(at: now) else { return }
            board.update { $0.outageSince = nil }
            observe(.recovered(after: seconds))
        }
    }

    /// Says how the watch is doing now.
    func tellStatus() {
        let figures = board.read(at: workspace.now())
        notifier?.tell(status: figures.line)
    }

    // MARK: Pausing

    /// Keeps a change for later.
    mutating func gather(_ scope: Scope) {
        gathered = gathered?.union(scope, limit: Self.mostGathered) ?? scope
        board.note(gathered: gathered)
    }

    /// What was gathered is being done.
    mutating func forgetGathered() {
        gathered = nil
        board.note(gathered: nil)
    }

    // MARK: Chores

    /// Copies end by the account's clock: so many seconds ahead of ours, where they differ by minutes.
    private var ahead: Double {
        let ours = workspace.now()
        return workspace.corrected(ours, by: connection).timeIntervalSince(ours)
    }

    private var cleanedKey: String { "cleaned_at:\(connection.id.rawValue)" }

    /// Finds out what is due when, and has the watch woken then; not while there is nobody to do it for.
    mutating func arm(_ timer: Alarm<Double>) async throws {
        if chores.cleanupInterval != nil, chores.cleanedAt == nil {
            chores.cleanedAt = try await workspace.manifest.setting(cleanedKey).flatMap(Double.init)
            if chores.cleanedAt == nil {
                // The first is due when the first interval is over: nothing can be old before.
                chores.cleanedAt = now + ahead
                try await workspace.manifest.setSetting(cleanedKey, to: "\(now + ahead)")
            }
        }
        if workspace.configuration.renewal == .always, looksForEnds {
            looksForEnds = false
            let margin = workspace.configuration.safetyMargin.inSeconds
            chores.staleAt = try await workspace.manifest.soonestStale(in: connection.id, margin: margin)?
                .timeIntervalSince1970
        }
        let isAble = !pause.isPaused && !isOut
        timer.set(isAble ? chores.next.map { $0 - ahead } : nil)
    }

    /// What is due now, and noted as done.
    mutating func takeDue() -> Set<Chores.Chore> {
        guard !pause.isPaused, !isOut else { return [] }
        let now = now + ahead
        let due = chores.due(at: now)
        if due.contains(.renewal) { chores.renewedAt = now }
        if due.contains(.cleanup) { chores.cleanedAt = now }
        return due
    }

    /// Deletes what `cleanup` without options would.
    func cleanUp() async throws {
        try workspace.checkState()
        try await workspace.manifest.setSetting(cleanedKey, to: "\(now + ahead)")
        observe(.cleaned(try await workspace.cleanup(connection, options: CleanupOptions())))
    }
}
