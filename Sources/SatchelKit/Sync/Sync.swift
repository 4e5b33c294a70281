internal import Dispatch
internal import FoundationEssentials
package import SatchelCore
internal import SatchelManifest
internal import SatchelWorkspace

/// What one run of a sync is to do differently from the configuration.
package struct SyncOptions: Sendable {
    package var isDryRun = false
    /// Yes to an emptied root and to many deletes.
    package var isConfirmed = false
    /// Instead of the configured ceiling.
    package var maxDeletes: Int?
    /// Uploads again what has expired or soon will; a watch that renews on use leaves it.
    package var renewsExpired = true
    /// Leaves files alone that are still being written to; without it, a caller who asks for a file gets it as it is.
    package var stability: StabilityPolicy?
    /// Also tells which other names the files have that were read: a change comes to light under one name only.
    package var findsOtherNames = false
    /// The folder that the caller knows: another one in its place is not to be synced.
    package var root: RootIdentity?
    /// Also renews what ends within so many seconds.
    package var renewsWithin: Double = 0
    /// Also uploads again what is still fresh.
    package var renewsAll = false
    /// Asked between uploads: true ends the sync with ``SyncHeld`` once what is on its way has arrived.
    package var isHeld: @Sendable () -> Bool = { false }

    package init() {}
}

extension Workspace {
    /// Makes the account hold what the workspace shows, within `scope`.
    ///
    /// The caller holds the workspace lock, unless it is a dry run.
    /// - Throws: when it cannot begin, cannot remember what it does, or is cancelled. Trouble with single files, and an
    ///   account that refuses everything, are in the report.
    package func sync(
        _ scope: Scope,
        to connection: Connection,
        options: SyncOptions = SyncOptions(),
        observe: @escaping SyncObserver = { _ in }
    ) async throws -> SyncReport {
        // With the folder itself replaced, the look says so better.
        if !options.isDryRun, options.root.map({ $0.isAt(root) }) ?? true { try checkState() }
        let undecided = options.isDryRun ? [:] : try await adoptInterrupted(in: connection)
        if !options.isDryRun { try await endAbandonedLeases(in: connection) }
        let moment = try await accountTime(of: connection)
        let begun = ContinuousClock.now
        var (snapshot, plan) = try await makePlan(
            scope,
            for: connection,
            options: options,
            at: moment,
            observe: observe
        )
        let lookTook = ContinuousClock.now - begun
        if let known = options.root, known != snapshot.root {
            throw WorkspaceError(
                .stoppedForSafety,
                "\(escaped(root.utf8)): another folder has taken its name; nothing was deleted; "
                    + "start watch again when it is back"
            )
        }
        var report = SyncReport(
            account: connection.account.name,
            provider: connection.traits.provider,
            isDryRun: options.isDryRun
        )
        guard !options.isDryRun else {
            plan.actions = try await makeRoom(
                for: plan.actions,
                in: connection,
                evictsLinked: false,
                report: &report,
                observe: { _ in }
            )
            report.add(plan)
            let sums = report.summary
            observe(.planned(uploads: sums.uploaded + sums.rehydrated, bytes: sums.bytesUploaded))
            return report
        }
        // The look may have taken long.
        try checkState()
        report.count(plan)
        report.resting = snapshot.resting
        report.lookTook = lookTook
        plan.actions = setAside(undecided, from: plan.actions, report: &report)
        // Found before anything is done, and told like what fails later.
        for failure in report.failures { observe(.failed(failure)) }
        plan.actions = try await makeRoom(
            for: plan.actions,
            in: connection,
            evictsLinked: false,
            report: &report,
            observe: observe
        )
        let files = FileSources(root: root)
        var executor = executor(for: connection, observe: observe) { path, _ in files[path] }
        executor.isHeld = options.isHeld
        try await executor.apply(plan, to: &report)
        if options.findsOtherNames {
            report.otherNames = try await manifest.otherNames(of: snapshot.manyNamed, and: snapshot.lostInodes)
                .filter { !snapshot.scope.contains($0) }
        }
        if snapshot.scope == .everything, plan.stop == nil {
            try await manifest.setSetting("root", to: "\(snapshot.root.device):\(snapshot.root.inode)")
            try await noteTime(moment)
        }
        return report
    }

    func executor(
        for connection: Connection,
        observe: @escaping SyncObserver,
        source: @escaping @Sendable (WorkspacePath, ContentDigest) -> any UploadSource
    ) -> Executor {
        Executor(
            manifest: manifest,
            account: connection.id,
            provider: connection.provider,
            policy: policy(for: connection.account),
            parallelUploads: configuration.parallelUploads ?? connection.traits.parallelUploads,
            source: { [life] in WatchedSource(source: source($0, $1), life: life) },
            now: context.now,
            observe: observe
        )
    }

    /// Scans and decides, without doing anything but remembering what was hashed.
    func makePlan(
        _ scope: Scope,
        for connection: Connection,
        options: SyncOptions,
        at moment: Date? = nil,
        observe: @escaping SyncObserver
    ) async throws -> (Snapshot, Plan) {
        var policy = policy(for: connection.account)
        policy.isConfirmed = options.isConfirmed
        policy.renewsExpired = options.renewsExpired
        policy.renewsWithin = options.renewsWithin
        policy.renewsAll = options.renewsAll
        if let most = options.maxDeletes { policy.maxDeletes = most }
        func decide(_ scope: Scope) async throws -> (Snapshot, Plan) {
            try await makePlan(
                scope,
                account: connection.id,
                traits: connection.traits,
                policy: policy,
                stability: options.stability,
                remembersHashes: !options.isDryRun,
                at: moment,
                observe: observe
            )
        }
        let (snapshot, plan) = try await decide(scope)
        // What stops and asks needs the whole picture.
        guard try await isAlarming(plan, snapshot) else { return (snapshot, plan) }
        return try await decide(.everything)
    }

    /// Whether a look at a part of the workspace found nothing left of the whole, or another folder in its place.
    private func isAlarming(_ plan: Plan, _ snapshot: Snapshot) async throws -> Bool {
        guard snapshot.scope != .everything else { return false }
        let forgets = plan.actions.count { if case .forget = $0 { true } else { false } }
        guard forgets > 0 else { return false }
        if let root = try await rememberedRoot(), root != snapshot.root { return true }
        guard forgets > 1, snapshot.files.isEmpty else { return false }
        return try await manifest.pathCount() == forgets
    }

    func makePlan(
        _ scope: Scope,
        account: AccountID?,
        traits: ProviderTraits,
        policy: SyncPolicy,
        stability: StabilityPolicy? = nil,
        remembersHashes: Bool,
        at moment: Date? = nil,
        observe: @escaping SyncObserver
    ) async throws -> (Snapshot, Plan) {
        let known = try await manifest.known(in: scope)
        var snapshot = try await scan(
            scope,
            known: known,
            stability: stability,
            remembersHashes: remembersHashes,
            observe: observe
        )
        let copies: CopyIndex
        if let account, scope == .everything {
            copies = try await manifest.copies(in: account)
        } else if let account {
            let digests = Set(snapshot.files.map(\.digest)).union(known.compactMap(\.linked))
            copies = try await manifest.copies(in: account, of: digests)
        } else {
            copies = CopyIndex(sorted: [])
        }
        // Remote copies of what a message showed can be made again from the local store; its own cannot.
        let pinned = traits.staysHere ? try await manifest.pinnedContents() : []
        let rememberedRoot = try await rememberedRoot()
        let decided = try await gated(&snapshot, traits: traits, remembers: remembersHashes) { snapshot, secrets in
            plan(
                snapshot,
                against: known,
                copies: copies,
                pinned: pinned,
                secrets: secrets,
                rememberedRoot: rememberedRoot,
                under: policy,
                traits: traits,
                at: moment ?? now()
            )
        }
        return (snapshot, decided)
    }

    private func rememberedRoot() async throws -> RootIdentity? {
        let parts = try await manifest.setting("root")?.split(separator: ":").compactMap { UInt64($0) } ?? []
        return parts.count == 2 ? RootIdentity(device: parts[0], inode: parts[1]) : nil
    }

    /// Scans on a thread of its own: it blocks on the disk.
    ///
    /// - Throws: ``ScanError``; `CancellationError` when the task is cancelled, as everything else does then: who asked for
    ///   the end is not to be told of an error.
    func scan(
        _ scope: Scope,
        known: [KnownFile],
        stability: StabilityPolicy? = nil,
        remembersHashes: Bool,
        observe: @escaping SyncObserver
    ) async throws -> Snapshot {
        observe(.scanning)
        let cancelled = CancellationFlag()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                DispatchQueue(label: "satchel.scan").async { [manifest, scanner, context, life] in
                    var hashed = 0
                    let result = Result {
                        try scanner.scan(
                            scope,
                            known: known,
                            stability: stability,
                            now: { Int64(context.now().timeIntervalSince1970 * 1e9) },
                            isCancelled: {
                                life.note()
                                return cancelled.isSet
                            },
                            onHashed: { batch in
                                hashed += batch.count
                                observe(.hashed(files: hashed))
                                if remembersHashes { try manifest.recordBlocking(batch) }
                            }
                        )
                    }
                    continuation.resume(with: result.mapError(\.asCancellation))
                }
            }
        } onCancel: {
            cancelled.set()
        }
    }
}

extension Error {
    /// Itself, unless it is how a scan says that it was cancelled.
    fileprivate var asCancellation: any Error {
        if case .cancelled? = self as? ScanError { CancellationError() } else { self }
    }
}
