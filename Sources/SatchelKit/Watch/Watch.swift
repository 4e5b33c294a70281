internal import FoundationEssentials
internal import SatchelCore
internal import SatchelManifest
internal import SatchelWorkspace

extension Workspace {
    /// Keeps the account in step until the task is cancelled.
    ///
    /// The caller holds the workspace lock. Trouble with files and an account that does not answer are told and tried
    /// again, later and later; only what makes going on pointless or dangerous ends the watch.
    ///
    /// With `endsOnceSettled` it ends as soon as there is nothing left to do, for scripts. `stop` asks it to end.
    ///
    /// - Returns: what it had to leave out of step.
    @discardableResult
    package func watch(
        _ connection: Connection,
        endsOnceSettled: Bool = false,
        stop: StopRequest = StopRequest(),
        observe: @escaping @Sendable (WatchProgress) -> Void
    ) async throws -> WatchEnd {
        let notifier = ServiceNotifier(environment: context.environment)
        stop.whenRequested { notifier?.tell(.stopping) }
        let pause = PauseSwitch(since: try await pausedSince())
        let skipped = SkippedFolders(scanner)
        try await skipped.look()
        let watcher = try Watcher(root: root, settle: settlePolicy, prunes: { skipped.contains($0) })
        let wakes = WatchWakes(watcher, rescan: configuration.watch.rescan)
        let board = WatchBoard(account: connection.account.name)
        board.update { $0.pausedSince = pause.since }
        let server = listen(answering: board, pausing: pause, wakes: wakes, observe: observe)
        defer { server?.stop() }
        let care = WatchCare(
            workspace: self,
            connection: connection,
            board: board,
            pause: pause,
            stop: stop,
            notifier: notifier,
            observe: observe
        )
        do {
            await whileStarting(notifier, watcher) { await watcher.ready() }
            // From here on nothing is missed. A first sync may take hours, and an outage longer: neither is a start
            // that failed.
            notifier?.tell(.ready)
            let pulse = notifier?.pulse(life: life, board: board) { wakes.pulse() }
            defer { pulse?.stop() }
            let chores = ChoreTimer(now: context.now) { wakes.wake(.chores) }
            defer { chores.stop() }
            var loop = WatchLoop(
                workspace: self,
                connection: connection,
                watcher: watcher,
                skipped: skipped,
                care: care,
                chores: chores,
                observe: observe
            )
            try await loop.begin(wakes: wakes)
            if endsOnceSettled, loop.isSettled {
                await wakes.stop()
                return loop.end
            }
            for await wake in wakes.stream {
                try Task.checkCancellation()
                try await loop.handle(wake, wakes: wakes)
                if endsOnceSettled, loop.isSettled { break }
            }
            await wakes.stop()
            try Task.checkCancellation()
            return loop.end
        } catch {
            await wakes.stop()
            throw error
        }
    }

    /// Takes what other processes ask of this workspace while the watch holds it.
    private func listen(
        answering board: WatchBoard,
        pausing pause: PauseSwitch,
        wakes: WatchWakes,
        observe: @escaping @Sendable (WatchProgress) -> Void
    ) -> ControlServer? {
        do {
            let server = try ControlServer(in: state)
            // At once, also in the middle of a long sync.
            wakes.follow(server) { [self] request in
                let asked = ControlCoding.value(ControlRequest.self, from: request.line)
                if asked?.status != nil {
                    var answer = ControlAnswer()
                    answer.status = board.read(at: now())
                    request.end(with: answer)
                } else if let asked = asked?.pause {
                    Task {
                        request.end(with: await answer(asked, pause, board: board, wakes: wakes, observe: observe))
                    }
                } else {
                    return false
                }
                return true
            }
            return server
        } catch {
            observe(.notice("\(error): other satchel commands on this workspace have to wait for this watch to end"))
            return nil
        }
    }

    /// Pauses the watch, or lets it go on.
    private func answer(
        _ asked: ControlRequest.Pause,
        _ pause: PauseSwitch,
        board: WatchBoard,
        wakes: WatchWakes,
        observe: @Sendable (WatchProgress) -> Void
    ) async -> ControlAnswer {
        var answer = ControlAnswer()
        do {
            let isChange = asked.paused ? pause.pause(at: now()) : pause.resume()
            let since = pause.since
            if isChange {
                try await notePause(since: since)
                board.update { $0.pausedSince = since }
                observe(since.map { .paused(since: $0) } ?? .resumed)
                if since == nil { wakes.wake(.resumed) }
            }
            answer.pause = ControlAnswer.Pause(since: since, changed: isChange)
        } catch {
            answer.error = ControlAnswer.Failure(error)
        }
        return answer
    }

    /// Tells the service manager to be patient for as long as more and more folders are watched.
    private func whileStarting(_ notifier: ServiceNotifier?, _ watcher: Watcher, _ work: () async -> Void) async {
        guard let notifier else { return await work() }
        let telling = Task {
            var watches = 0
            while true {
                try await Task.sleep(for: .seconds(10))
                if watcher.counts.watches > watches { notifier.tell(.starting(seconds: 60)) }
                watches = watcher.counts.watches
            }
        }
        defer { telling.cancel() }
        await work()
    }

    private var settlePolicy: SettlePolicy {
        var policy = SettlePolicy()
        policy.quiet = configuration.watch.quiet
        policy.longest = configuration.watch.cap
        policy.removalHold = configuration.watch.deleteHold
        return policy
    }
}

/// The state of one watch: what failed and is to be tried again.
private struct WatchLoop {
    let workspace: Workspace
    let connection: Connection
    let watcher: Watcher
    let skipped: SkippedFolders
    let chores: ChoreTimer
    let observe: @Sendable (WatchProgress) -> Void
    private var care: WatchCare
    private var desk: RequestDesk
    /// Failures since the last sync without any: each doubles the wait.
    private var failures = 0
    private(set) var isSettled = false
    /// Secrets that were told: a file that is kept back is not told again with each batch that touches it.
    private var told: [WorkspacePath: [SecretFinding]] = [:]
    /// What failed and has not been seen to work since.
    private var troubles: [SyncReport.Failure] = []

    init(
        workspace: Workspace,
        connection: Connection,
        watcher: Watcher,
        skipped: SkippedFolders,
        care: WatchCare,
        chores: ChoreTimer,
        observe: @escaping @Sendable (WatchProgress) -> Void
    ) {
        self.workspace = workspace
        self.connection = connection
        self.watcher = watcher
        self.skipped = skipped
        self.care = care
        self.chores = chores
        self.observe = observe
        desk = RequestDesk(workspace: workspace, connection: connection, watcher: watcher)
    }

    var end: WatchEnd { WatchEnd(blocked: told.keys.sorted(), failures: troubles) }

    mutating func begin(wakes: WatchWakes) async throws {
        var report: SyncReport?
        if let since = care.pause.since {
            observe(.paused(since: since))
            care.gather(.everything)
        } else {
            report = try await connection.waits.telling(noteWait) { try await sync(.everything, renews: true) }
        }
        let counts = watcher.counts
        observe(.ready(watches: counts.watches, limit: counts.limit, report))
        try await settle(wakes)
    }

    mutating func handle(_ wake: WatchWakes.Wake, wakes: WatchWakes) async throws {
        workspace.life.note()
        if case .pulse = wake {
            wakes.pulseWasTaken()
            return care.tellStatus()
        }
        try await connection.waits.telling(noteWait) { try await take(wake, wakes: wakes) }
        // Asked to end while something was sent: that has arrived, and nothing more is begun.
        if care.stop.isRequested { throw CancellationError() }
        try await settle(wakes)
    }

    /// Sees to it that the watch is woken for what is left, and says how it is doing.
    private mutating func settle(_ wakes: WatchWakes) async throws {
        retryLater(wakes)
        try await care.arm(chores)
        let (counts, isSettled) = (watcher.counts, isSettled)
        care.board.update { figures in
            (figures.watches, figures.limit, figures.settled) = (counts.watches, counts.limit, isSettled)
        }
        care.tellStatus()
    }

    private var noteWait: @Sendable (Double, String) -> Void {
        { [board = care.board, workspace] in board.note(.waiting(seconds: $0, reason: $1), at: workspace.now()) }
    }

    private mutating func take(_ wake: WatchWakes.Wake, wakes: WatchWakes) async throws {
        switch wake {
        case .batch(.dirty(let scope)):
            if touchesRules(scope) {
                try await skipped.look()
                await watcher.rescanWatches()
                try await sync(.everything, renews: false)
            } else {
                // A folder may hold ignore files that were not named, and folders that they now leave in.
                if holdsFolder(scope) {
                    try await skipped.look()
                    await watcher.rescanWatches()
                }
                try await sync(scope, renews: false)
            }
        case .batch(.degraded(let reason)):
            observe(.notice("\(reason)"))
            care.board.note(error: "\(reason)", at: workspace.now())
            wakes.rescanOften()
        case .batch(.rootGone(let loss)):
            throw WorkspaceError(
                .stoppedForSafety,
                "\(escaped(workspace.root.utf8)): \(loss); nothing was deleted; start watch again when it is back"
            )
        case .rescan:
            if watcher.counts.isPartial { await watcher.rescanWatches() }
            try await sync(.everything, renews: workspace.configuration.renewal == .always)
        case .retry:
            try await sync(.everything, renews: false)
        case .resumed:
            // Everything, whatever was gathered: copies may have ended meanwhile, as before a start.
            care.forgetGathered()
            try await sync(.everything, renews: true)
        case .chores:
            let due = care.takeDue()
            if due.contains(.renewal) { try await sync(.everything, renews: true) }
            if due.contains(.cleanup) { try await care.cleanUp() }
        case .pulse: break
        case .request(let request):
            let stop = care.stop
            try await care.following { observe in
                try await desk.answer(request, isHeld: { stop.isRequested }, observe: observe)
            }
        }
    }

    private func retryLater(_ wakes: WatchWakes) {
        if failures > 0 { wakes.retry(after: pause) }
    }

    /// Brings the scope in step; while the watch is paused, keeps it for later instead.
    ///
    /// - Returns: nil when it was paused.
    @discardableResult
    private mutating func sync(_ scope: Scope, renews: Bool) async throws -> SyncReport? {
        guard !care.pause.isPaused else {
            care.gather(scope)
            return nil
        }
        var options = SyncOptions()
        options.renewsExpired = renews
        options.isHeld = care.isHeld
        let report: SyncReport
        do {
            report = try await care.following { [workspace, connection, options] observe in
                try await workspace.sync(scope, to: connection, options: options, observe: observe)
            }
        } catch is SyncHeld {
            if care.stop.isRequested { throw CancellationError() }
            care.gather(scope)
            return nil
        }
        if let stop = report.stop {
            throw WorkspaceError(.stoppedForSafety, "\(escaped(workspace.root.utf8)): \(stop)")
        }
        let isWorthRetrying = report.failures.contains(where: \.isRetryable) || report.accountError != nil
        failures = isWorthRetrying ? failures + 1 : 0
        isSettled = failures == 0
        troubles.removeAll { $0.path.map { scope.contains($0) } ?? (scope == .everything) }
        troubles += report.failures
        observe(.settled(report))
        tell(report, within: scope)
        if let error = report.accountError, error.kind == .unauthorised || error.kind == .quota { throw error }
        care.note(report, of: scope, retriesIn: pause)
        return report
    }

    /// Seconds to the next try.
    private var pause: Double { min(300, 5 * pow2(failures - 1)) }

    private mutating func tell(_ report: SyncReport, within scope: Scope) {
        let blocked = Dictionary(
            report.blocked.map { ($0.path, $0.reason.secrets) },
            uniquingKeysWith: { first, _ in first }
        )
        told = told.filter { path, _ in !scope.contains(path) || blocked[path] != nil }
        for (path, findings) in blocked.sorted(by: { $0.key < $1.key }) where told[path] != findings {
            told[path] = findings
            for place in secretPlaces(in: findings, of: "\(path)") {
                observe(.notice("\(place): not sent; \(SkipReason.secretRemedy)"))
            }
        }
        for skipped in report.warned {
            for place in secretPlaces(in: skipped.reason.secrets, of: "\(skipped.path)") {
                observe(.notice("\(place): sent all the same, because gate.mode is warn"))
            }
        }
    }

    private func holdsFolder(_ scope: Scope) -> Bool {
        guard case .paths(let paths) = scope else { return false }
        return paths.contains { path in isFolder(at: path, below: workspace.root) }
    }

    /// Whether an ignore file is among the changes: what is selected may then differ anywhere below it.
    private func touchesRules(_ scope: Scope) -> Bool {
        guard case .paths(let paths) = scope else { return true }
        let names: Set<String> = [".gitignore", ".ignore", ".satchelignore"]
        return paths.contains { names.contains(String(decoding: $0.name, as: UTF8.self)) }
    }

    private func pow2(_ exponent: Int) -> Double { Double(1 << max(0, min(exponent, 10))) }
}
