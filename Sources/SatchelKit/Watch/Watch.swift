internal import FoundationEssentials
internal import SatchelCore
internal import SatchelManifest
internal import SatchelWorkspace

/// What a running watch tells whoever watches it.
package enum WatchProgress: Sendable {
    /// All watches are in place and everything was brought in step once.
    case ready(watches: Int, limit: Int?, SyncReport)
    case sync(SyncEvent)
    /// One batch is done.
    case settled(SyncReport)
    /// Something a person should know; the watch goes on.
    case notice(String)
}

extension Workspace {
    /// Keeps the account in step until the task is cancelled.
    ///
    /// The caller holds the workspace lock. Trouble with files and an account that does not answer are told and tried
    /// again, later and later; only what makes going on pointless or dangerous ends the watch.
    ///
    /// With `endsOnceSettled` it ends as soon as there is nothing left to do, for scripts. Each element of `rescans`
    /// makes it look at everything again.
    package func watch(
        _ connection: Connection,
        endsOnceSettled: Bool = false,
        rescans: AsyncStream<Void> = AsyncStream { $0.finish() },
        observe: @escaping @Sendable (WatchProgress) -> Void
    ) async throws {
        let skipped = SkippedFolders(scanner)
        try await skipped.look()
        let watcher = try Watcher(root: root, settle: settlePolicy, prunes: { skipped.contains($0) })
        let wakes = WatchWakes(watcher, asked: rescans)
        let board = WatchBoard(account: connection.account.name)
        let server = listen(answering: board, watcher: watcher, wakes: wakes, observe: observe)
        defer { server?.stop() }
        do {
            await watcher.ready()
            var loop = WatchLoop(
                workspace: self,
                connection: connection,
                watcher: watcher,
                skipped: skipped,
                board: board,
                rescans: RescanSchedule(regular: rescanInterval, poll: configuration.watch.poll, at: .now),
                observe: observe
            )
            try await loop.begin(wakes: wakes)
            if endsOnceSettled, loop.isSettled {
                await wakes.stop()
                return
            }
            for await wake in wakes.stream {
                try Task.checkCancellation()
                try await loop.handle(wake, wakes: wakes)
                if endsOnceSettled, loop.isSettled { break }
            }
            await wakes.stop()
            try Task.checkCancellation()
        } catch {
            await wakes.stop()
            throw error
        }
    }

    /// Takes what other processes ask of this workspace while the watch holds it.
    private func listen(
        answering board: WatchBoard,
        watcher: Watcher,
        wakes: WatchWakes,
        observe: @escaping @Sendable (WatchProgress) -> Void
    ) -> ControlServer? {
        do {
            let server = try ControlServer(in: state)
            wakes.follow(server) { [context] request in
                guard ControlCoding.value(ControlRequest.self, from: request.line)?.status != nil else { return false }
                // At once, also in the middle of a long sync.
                var answer = ControlAnswer()
                var figures = board.read(at: context.now())
                figures.watches = watcher.counts.watches
                answer.status = figures
                if let line = ControlCoding.line(answer) { request.reply(line) }
                request.end()
                return true
            }
            return server
        } catch {
            observe(.notice("\(error): other satchel commands on this workspace have to wait for this watch to end"))
            return nil
        }
    }

    /// What is to be kept warm has to be looked at before the margin of its expiry is over.
    private var rescanInterval: Duration {
        let rescan = configuration.watch.rescan
        guard configuration.renewal == .always else { return rescan }
        let renewal = max(configuration.safetyMargin / 2, .seconds(10))
        return rescan > .zero ? min(rescan, renewal) : renewal
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
    let board: WatchBoard
    let observe: @Sendable (WatchProgress) -> Void
    private var desk: RequestDesk
    /// Syncs with failures since the last look at everything without any: each doubles the wait.
    private var failures = 0
    private var retryAt: ContinuousClock.Instant?
    private(set) var isSettled = false
    private var rescans: RescanSchedule
    /// Files that were still being written to, and when they will have rested.
    private var resting: [WorkspacePath: ContinuousClock.Instant] = [:]
    /// Secrets that were told: a file that is kept back is not told again with each batch that touches it.
    private var told: [WorkspacePath: [SecretFinding]] = [:]

    init(
        workspace: Workspace,
        connection: Connection,
        watcher: Watcher,
        skipped: SkippedFolders,
        board: WatchBoard,
        rescans: RescanSchedule,
        observe: @escaping @Sendable (WatchProgress) -> Void
    ) {
        self.rescans = rescans
        self.workspace = workspace
        self.connection = connection
        self.watcher = watcher
        self.skipped = skipped
        self.board = board
        self.observe = observe
        desk = RequestDesk(workspace: workspace, connection: connection, watcher: watcher)
    }

    mutating func begin(wakes: WatchWakes) async throws {
        let report = try await connection.waits.telling(noteWait) { try await sync(.everything, renews: true) }
        let (counts, isSettled) = (watcher.counts, isSettled)
        board.update { figures in
            (figures.watches, figures.limit, figures.settled) = (counts.watches, counts.limit, isSettled)
        }
        observe(.ready(watches: counts.watches, limit: counts.limit, report))
        setTimers(wakes)
    }

    mutating func handle(_ wake: WatchWakes.Wake, wakes: WatchWakes) async throws {
        try await connection.waits.telling(noteWait) { try await take(wake, wakes: wakes) }
        let (counts, isSettled) = (watcher.counts, isSettled)
        board.update { figures in
            (figures.watches, figures.limit, figures.settled) = (counts.watches, counts.limit, isSettled)
        }
    }

    private var noteWait: @Sendable (Double, String) -> Void {
        { [board, workspace] seconds, reason in
            board.update { figures in
                figures.waitingFor = reason
                figures.waitingUntil = workspace.now().addingTimeInterval(seconds)
            }
        }
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
                let report = try await sync(scope, renews: false)
                // A write shows under the name it was made by; other names of the file in the workspace hear nothing.
                if !report.otherNames.isEmpty { try await sync(Scope(report.otherNames), renews: false) }
            }
        case .batch(.degraded(let reason)):
            observe(.notice("\(reason)"))
            rescans.beginPolling(at: .now)
        case .batch(.rootGone(let loss)):
            throw WorkspaceError(
                .stoppedForSafety,
                "\(escaped(workspace.root.utf8)): \(loss); nothing was deleted; start watch again when it is back"
            )
        case .rescan:
            // Whatever is in doubt: the folder itself, the watches, the files.
            await watcher.rescanWatches()
            try await sync(.everything, renews: workspace.configuration.renewal == .always)
        case .retry:
            retryAt = nil
            try await sync(.everything, renews: false)
        case .rested:
            let now = ContinuousClock.now
            let rested = resting.filter { $0.value <= now }.keys
            if !rested.isEmpty { try await sync(Scope(rested), renews: false) }
        case .request(let request):
            try await desk.answer(request) { [observe] in observe(.sync($0)) }
        }
        setTimers(wakes)
    }

    private func setTimers(_ wakes: WatchWakes) {
        wakes.set(.rescan, to: rescans.next)
        wakes.set(.rested, to: resting.values.min())
        wakes.set(.retry, to: retryAt)
    }

    @discardableResult
    private mutating func sync(_ scope: Scope, renews: Bool) async throws -> SyncReport {
        var options = SyncOptions()
        options.renewsExpired = renews
        options.stability = StabilityPolicy()
        options.root = watcher.rootIdentity
        options.findsOtherNames = scope != .everything
        let report = try await workspace.sync(scope, to: connection, options: options) { [observe] in
            observe(.sync($0))
        }
        if let stop = report.stop {
            throw WorkspaceError(.stoppedForSafety, "\(escaped(workspace.root.utf8)): \(stop)")
        }
        note(report, of: scope)
        observe(.settled(report))
        tell(report, within: scope)
        if let error = report.accountError, error.kind == .unauthorised || error.kind == .quota { throw error }
        return report
    }

    /// What the report means for what is to be done later.
    private mutating func note(_ report: SyncReport, of scope: Scope) {
        let now = ContinuousClock.now
        let failed = report.failures.contains { failure in
            failure.isRetryable && failure.path.flatMap { report.resting[$0] } == nil
        }
        if failed || report.accountError != nil {
            failures += 1
            retryAt = retryAt ?? now + .seconds(min(300, 5 * pow2(failures - 1)))
        } else if scope == .everything {
            failures = 0
            retryAt = nil
        }
        resting = resting.filter { !scope.contains($0.key) }
        for (path, rest) in report.resting { resting[path] = now + rest }
        isSettled = retryAt == nil && resting.isEmpty
        if scope == .everything {
            rescans.looked(took: report.lookTook, foundChanges: !report.entries.isEmpty, at: now)
        }
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

    /// Whether an ignore file is among the changes: what is selected may then differ anywhere below it.
    private func touchesRules(_ scope: Scope) -> Bool {
        guard case .paths(let paths) = scope else { return true }
        let names: Set<String> = [".gitignore", ".ignore", ".satchelignore"]
        return paths.contains { names.contains(String(decoding: $0.name, as: UTF8.self)) }
    }

    private func pow2(_ exponent: Int) -> Double { Double(1 << min(exponent, 10)) }
}
