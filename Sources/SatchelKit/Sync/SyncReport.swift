package import SatchelCore

/// What a sync did, or with `dryRun` would do: the source of both its text and its JSON.
package struct SyncReport: Sendable {
    /// One path, or one remote copy, that something was to be done with.
    package struct Entry: Hashable, Sendable {
        package enum Kind: String, Hashable, Sendable {
            case upload
            case rehydrate
            case link
            case forget
            case delete
        }

        package var kind: Kind
        /// Nil for the delete of a copy.
        package var path: WorkspacePath?
        package var digest: ContentDigest?
        /// The stable word.
        package var reason: String
        /// The words for people.
        package var because: String
        /// Bytes; for uploads.
        package var size: Int64?
        package var remote: RemoteFile?
    }

    package struct Failure: Hashable, Sendable {
        package var path: WorkspacePath?
        package var code: String
        package var message: String
        package var isRetryable: Bool
        /// The provider did not do it although it was asked several times; nothing is wrong with the file.
        package var isGivenUp = false

        /// What stands before the message: `src/main.swift: `, with a dot for the workspace's own folder.
        package var subject: String { path.map { $0.isRoot ? ".: " : "\($0): " } ?? "" }

        /// The file changed or went while it was looked at or sent.
        package var isOvertaken: Bool { ["changed", "changing", "vanished"].contains(code) }

        /// Whether it may be over without anybody changing anything.
        ///
        /// Something that is no answer of that API mostly comes from a wrong address. Who has the time also takes it for
        /// what it is in a hotel's network, before somebody has logged in there.
        package func mayPass(forPatient isPatient: Bool) -> Bool { isRetryable || (isPatient && code == "bad_reply") }

        /// Whether a watch tells it once for all files, when it begins.
        package func isOfOutage(forPatient isPatient: Bool) -> Bool {
            isGivenUp || isOfAccount || (isPatient && code == "bad_reply")
        }

        /// Whatever else is sent to the account would meet the same.
        package var isOfAccount: Bool { ["unreachable", "unauthorised", "quota", "budget"].contains(code) }
    }

    /// `found = uploaded + rehydrated + linked + unchanged + skipped + failed`, always.
    package struct Summary: Hashable, Sendable {
        package var found = 0
        package var uploaded = 0
        package var rehydrated = 0
        package var linked = 0
        package var unchanged = 0
        package var skipped = 0
        package var failed = 0
        package var deleted = 0
        package var forgotten = 0
        package var bytesUploaded: Int64 = 0

        /// Whatever was sent, again or for the first time.
        var sent: Int { uploaded + rehydrated }

        package var addsUp: Bool { found == uploaded + rehydrated + linked + unchanged + skipped + failed }
    }

    package var account: String
    package var provider: ProviderID
    package var isDryRun: Bool
    package var summary = Summary()
    /// In the order in which they were done; planned ones with a dry run.
    package var entries: [Entry] = []
    package var skipped: [Snapshot.Skipped] = []
    /// Files that were sent although they hold what looks like secrets, because the gate only warns.
    package var warned: [Snapshot.Skipped] = []
    package var failures: [Failure] = []
    /// Files among ``failures`` that are still being written to, with the rest they need before they are looked at.
    var resting: [WorkspacePath: Duration] = [:]
    /// How long it took to see what is there.
    var lookTook: Duration = .zero
    /// Other names of files that were read, which may show the same change.
    var otherNames: [WorkspacePath] = []
    /// Set when the plan needs a yes and its forgets and deletes were left undone.
    package var stop: StopReason?
    /// The error that made the rest of the account pointless to try, if any.
    package var accountError: ProviderError?
    /// What a running watch, which did the work instead, skipped; how often, by reason.
    var skippedElsewhere: [String: Int]?
    /// Why that watch left deletes undone.
    var stopElsewhere: String?

    /// Why deletes and forgets were left undone, in words.
    package var stopText: String? { stop?.description ?? stopElsewhere }

    /// Files that were kept back because they hold what looks like secrets.
    package var blocked: [Snapshot.Skipped] { skipped.filter { !$0.reason.secrets.isEmpty } }

    package var skippedByReason: [String: Int] {
        if let skippedElsewhere { return skippedElsewhere }
        return skipped.reduce(into: [:]) { $0[$1.reason.code, default: 0] += 1 }
    }

    /// Whether there was nothing to do and nothing went wrong.
    package var isInStep: Bool { entries.isEmpty && failures.isEmpty && stopText == nil }
}

extension SyncReport {
    /// The report of a plan that is not carried out.
    package init(planned plan: Plan, account: String, provider: ProviderID) {
        self.init(account: account, provider: provider, isDryRun: true)
        add(plan)
    }

    /// Counts a plan as if it were carried out after what is in the report.
    mutating func add(_ plan: Plan) {
        count(plan)
        for action in plan.actions {
            // Nothing is there to be deleted, so nobody is told.
            if case .delete(_, because: .neverFinished) = action { continue }
            let entry = Entry(action)
            entries.append(entry)
            switch action {
            case .upload(_, let content, let reason):
                if reason.isRehydration { summary.rehydrated += 1 } else { summary.uploaded += 1 }
                summary.bytesUploaded += content.size
            case .link(_, _, .sameContent), .link(_, _, .renamed): summary.linked += 1
            case .link: break
            case .forget: summary.forgotten += 1
            case .delete: summary.deleted += 1
            }
        }
        // The link that follows an upload of the same path is part of it.
        entries.removeAll { $0.kind == .link && $0.reason == "uploaded" }
    }

    /// Takes over what a plan knows before anything is done.
    mutating func count(_ plan: Plan) {
        summary.found = plan.found
        summary.unchanged = plan.unchanged
        summary.skipped = plan.skipped.count
        summary.failed += plan.troubles.count
        skipped = plan.skipped
        warned = plan.warned
        stop = plan.stop
        failures += plan.troubles.map { trouble in
            Failure(
                path: trouble.path,
                code: trouble.kind.rawValue,
                message: trouble.message,
                isRetryable: trouble.kind == .changing
            )
        }
    }
}

extension SyncReport.Failure {
    /// A copy could not be deleted; the next clean-up tries again.
    init(deleteOf digest: ContentDigest, _ error: ProviderError) {
        self.init(
            path: nil,
            code: error.code,
            message: "delete of \(digest.prefix(12)): \(error)",
            isRetryable: true
        )
    }

    init(path: WorkspacePath?, _ error: ProviderError) {
        self.init(path: path, code: error.code, message: "\(error)", isRetryable: error.isRetryable)
        switch error.kind {
        case .rateLimited, .temporary, .unreachable, .answerLost: isGivenUp = true
        default: break
        }
    }
}

extension SyncReport.Entry {
    package init(_ action: Action) {
        switch action {
        case .upload(let path, let content, let reason):
            self.init(
                kind: reason.isRehydration ? .rehydrate : .upload,
                path: path,
                digest: content.digest,
                reason: reason.code,
                because: "\(reason)",
                size: content.size
            )
        case .link(let path, let digest, let reason):
            self.init(kind: .link, path: path, digest: digest, reason: reason.code, because: "\(reason)")
        case .forget(let path, let reason):
            self.init(kind: .forget, path: path, reason: reason.code, because: "\(reason)")
        case .delete(let copy, let reason):
            self.init(kind: .delete, digest: copy.digest, reason: reason.code, because: "\(reason)")
        }
    }
}
