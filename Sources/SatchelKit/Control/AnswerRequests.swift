internal import FoundationEssentials
internal import SatchelCore
internal import SatchelWorkspace

/// Does what other processes ask of a watch, on its behalf and one after the other.
struct RequestDesk {
    let workspace: Workspace
    let connection: Connection
    let watcher: Watcher
    /// Accounts that were asked for beside the watched one.
    private var others: [String: Connection] = [:]

    /// Longer than any queue of events takes; what is missing then is seen by the scan all the same.
    private static let barrierTimeout: Duration = .seconds(5)

    init(workspace: Workspace, connection: Connection, watcher: Watcher) {
        self.workspace = workspace
        self.connection = connection
        self.watcher = watcher
    }

    /// How a sync of the watched account went that somebody else asked for.
    struct Outcome {
        var report: SyncReport
        var scope: Scope
    }

    /// Answers one request that changes something; `isHeld` ends a sync early, because the watch is to end.
    ///
    /// `own` is told what happens to the watched account, `other` what happens to others.
    ///
    /// - Returns: what it did to the watched account: an outage may have ended with it, or begun.
    /// - Throws: `CancellationError` when the watch is stopped meanwhile; everything else is told to who asked.
    mutating func answer(
        _ request: ControlServer.Request,
        isHeld: @escaping @Sendable () -> Bool,
        own: @escaping SyncObserver,
        other: @escaping SyncObserver
    ) async throws -> Outcome? {
        defer { request.end() }
        var last = ControlAnswer()
        var outcome: Outcome?
        do {
            let asked = ControlCoding.value(ControlRequest.self, from: request.line)
            if let sync = asked?.sync {
                let done = try await self.sync(sync, request, isHeld: isHeld, own: own, other: other)
                last.sync = ControlAnswer.Sync(done.report)
                outcome = done
            } else if let rehydrate = asked?.rehydrate {
                let done = try await self.rehydrate(rehydrate, request, own: own, other: other)
                last.sync = ControlAnswer.Sync(done.report)
                outcome = done
            } else if let cleanup = asked?.cleanup {
                last.cleanup = ControlAnswer.Cleanup(try await self.cleanup(cleanup))
            } else if let reconcile = asked?.reconcile {
                last.reconcile = ControlAnswer.Reconcile(try await self.reconcile(reconcile, request))
            } else if let verify = asked?.verify {
                let connection = try await connection(to: verify.account, id: verify.accountId)
                last.verify = ControlAnswer.Verify(try await workspace.verify(connection))
            } else if let revoke = asked?.revoke {
                last.revoke = ControlAnswer.Revoke(try await self.revoke(revoke))
            } else {
                throw WorkspaceError(.cannotStart, "the running watch does not know this request; restart it")
            }
        } catch {
            last.error = ControlAnswer.Failure(error)
        }
        if let line = ControlCoding.line(last) { request.reply(line) }
        try Task.checkCancellation()
        return outcome.flatMap { $0.report.account == connection.account.name ? $0 : nil }
    }

    private mutating func sync(
        _ asked: ControlRequest.Sync,
        _ request: ControlServer.Request,
        isHeld: @escaping @Sendable () -> Bool,
        own: @escaping SyncObserver,
        other: @escaping SyncObserver
    ) async throws -> Outcome {
        let connection = try await connection(to: asked.account, id: asked.accountId)
        let scope = try await settledScope(asked.paths)
        var options = SyncOptions()
        options.isConfirmed = asked.confirmed
        options.maxDeletes = asked.maxDeletes
        options.isHeld = isHeld
        let observe = isWatched(connection) ? own : other
        let report = try await telling(request, connection) { tell in
            try await workspace.sync(scope, to: connection, options: options) { event in
                observe(event)
                tell(event)
            }
        }
        return Outcome(report: report, scope: scope)
    }

    private mutating func rehydrate(
        _ asked: ControlRequest.Rehydrate,
        _ request: ControlServer.Request,
        own: @escaping SyncObserver,
        other: @escaping SyncObserver
    ) async throws -> Outcome {
        let connection = try await connection(to: asked.account, id: asked.accountId)
        let scope = try await settledScope(asked.paths)
        var options = RehydrateOptions()
        options.within = asked.within
        options.all = asked.all
        let observe = isWatched(connection) ? own : other
        let report = try await telling(request, connection) { tell in
            try await workspace.rehydrate(scope, in: connection, options: options) { event in
                observe(event)
                tell(event)
            }
        }
        return Outcome(report: report, scope: scope)
    }

    private mutating func reconcile(
        _ asked: ControlRequest.Reconcile,
        _ request: ControlServer.Request
    ) async throws -> Reconciliation {
        let connection = try await connection(to: asked.account, id: asked.accountId)
        var options = ReconcileOptions()
        options.adopts = asked.adopts
        options.deletesOrphans = asked.deletesOrphans
        return try await telling(request, connection) { tell in
            try await workspace.reconcile(connection, options: options, observe: tell)
        }
    }

    private func isWatched(_ connection: Connection) -> Bool {
        connection.account.name == self.connection.account.name
    }

    private func revoke(_ asked: ControlRequest.Revoke) async throws -> RevokeReport {
        var options = AuditOptions()
        options.paths = try paths(asked.paths)
        options.since = asked.since
        options.account = asked.account
        return try await workspace.revoke(options, isConfirmed: asked.confirmed)
    }

    /// The scope of these paths, with everything that happened before the request in the watch's own books.
    ///
    /// It is there when the watch's cookie comes back; the scan that follows sees it even when it does not. A cookie
    /// takes everything out of its rest, so it is not made for a few files: the scan of those is right by itself, and
    /// what is still being written elsewhere is left alone.
    private func settledScope(_ escaped: [String]?) async throws -> Scope {
        let scope = try escaped.map { Scope(try paths($0)) } ?? .everything
        if scope == .everything { try? await watcher.barrier(within: Self.barrierTimeout) }
        return scope
    }

    private func paths(_ escaped: [String]) throws -> [WorkspacePath] {
        try escaped.map { text in
            guard let path = WorkspacePath(escaped: text) else {
                throw WorkspaceError(.cannotStart, "a path of the request is none; restart the watch")
            }
            return path
        }
    }

    /// Runs `work`, which tells what happens, and passes it on to who asked; so are the waits of the account.
    private func telling<T>(
        _ request: ControlServer.Request,
        _ connection: Connection,
        _ work: (@escaping SyncObserver) async throws -> T
    ) async throws -> T {
        let now = workspace.context.now
        let tell: SyncObserver = { event in
            var answer = ControlAnswer()
            answer.event = EventLine(event, at: now())
            if let line = ControlCoding.line(answer) { request.reply(line) }
        }
        return try await connection.waits.telling({ tell(.waiting(seconds: $0, reason: $1)) }) {
            try await work(tell)
        }
    }

    private mutating func cleanup(_ asked: ControlRequest.Cleanup) async throws -> CleanupReport {
        var options = CleanupOptions()
        options.expired = asked.expired
        options.orphans = asked.orphans
        options.olderThan = asked.olderThan
        options.all = asked.all
        options.force = asked.force
        options.limit = asked.limit
        options.isConfirmed = asked.confirmed
        return try await workspace.cleanup(connection(to: asked.account, id: asked.accountId), options: options)
    }

    private mutating func connection(to name: String, id: AccountID) async throws -> Connection {
        let found: Connection
        if name == connection.account.name {
            found = connection
        } else if let known = others[name] {
            found = known
        } else {
            // Who asks has connected too, and was told.
            found = try await workspace.connect(to: name, notice: { _ in })
            others[name] = found
        }
        guard found.id == id else {
            throw WorkspaceError(
                .cannotStart,
                "account \(name): the running watch has another key or address for it; stop the watch or start it again"
            )
        }
        return found
    }

    private mutating func connection(to name: String, id: Int64) async throws -> Connection {
        try await connection(to: name, id: AccountID(id))
    }
}
