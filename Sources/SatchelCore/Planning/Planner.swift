package import FoundationEssentials

/// Decides what to do so that an account holds what the workspace shows.
///
/// Pure: time and everything else is an argument.
///
/// - Parameters:
///   - snapshot: what a scan of its scope saw.
///   - known: what the manifest remembers of paths within the scope, in byte order of the paths.
///   - copies: living copies in the account; all of them when the scope is everything, else at least those of the
///     digests in `snapshot` and `known`.
///   - pinned: contents that must stay in this account although no path stands for them.
///   - secrets: what the gate found in contents that must therefore not be sent.
///   - rememberedRoot: the root folder of the last sync, if any.
///   - policy: what the user wants.
///   - traits: what the account's provider can do.
///   - now: the time.
/// - Returns: the actions with their reasons, and what is left alone.
package func plan(
    _ snapshot: Snapshot,
    against known: [KnownFile],
    copies: CopyIndex,
    pinned: Set<ContentDigest> = [],
    secrets: [ContentDigest: [SecretFinding]] = [:],
    rememberedRoot: RootIdentity? = nil,
    under policy: SyncPolicy,
    traits: ProviderTraits,
    at now: Date
) -> Plan {
    var planner = Planner(copies: copies, secrets: secrets, policy: policy, traits: traits, now: now)
    planner.compare(snapshot, with: known)
    planner.planDeletes(scope: snapshot.scope, pinned: pinned)
    return planner.finish(snapshot, known: known, rememberedRoot: rememberedRoot)
}

private struct Planner {
    let copies: CopyIndex
    let secrets: [ContentDigest: [SecretFinding]]
    let policy: SyncPolicy
    let traits: ProviderTraits
    let now: Date

    private var uploads: [Action] = []
    private var links: [Action] = []
    private var forgets: [Action] = []
    private var deletes: [Action] = []
    private var unchanged = 0
    private var refused: [Snapshot.Skipped] = []
    /// Contents this plan uploads already: a second path with the same bytes only links.
    private var uploading: Set<ContentDigest> = []
    /// Paths that stood for a content and are gone: what a new path with it was renamed from.
    private var leftBehind: [ContentDigest: WorkspacePath] = [:]
    /// By position in `copies`: some path stands for it before or after this plan.
    private var isReferenced: [Bool]

    init(
        copies: CopyIndex,
        secrets: [ContentDigest: [SecretFinding]],
        policy: SyncPolicy,
        traits: ProviderTraits,
        now: Date
    ) {
        self.copies = copies
        self.secrets = secrets
        self.policy = policy
        self.traits = traits
        self.now = now
        isReferenced = Array(repeating: false, count: copies.copies.count)
    }

    /// Walks both lists, which are in the same order, side by side.
    mutating func compare(_ snapshot: Snapshot, with known: [KnownFile]) {
        let keeps = UnseenPaths(snapshot)
        var newFiles: [(Snapshot.File, KnownFile?)] = []
        var index = 0
        func isBefore(_ row: KnownFile, _ file: Snapshot.File) -> Bool { row.path < file.path }
        for file in snapshot.files {
            while index < known.count, isBefore(known[index], file) {
                lost(known[index], keeps: keeps)
                index += 1
            }
            var row: KnownFile?
            if index < known.count, known[index].path == file.path {
                row = known[index]
                index += 1
            }
            if isInStep(file, row) {
                unchanged += 1
            } else {
                newFiles.append((file, row))
            }
        }
        while index < known.count {
            lost(known[index], keeps: keeps)
            index += 1
        }
        // Only now is it known which paths are gone, and so what was renamed.
        for (file, row) in newFiles { change(file, row) }
    }

    private mutating func isInStep(_ file: Snapshot.File, _ row: KnownFile?) -> Bool {
        guard let row, row.linked == file.digest else { return false }
        guard let position = copies.position(of: file.digest) else { return false }
        isReferenced[position] = true
        let copy = copies.copies[position]
        guard copy.state == .ready || copy.state == .processing else { return false }
        switch freshness(of: copy) {
        case .fresh: return !policy.renewsAll
        case .expiring, .expired: return !policy.renewsExpired
        }
    }

    /// A file that is new, changed, or without a usable copy.
    private mutating func change(_ file: Snapshot.File, _ row: KnownFile?) {
        let moves = row?.linked != file.digest
        if moves, let old = row?.linked { release(old) }
        if let position = copies.position(of: file.digest) { isReferenced[position] = true }
        if let reason = refusal(of: file, row) {
            refused.append(Snapshot.Skipped(path: file.path, isFolder: false, reason: reason))
            // What chats show without a copy is as much in step as the rest; what they never show must only let go of
            // what the path stood for before.
            if moves, row?.linked != nil || reason.isShownInChats {
                links.append(.link(file.path, to: file.digest, because: .refused(reason)))
            }
            return
        }
        if let reason = uploadReason(file, row) {
            if uploading.insert(file.digest).inserted {
                let content = UploadedContent(digest: file.digest, size: file.size, media: file.media)
                uploads.append(.upload(file.path, content, because: reason))
                if moves { links.append(.link(file.path, to: file.digest, because: .uploaded)) }
                return
            }
            // The first path with these bytes does the sending.
        }
        if let origin = leftBehind.removeValue(forKey: file.digest) {
            links.append(.link(file.path, to: file.digest, because: .renamed(from: origin)))
        } else {
            links.append(.link(file.path, to: file.digest, because: .sameContent))
        }
    }

    /// Why no copy of the file is made; nil when one is, or is there.
    private func refusal(of file: Snapshot.File, _ row: KnownFile?) -> SkipReason? {
        if let reason = traits.refusal(of: file.media, size: file.size, at: file.path) { return reason }
        // What has left already leaves no more by a second name.
        if let findings = secrets[file.digest], uploadReason(file, row) != nil { return .secret(findings) }
        guard !traits.staysHere else { return nil }
        if policy.ttl == .session { return .onDemand }
        return policy.uploadsOnReference && isFirstReference(file, row) ? .onReference : nil
    }

    /// Whether a copy would be made that no chat has asked for yet; what was made for one is renewed as any other.
    private func isFirstReference(_ file: Snapshot.File, _ row: KnownFile?) -> Bool {
        switch uploadReason(file, row) {
        case .newFile, .changed, .notInAccount: true
        case .expired, .expiresSoon, .interrupted, .failedBefore, .requested, nil: false
        }
    }

    /// Nil when the account has a copy that can be referred to.
    private func uploadReason(_ file: Snapshot.File, _ row: KnownFile?) -> UploadReason? {
        guard let copy = copies[file.digest] else {
            guard let linked = row?.linked else { return .newFile }
            return linked == file.digest ? .notInAccount : .changed
        }
        switch copy.state {
        case .uploading: return .interrupted
        case .failed: return .failedBefore
        case .deleting: return row?.linked == nil ? .newFile : .changed
        case .processing, .ready: break
        }
        switch freshness(of: copy) {
        case .fresh: return policy.renewsAll ? .requested : nil
        case .expiring(let date): return .expiresSoon(at: date)
        case .expired(let date): return .expired(at: date)
        }
    }

    private func freshness(of copy: KnownCopy) -> KnownCopy.Freshness {
        copy.freshness(at: now, margin: policy.safetyMargin, within: policy.renewsWithin)
    }

    /// A remembered path that the scan did not show as a file.
    private mutating func lost(_ row: KnownFile, keeps: UnseenPaths) {
        if keeps.coversUnread(row.path) {
            if let linked = row.linked { keep(linked) }
            return
        }
        if let linked = row.linked {
            leftBehind[linked] = row.path
            release(linked)
        }
        forgets.append(.forget(row.path, because: keeps.skipReason(of: row.path).map(ForgetReason.skipped) ?? .deleted))
    }

    private mutating func keep(_ digest: ContentDigest) {
        if let position = copies.position(of: digest) { isReferenced[position] = true }
    }

    /// A path ceases to stand for `digest`.
    ///
    /// Its copy is unreferenced from now on, so it goes in this plan only when nothing is to be kept at all.
    private mutating func release(_ digest: ContentDigest) {
        if policy.keepUnreferenced > 0 { keep(digest) }
    }

    /// Deletes need the whole picture: a partial scan plans none.
    mutating func planDeletes(scope: Scope, pinned: Set<ContentDigest>) {
        guard scope == .everything else { return }
        for (position, copy) in copies.copies.enumerated() {
            if isReferenced[position] || pinned.contains(copy.digest) || uploading.contains(copy.digest) { continue }
            switch copy.state {
            case .deleting:
                deletes.append(.delete(copy, because: .unfinished))
            case .uploading, .failed:
                deletes.append(.delete(copy, because: .neverFinished))
            case .processing, .ready:
                if case .expired(let date) = copy.freshness(at: now, margin: 0) {
                    deletes.append(.delete(copy, because: .expired(at: date)))
                } else if now.timeIntervalSince(copy.touchedAt) >= policy.keepUnreferenced {
                    deletes.append(.delete(copy, because: .unreferenced(since: copy.touchedAt)))
                }
            }
        }
    }

    func finish(_ snapshot: Snapshot, known: [KnownFile], rememberedRoot: RootIdentity?) -> Plan {
        var plan = Plan()
        plan.found = snapshot.files.count + snapshot.skipped.count + snapshot.troubles.count
        plan.unchanged = unchanged
        plan.skipped = snapshot.skipped + refused
        plan.troubles = snapshot.troubles
        plan.stop = stopReason(snapshot, known: known, rememberedRoot: rememberedRoot)
        plan.actions = uploads + links + forgets + deletes
        return plan
    }

    private func stopReason(_ snapshot: Snapshot, known: [KnownFile], rememberedRoot: RootIdentity?) -> StopReason? {
        guard !policy.isConfirmed, snapshot.scope == .everything else { return nil }
        if snapshot.files.isEmpty, forgets.count > 1 { return .emptiedRoot(known: forgets.count) }
        if let rememberedRoot, rememberedRoot != snapshot.root,
            isAboveCeiling(forgets.count, of: known.count)
        {
            return .replacedRoot(forgets: forgets.count)
        }
        // What has expired is gone already, and what was never finished is not known to be there.
        let living = deletes.count {
            if case .delete(_, because: .unreferenced) = $0 { true } else { false }
        }
        let total = copies.copies.count { $0.state != .uploading && $0.state != .failed }
        guard isAboveCeiling(living, of: total) else { return nil }
        return .tooManyDeletes(count: living, of: total)
    }

    private func isAboveCeiling(_ count: Int, of total: Int) -> Bool {
        count > policy.maxDeletes && count * 100 > total * policy.maxDeletePercent
    }
}

/// What a snapshot says about paths that are not among its files.
private struct UnseenPaths {
    private let unreadFolders: [WorkspacePath]
    private let unreadFiles: Set<WorkspacePath>
    private let skipped: [WorkspacePath: SkipReason]
    private let skippedFolders: Set<WorkspacePath>

    init(_ snapshot: Snapshot) {
        unreadFolders = snapshot.troubles.filter(\.isFolder).map(\.path)
        unreadFiles = Set(snapshot.troubles.filter { !$0.isFolder }.map(\.path))
        skipped = Dictionary(snapshot.skipped.map { ($0.path, $0.reason) }, uniquingKeysWith: { first, _ in first })
        skippedFolders = Set(snapshot.skipped.filter(\.isFolder).map(\.path))
    }

    /// The scan could not read it, so nothing is known about it now.
    func coversUnread(_ path: WorkspacePath) -> Bool {
        unreadFiles.contains(path) || unreadFolders.contains(where: path.isWithin)
    }

    func skipReason(of path: WorkspacePath) -> SkipReason? {
        if let reason = skipped[path] { return reason }
        guard !skippedFolders.isEmpty else { return nil }
        var folder = path.parent
        while !folder.isRoot {
            if skippedFolders.contains(folder) { return skipped[folder] }
            folder = folder.parent
        }
        return nil
    }
}
