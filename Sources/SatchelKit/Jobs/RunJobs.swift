internal import FoundationEssentials
package import SatchelCore
internal import SatchelManifest
internal import SatchelWorkspace

/// What a runner of jobs tells whoever watches it.
package enum JobProgress: Sendable {
    case began(Job)
    case ended(Job)
    case notice(String)
}

extension Workspace {
    /// Puts a question down to be asked by `jobs run` or a watch; its thread exists from now on.
    ///
    /// - Returns: the job and the thread.
    package func queue(
        _ question: ChatQuestion,
        account: String?,
        model: String?
    ) async throws -> (job: Int64, thread: Int64) {
        // A name that is wrong is better told now than by the job.
        let asked = try configuration.account(named: account)
        var question = question
        let earlier = try await earlier(question)
        if asked.kind != .local, configuration.model(for: asked) != nil {
            // A warning is told when it is asked.
            try stopAtTypedSecrets(in: question, after: earlier) { _ in }
        }
        let thread = try await thread(for: question)
        question.thread = thread
        let queued = QueuedQuestion(question, account: account, model: model)
        let job = try await manifest.addJob(QueuedQuestion.kind, payload: queued.payload, thread: thread, at: now())
        await tellOfJobs()
        return (job, thread)
    }

    /// Does what is due, one job after the other, until nothing is.
    ///
    /// - Returns: how many were done, and how many were not.
    @discardableResult
    package func runJobs(
        observe: @escaping @Sendable (JobProgress) -> Void
    ) async throws -> (done: Int, failed: Int) {
        guard let owner = processOwner() else { return (0, 0) }
        var count = (done: 0, failed: 0)
        while let job = try await manifest.claimJob(for: owner, at: now(), isAlive: isProcessAlive) {
            try await failAbandonedAnswers()
            observe(.began(job))
            await run(job, observe: observe)
            if let ended = try await manifest.job(job.id) {
                observe(.ended(ended))
                if ended.state == .done { count.done += 1 } else { count.failed += 1 }
            }
            try Task.checkCancellation()
        }
        return count
    }

    /// Does what becomes due, until the returned task is cancelled: what a watch does beside its own work.
    ///
    /// - Parameters:
    ///   - bell: rung when there may be something to do.
    ///   - isPaused: asked before each look.
    ///   - observe: told what happens, in words.
    /// - Returns: the task.
    func startJobs(
        _ bell: JobBell,
        unless isPaused: @escaping @Sendable () -> Bool,
        observe: @escaping @Sendable (String) -> Void
    ) -> Task<Void, Never> {
        Task {
            while !Task.isCancelled {
                var due: Date?
                do {
                    if !isPaused() {
                        try await runJobs { progress in
                            switch progress {
                            case .began(let job): observe("job \(job.id): begun")
                            case .ended(let job):
                                observe("job \(job.id): \(job.state.rawValue)\(job.error.map { ": \($0)" } ?? "")")
                            case .notice(let text): observe(text)
                            }
                        }
                        due = try await manifest.nextJob()
                    }
                } catch {
                    if !Task.isCancelled { observe("jobs: \(error)") }
                }
                let wait = due.map { $0.timeIntervalSince(now()) } ?? .infinity
                await bell.wait(atMost: .seconds(min(max(wait, 0.05), Self.longestSleep)))
            }
        }
    }

    /// Seconds after which jobs are looked for unasked: whoever ran one or put it down may have died.
    private static var longestSleep: Double { 15 }

    /// Has the running watch, if there is one, look for jobs.
    private func tellOfJobs() async {
        guard isWatched else { return }
        var request = ControlRequest()
        request.jobs = ControlRequest.Jobs()
        // One that does not hear it looks a little later by itself.
        _ = try? await ask(request, idle: 2)
    }

    /// Does one job and writes down how it ended, also when this task is cancelled.
    private func run(_ job: Job, observe: @escaping @Sendable (JobProgress) -> Void) async {
        let work = Task { try await ask(job, observe: observe) }
        // Another process may cancel the job while it runs, and SQLite tells nobody of a change.
        let guardian = Task {
            while !Task.isCancelled {
                try await Task.sleep(for: .milliseconds(300))
                if try await manifest.job(job.id)?.state == .cancelled { work.cancel() }
            }
        }
        let result = await withTaskCancellationHandler {
            await work.result
        } onCancel: {
            work.cancel()
        }
        guardian.cancel()
        let moment = now()
        try? await keepDespiteCancellation { [self] in
            switch result {
            case .success: try await manifest.endJob(job.id, as: .done, error: nil, at: moment)
            case .failure(let error): try await end(job, with: error, at: moment)
            }
        }
    }

    private func end(_ job: Job, with error: any Error, at moment: Date) async throws {
        if error is CancellationError || (error as? ProviderError)?.kind == .cancelled {
            // Whoever ran it was stopped; that is not its fault.
            try await manifest.endJob(
                job.id,
                as: .queued,
                error: "interrupted",
                again: moment,
                countsAttempt: false,
                at: moment
            )
        } else if let error = error as? ProviderError, error.isRetryable,
            let delay = Job.delay(afterAttempts: job.attempts)
        {
            let again = moment.addingTimeInterval(delay)
            try await manifest.endJob(job.id, as: .queued, error: "\(error)", again: again, at: moment)
        } else {
            try await manifest.endJob(job.id, as: .failed, error: "\(error)", at: moment)
        }
    }

    private func ask(_ job: Job, observe: @escaping @Sendable (JobProgress) -> Void) async throws {
        guard job.kind == QueuedQuestion.kind, let queued = QueuedQuestion(payload: job.payload) else {
            throw WorkspaceError(.cannotStart, "job \(job.id): this version does not know how to do it")
        }
        guard let thread = job.thread else {
            throw WorkspaceError(.cannotStart, "job \(job.id): its conversation was deleted; ask again")
        }
        let overrides = queued.model.map { [Configuration.Override("chat.model", $0, flag: "--model")] } ?? []
        let workspace = try Workspace(at: root, context: context, overrides: overrides)
        let connection = try await workspace.connect(
            to: queued.account ?? workspace.configuration.chat.account,
            notice: { observe(.notice("job \(job.id): \($0)")) }
        )
        _ = try await workspace.whileChatting(connection, notice: { observe(.notice($0)) }) {
            try await workspace.ask(queued.question(of: job.id, in: thread), connection) { event in
                if case .notice(let text) = event { observe(.notice("job \(job.id): \(text)")) }
            }
        }
    }

    // MARK: - Looking and changing

    /// The latest first; with `openOnly`, those that something will still come of.
    package func jobs(openOnly: Bool, limit: Int) async throws -> [Job] {
        try await manifest.jobs(openOnly: openOnly, limit: limit)
    }

    /// The job of that number.
    ///
    /// - Throws: ``WorkspaceError`` when there is none.
    package func job(_ id: Int64) async throws -> Job {
        guard let job = try await manifest.job(id) else {
            throw WorkspaceError(.cannotStart, "job \(id): there is none; satchel jobs ls lists them")
        }
        return job
    }

    /// Makes sure that nothing more comes of a job; a process that does it lets go within a second.
    ///
    /// - Throws: ``WorkspaceError`` when there is no such job, or it is over.
    package func cancelJob(_ id: Int64) async throws {
        let state = try await job(id).state
        guard try await manifest.cancelJob(id, at: now()) else {
            throw WorkspaceError(.cannotStart, "job \(id): it is \(state.rawValue) already; there is nothing to cancel")
        }
    }

    /// Has a job that failed done again.
    ///
    /// - Throws: ``WorkspaceError`` when there is no such job, or it did not fail.
    package func retryJob(_ id: Int64) async throws {
        let state = try await job(id).state
        guard try await manifest.retryJob(id, at: now()) else {
            throw WorkspaceError(
                .cannotStart,
                "job \(id): it is \(state.rawValue); only what failed can be tried again"
            )
        }
        await tellOfJobs()
    }

    /// Waits until nothing more will come of a job.
    ///
    /// - Parameters:
    ///   - id: the job.
    ///   - limit: how long; nil for as long as it takes.
    ///   - idle: told once when no process is there that would do it.
    /// - Returns: the job at its end.
    /// - Throws: ``WorkspaceError`` when the time is over, or there is no such job.
    package func wait(for id: Int64, upTo limit: Duration?, idle: () -> Void) async throws -> Job {
        let deadline = limit.map { ContinuousClock.now + $0 }
        var hasTold = false
        while true {
            let job = try await job(id)
            if job.state.isOver { return job }
            let isRun = job.owner.map(isProcessAlive) ?? isWatched
            if !isRun, !hasTold {
                idle()
                hasTold = true
            }
            if let deadline, ContinuousClock.now >= deadline {
                throw WorkspaceError(
                    .gaveUpWaiting,
                    "job \(id): still \(job.state.rawValue); wait longer, or see jobs show"
                )
            }
            // Its end is a change of the manifest by another process, which tells nobody.
            try await Task.sleep(for: .milliseconds(100))
        }
    }
}

/// Whether the process that ``processOwner(_:)`` named so still runs.
func isProcessAlive(_ owner: String) -> Bool {
    guard let pid = owner.split(separator: ":").first.flatMap({ Int32($0) }) else { return false }
    return processOwner(pid) == owner
}
