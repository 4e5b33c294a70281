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
    /// With `endsOnceSettled` it ends as soon as there is nothing left that waiting would mend, for scripts. `stop` asks it
    /// to end. Each element of `rescans` makes it look at everything again. `reconnect` opens the workspace and its account
    /// anew when the configuration has changed; while it cannot, the watch goes on with the one that it began with.
    ///
    /// - Returns: what it had to leave out of step, or that it is to be begun anew with another configuration.
    @discardableResult
    package func watch(
        _ connection: Connection,
        endsOnceSettled: Bool = false,
        stop: StopRequest = StopRequest(),
        rescans: AsyncStream<Void> = AsyncStream { $0.finish() },
        reconnect: @escaping @Sendable () async throws -> WatchSuccessor,
        observe: @escaping @Sendable (WatchProgress) -> Void
    ) async throws -> WatchEnd {
        keepLittleFreeMemory()
        let notifier = ServiceNotifier(environment: context.environment)
        stop.whenRequested { notifier?.tell(.stopping) }
        let pause = PauseSwitch(since: try await pausedSince()) { [self] in try await notePause(since: $0) }
        if endsOnceSettled, pause.isPaused {
            throw WorkspaceError(
                .cannotStart,
                "the workspace is paused, so nothing would ever settle; run satchel resume first"
            )
        }
        let watcher = try Watcher(root: root, settle: settlePolicy, pruning: .selection(scanner))
        let wakes = WatchWakes(watcher, asked: rescans)
        let board = WatchBoard(account: connection.account.name)
        board.update { $0.pausedSince = pause.since }
        let bell = JobBell()
        let server = listen(
            answering: board,
            watcher: watcher,
            pausing: pause,
            wakes: wakes,
            bell: bell,
            observe: observe
        )
        defer { server?.stop() }
        let jobs = endsOnceSettled ? nil : startJobs(bell, unless: { pause.since != nil }) { observe(.notice($0)) }
        defer { jobs?.cancel() }
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
            // By the wall clock, which may be set, and days away.
            let chores = Alarm<Double>(
                longestSleep: .seconds(300),
                left: { [now = context.now] in .seconds($0 - now().timeIntervalSince1970) },
                ring: { wakes.wake(.chores) }
            )
            defer { chores.set(nil) }
            var loop = WatchLoop(
                workspace: self,
                connection: connection,
                watcher: watcher,
                care: care,
                chores: chores,
                isPatient: !endsOnceSettled,
                reconnect: reconnect,
                rescans: RescanSchedule(
                    regular: configuration.watch.rescan,
                    poll: configuration.watch.poll,
                    at: .now
                ),
                observe: observe
            )
            try await loop.begin(wakes: wakes)
            if endsOnceSettled, loop.isAtRest, !wakes.holdsChanges {
                await wakes.stop()
                return loop.end
            }
            for await wake in wakes.stream {
                try Task.checkCancellation()
                try await loop.handle(wake, wakes: wakes)
                if endsOnceSettled, loop.isAtRest, !wakes.holdsChanges { break }
            }
            await wakes.stop()
            try Task.checkCancellation()
            return loop.end
        } catch let reconfigured as Reconfigured {
            notifier?.tell(.reloading)
            await wakes.stop()
            return WatchEnd(successor: reconfigured.successor)
        } catch {
            await wakes.stop()
            throw error
        }
    }

    /// Takes what other processes ask of this workspace while the watch holds it.
    private func listen(
        answering board: WatchBoard,
        watcher: Watcher,
        pausing pause: PauseSwitch,
        wakes: WatchWakes,
        bell: JobBell,
        observe: @escaping @Sendable (WatchProgress) -> Void
    ) -> ControlServer? {
        do {
            let server = try ControlServer(in: state)
            // At once, also in the middle of a long sync.
            wakes.follow(server) { [self] request in
                let asked = ControlCoding.value(ControlRequest.self, from: request.line)
                if asked?.status != nil {
                    var answer = ControlAnswer()
                    var figures = board.read(at: now())
                    let counts = watcher.counts
                    (figures.watches, figures.events, figures.overflows) =
                        (counts.watches, counts.events, counts.overflows)
                    if wakes.holdsChanges { figures.settled = false }
                    answer.status = figures
                    request.end(with: answer)
                } else if let asked = asked?.pause {
                    Task {
                        request.end(with: await answer(asked, pause, board: board, wakes: wakes, observe: observe))
                        bell.ring()
                    }
                } else if asked?.jobs != nil {
                    bell.ring()
                    request.end(with: ControlAnswer())
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
        observe: @escaping @Sendable (WatchProgress) -> Void
    ) async -> ControlAnswer {
        var answer = ControlAnswer()
        do {
            let change = try await pause.set(paused: asked.paused, at: now()) { since in
                board.update { $0.pausedSince = since }
                observe(since.map { .paused(since: $0) } ?? .resumed)
                if since == nil { wakes.wake(.resumed) }
            }
            answer.pause = ControlAnswer.Pause(since: change.since, changed: change.isChange)
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
