package import FoundationEssentials
package import SatchelCore
internal import SatchelManifest
internal import SatchelWorkspace

/// How far a workspace and its accounts are in step: the plan of a sync that is not done, counted.
package struct Status: Sendable {
    /// How many files are in which state in one account.
    package struct Account: Hashable, Sendable {
        package var name: String
        package var kind: ProviderID
        package var inStep = 0
        package var new = 0
        package var changed = 0
        package var expiring = 0
        package var expired = 0
        /// In the account, but not yet linked: renamed or duplicate paths; a sync sends nothing for them.
        package var pending = 0
        package var failed = 0
        /// Uploaded by the first chat that refers to them, and by none so far.
        package var onReference = 0
        /// Paths that are remembered but gone from the selection.
        package var deleted = 0
        /// Of all ready copies.
        package var bytes: Int64 = 0
    }

    package var root: String
    package var accounts: [Account] = []
    /// As seen by the first account.
    package var found = 0
    package var skipped: [Snapshot.Skipped] = []
    package var failures: [SyncReport.Failure] = []
    package var stop: StopReason?
    /// What is not in step with the first account, with reasons.
    package var entries: [SyncReport.Entry] = []
    package var watch: LockHolder?
    /// What a running watch says of itself.
    package var figures: WatchFigures?
    /// Since when watches of this workspace only gather changes; nil when they do not.
    package var pausedSince: Date?
}

extension Workspace {
    /// Compares the workspace with what is remembered of the accounts; asks no provider and changes nothing.
    ///
    /// `accounts` are names; without any, the default account and every other that holds copies.
    package func status(
        _ scope: Scope = .everything,
        accounts names: [String] = [],
        observe: @escaping SyncObserver = { _ in }
    ) async throws -> Status {
        var status = Status(root: root)
        status.watch = WorkspaceLock.holder(in: state)
        status.figures = try await watchFigures()
        status.pausedSince = try await pausedSince()
        for (index, account) in try await accountsToShow(names).enumerated() {
            let id = try await rememberedAccount(account)
            var policy = policy(for: account)
            policy.renewsExpired = true
            let (_, plan) = try await makePlan(
                scope,
                account: id,
                traits: traits(of: account),
                policy: policy,
                remembersHashes: false,
                observe: observe
            )
            let report = SyncReport(planned: plan, account: account.name, provider: account.kind)
            if index == 0 {
                status.found = report.summary.found
                status.skipped = report.skipped
                status.failures = report.failures
                status.entries = report.entries
                status.stop = report.stop
            }
            var line = Status.Account(name: account.name, kind: account.kind)
            line.count(plan)
            if let id { line.bytes = try await manifest.bytes(in: id) }
            status.accounts.append(line)
        }
        return status
    }

    func accountsToShow(_ names: [String]) async throws -> [AccountConfiguration] {
        guard names.isEmpty else { return try names.map { try configuration.account(named: $0) } }
        let standard = try configuration.account()
        let remembered = Set(try await manifest.accounts().map(\.label))
        let others = configuration.accounts.filter { $0.name != standard.name && remembered.contains($0.name) }
        return [standard] + others
    }
}

extension Status.Account {
    fileprivate mutating func count(_ plan: Plan) {
        inStep = plan.unchanged
        failed = plan.troubles.count
        onReference = plan.skipped.count { $0.reason == .onReference }
        for action in plan.actions {
            switch action {
            case .upload(_, _, let reason):
                switch reason {
                case .newFile, .notInAccount, .requested: new += 1
                case .changed: changed += 1
                case .expiresSoon: expiring += 1
                case .expired: expired += 1
                case .interrupted, .failedBefore: pending += 1
                }
            case .link(_, _, .sameContent), .link(_, _, .renamed): pending += 1
            case .forget: deleted += 1
            case .link, .delete: break
            }
        }
    }
}
