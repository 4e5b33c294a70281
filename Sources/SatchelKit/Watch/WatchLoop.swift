internal import FoundationEssentials
internal import SatchelCore
internal import SatchelManifest
internal import SatchelWorkspace

/// The configuration is another one now: the watch has to begin anew.
struct Reconfigured: Error {
    var successor: WatchSuccessor
}

/// The state of one watch: what failed and is to be tried again.
struct WatchLoop {
    let workspace: Workspace
    let connection: Connection
    let watcher: Watcher
    let chores: Alarm<Double>
    /// Whether it goes on for as long as it takes: then also what may be no answer of the account at all is waited out.
    let isPatient: Bool
    let reconnect: @Sendable () async throws -> WatchSuccessor
    let observe: @Sendable (WatchProgress) -> Void
    private var care: WatchCare
    private var desk: RequestDesk
    private var retries = RetrySchedule()
    private var rescans: RescanSchedule
    /// Files that were still being written to, and when they will have rested.
    private var resting: [WorkspacePath: ContinuousClock.Instant] = [:]
    /// Secrets that were told: a file that is kept back is not told again with each batch that touches it.
    private var told: [WorkspacePath: [SecretFinding]] = [:]
    /// What failed and has not been seen to work since.
    private var troubles: [SyncReport.Failure] = []
    /// The ignore rules from outside the workspace by which everything was looked at last.
    private var outerRules: [SelectionRule]?
    /// A configuration that cannot be read or used, which was told.
    private var refused: ConfigurationSnapshot?

    init(
        workspace: Workspace,
        connection: Connection,
        watcher: Watcher,
        care: WatchCare,
        chores: Alarm<Double>,
        isPatient: Bool,
        reconnect: @escaping @Sendable () async throws -> WatchSuccessor,
        rescans: RescanSchedule,
        observe: @escaping @Sendable (WatchProgress) -> Void
    ) {
        self.rescans = rescans
        self.workspace = workspace
        self.connection = connection
        self.watcher = watcher
        self.care = care
        self.chores = chores
        self.isPatient = isPatient
        self.reconnect = reconnect
        self.observe = observe
        desk = RequestDesk(workspace: workspace, connection: connection, watcher: watcher)
    }

    /// Nothing waits for another try, or for a file to rest: what is out of step stays so until something changes.
    var isAtRest: Bool { retries.next == nil && resting.isEmpty }

    var end: WatchEnd { WatchEnd(blocked: told.keys.sorted(), failures: troubles) }

    mutating func begin(wakes: WatchWakes) async throws {
        outerRules = workspace.scanner.outerRules()
        var report: SyncReport?
        if let since = care.pause.since {
            observe(.paused(since: since))
            gather(.everything)
        } else {
            report = try await connection.waits.telling(noteWait) { try await sync(.everything, renews: true) }
        }
        let counts = watcher.counts
        observe(.ready(watches: counts.watches, limit: counts.limit, report))
        try await settle(wakes)
    }

    mutating func handle(_ wake: WatchWakes.Wake, wakes: WatchWakes) async throws {
        workspace.life.note()
        wakes.wasTaken(wake)
        switch wake {
        case .pulse: return care.tellStatus()
        // At its end: what is being looked at is not settled.
        case .batch: care.board.update { $0.settled = false }
        default: break
        }
        defer { if case .batch = wake { wakes.batchWasHandled() } }
        try await connection.waits.telling(noteWait) { try await take(wake, wakes: wakes) }
        // Asked to end while something was sent: that has arrived, and nothing more is begun.
        if care.stop.isRequested { throw CancellationError() }
        try await settle(wakes)
    }

    /// Sees to it that the watch is woken for what is left, and says how it is doing.
    private mutating func settle(_ wakes: WatchWakes) async throws {
        setTimers(wakes)
        try await care.arm(chores)
        let (counts, isSettled) = (watcher.counts, isAtRest && troubles.isEmpty)
        let nextRescan = rescans.next.map { workspace.now().addingTimeInterval(($0 - .now).inSeconds) }
        let nextRetry = retries.next.map { workspace.now().addingTimeInterval(($0 - .now).inSeconds) }
        care.board.update { figures in
            (figures.watches, figures.limit, figures.settled) = (counts.watches, counts.limit, isSettled)
            (figures.nextRescan, figures.nextRetry) = (nextRescan, nextRetry)
        }
        care.tellStatus()
    }

    private var noteWait: @Sendable (Double, String) -> Void {
        { [board = care.board, workspace] in board.note(.waiting(seconds: $0, reason: $1), at: workspace.now()) }
    }

    private mutating func take(_ wake: WatchWakes.Wake, wakes: WatchWakes) async throws {
        switch wake {
        case .batch(.dirty(let scope)):
            if scope.contains(Self.configurationPath) { try await heedConfiguration() }
            if outerRulesHaveChanged() || touchesRules(scope) {
                await watcher.rescanWatches()
                try await sync(.everything, renews: false)
            } else {
                // A folder may hold ignore files that were not named, and folders that they now leave in.
                if holdsFolder(scope) {
                    await watcher.rescanWatches()
                }
                let report = try await sync(scope, renews: false)
                // A write shows under the name it was made by; other names of the file in the workspace hear nothing.
                if let names = report?.otherNames, !names.isEmpty { try await sync(Scope(names), renews: false) }
            }
        case .batch(.degraded(let reason)):
            observe(.notice("\(reason)"))
            care.board.note(error: "\(reason)", at: workspace.now())
            rescans.beginPolling(at: .now)
        case .batch(.rootGone(let loss)):
            throw WorkspaceError(
                .stoppedForSafety,
                "\(escaped(workspace.root.utf8)): \(loss); nothing was deleted; start watch again when it is back"
            )
        case .rescan, .asked:
            if case .asked = wake { care.notifier?.tell(.reloading) }
            defer { if case .asked = wake { care.notifier?.tell(.ready) } }
            try await heedConfiguration(again: true)
            outerRules = workspace.scanner.outerRules()
            // Whatever is in doubt: the folder itself, the watches, the files.
            await watcher.rescanWatches()
            try await sync(.everything, renews: workspace.configuration.renewal == .always)
        case .retry:
            retries.begin()
            try await sync(.everything, renews: false)
        case .resumed:
            // Everything, whatever was gathered: copies may have ended meanwhile, as before a start.
            try await heedConfiguration(again: true)
            care.forgetGathered()
            try await sync(.everything, renews: true)
        case .chores:
            let due = care.takeDue()
            if due.contains(.renewal) { try await sync(.everything, renews: true) }
            if due.contains(.cleanup) { try await care.cleanUp() }
        case .pulse: break
        case .rested:
            let now = ContinuousClock.now
            let rested = resting.filter { $0.value <= now }.keys
            resting = resting.filter { $0.value > now }
            if !rested.isEmpty { try await sync(Scope(rested), renews: false) }
        case .request(let request):
            let stop = care.stop
            // Who asked finds nobody to answer, and asks again what begins anew.
            do { try await heedConfiguration() } catch {
                request.end()
                throw error
            }
            let outcome = try await care.following { own, other in
                try await desk.answer(request, isHeld: { stop.isRequested }, own: own, other: other)
            }
            if let outcome { note(outcome.report, of: outcome.scope) }
        }
    }

    private static let configurationPath = WorkspacePath(unchecked: Array(Configuration.workspaceFileName.utf8))

    /// Sees whether the configuration is another one than the watch began with.
    ///
    /// What runs is given up only for what has been proven to run: one that cannot be read, or whose account has no key at
    /// this moment because the password manager is locked, is told once, and the old one goes on to count. With `again`
    /// it is tried although that has been told.
    ///
    /// - Throws: ``Reconfigured``, `CancellationError`.
    private mutating func heedConfiguration(again: Bool = false) async throws {
        guard let changed = workspace.changedConfiguration(), again || changed != refused else { return }
        // To open a workspace makes its state folder, and would hide that the one of this watch was taken away.
        if watcher.rootIdentity.isAt(workspace.root) { try workspace.checkState() }
        let successor: WatchSuccessor
        do {
            successor = try await reconnect()
        } catch {
            try Task.checkCancellation()
            guard changed != refused else { return }
            refused = changed
            observe(
                .notice(
                    "\(error)\nthe watch goes on with the configuration that it began with, "
                        + "and tries the new one with each look at everything"
                )
            )
            care.board.note(error: "\(error)", at: workspace.now())
            return
        }
        throw Reconfigured(successor: successor)
    }

    private func setTimers(_ wakes: WatchWakes) {
        wakes.rescan.set(rescans.next)
        wakes.rested.set(resting.values.min())
        wakes.retry.set(retries.next)
    }

    /// Brings the scope in step; while the watch is paused, keeps it for later instead.
    ///
    /// - Returns: nil when it was paused.
    @discardableResult
    private mutating func sync(_ scope: Scope, renews: Bool) async throws -> SyncReport? {
        guard !care.pause.isPaused else {
            gather(scope)
            return nil
        }
        var options = SyncOptions()
        options.renewsExpired = renews
        options.isHeld = care.isHeld
        options.stability = StabilityPolicy()
        options.root = watcher.rootIdentity
        options.findsOtherNames = scope != .everything
        let report: SyncReport
        do {
            report = try await care.following { [workspace, connection, options] observe, _ in
                try await workspace.sync(scope, to: connection, options: options, observe: observe)
            }
        } catch is SyncHeld {
            if care.stop.isRequested { throw CancellationError() }
            gather(scope)
            return nil
        }
        if let stop = report.stop {
            throw WorkspaceError(.stoppedForSafety, "\(escaped(workspace.root.utf8)): \(stop)")
        }
        if scope == .everything {
            rescans.looked(took: report.lookTook, foundChanges: !report.entries.isEmpty, at: .now)
        }
        observe(.settled(report))
        tell(report, within: scope)
        if let error = report.accountError, error.kind == .unauthorised || error.kind == .quota { throw error }
        note(report, of: scope)
        let files = report.summary.found + report.summary.forgotten
        if scope == .everything || files >= Self.manyFiles { giveBackMemory() }
        return report
    }

    /// Keeps what a pause does not let happen for its end; the next look at everything has its usual time.
    private mutating func gather(_ scope: Scope) {
        care.gather(scope)
        if scope == .everything { rescans.looked(took: .zero, foundChanges: false, at: .now) }
    }

    /// After a pass over so many, memory is given back. (One over everything may follow on events that were lost, and
    /// have found little.)
    private static var manyFiles: Int { 1000 }

    /// Seconds to the next try.
    private var retriesIn: Double { retries.next.map { max(0, ($0 - .now).inSeconds) } ?? 0 }

    /// What the report means for what is to be done later, and for what is said of the account; whoever asked for it.
    private mutating func note(_ report: SyncReport, of scope: Scope) {
        let now = ContinuousClock.now
        let failed = report.failures.contains { failure in
            failure.mayPass(forPatient: isPatient) && failure.path.flatMap { report.resting[$0] } == nil
        }
        if failed || report.accountError != nil {
            retries.noteFailure(at: now)
        } else if scope == .everything {
            retries.noteSuccess()
        } else if report.summary.sent > 0, care.isOut {
            retries.noteHope(at: now)
        }
        resting = resting.filter { !scope.contains($0.key) }
        for (path, rest) in report.resting { resting[path] = now + rest }
        troubles.removeAll { $0.path.map { scope.contains($0) } ?? (scope == .everything) }
        troubles += report.failures
        care.note(report, of: scope, isPatient: isPatient, retriesIn: retriesIn)
    }

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

    /// Whether ignore rules that no event tells of are others than before: a look at what changed would heed them there,
    /// and leave the rest by the old ones.
    private mutating func outerRulesHaveChanged() -> Bool {
        let before = outerRules
        outerRules = workspace.scanner.outerRules()
        return outerRules != before
    }

    /// Whether an ignore file is among the changes: what is selected may then differ anywhere below it.
    private func touchesRules(_ scope: Scope) -> Bool {
        guard case .paths(let paths) = scope else { return true }
        let names: Set<String> = [".gitignore", ".ignore", ".satchelignore"]
        return paths.contains { names.contains(String(decoding: $0.name, as: UTF8.self)) }
    }
}
