/// Turns a stream of hints into batches of paths that have come to rest.
///
/// A value with no clock of its own: whoever owns it passes the time in, asks ``due(at:)`` for what may be looked at,
/// and sleeps until ``nextDeadline``. Every noted path is given out in some later batch, alone or within a folder that
/// covers it; no entry lies within another that covers it, and there are never more than ``SettlePolicy/totalLimit``.
package struct Settler: Sendable {
    package typealias Instant = ContinuousClock.Instant

    private let policy: SettlePolicy
    private var pending: [WorkspacePath: Pending] = [:]
    /// How many pending paths are direct children of a folder.
    private var childCounts: [WorkspacePath: Int] = [:]
    /// How many pending paths stand for what is below them too; while it is 0, no ancestor needs to be looked up.
    private var coverCount = 0
    /// When something that was known was last removed.
    private var lastRemoval: Instant?
    /// What was given out within the last ``SettlePolicy/longest``, to notice what keeps changing.
    private var given: [WorkspacePath: Given] = [:]

    package init(_ policy: SettlePolicy = SettlePolicy()) {
        self.policy = policy
    }

    package var isEmpty: Bool { pending.isEmpty }

    /// When ``due(at:)`` will have something to give; nil while nothing is pending.
    package var nextDeadline: Instant? {
        pending.values.lazy.map { $0.deadline(policy, lastRemoval: lastRemoval) }.min()
    }

    /// Takes an event: its path waits from now on, or on.
    package mutating func note(_ event: WatchEvent, at now: Instant) {
        let hold = policy.removalHold
        switch event {
        case .created(let path): note(path, at: now, isNew: true) { $0.isBack(at: now) }
        case .changed(let path): note(path, at: now) { $0.isBack(at: now) }
        case .removed(let path): note(path, at: now, covers: true) { $0.isGone(at: now, until: now + hold) }
        case .subtree(let path): note(path, at: now, covers: true) { $0.isBackAsFolder(at: now) }
        case .everything: note(.root, at: now, covers: true) { $0.isBackAsFolder(at: now) }
        }
    }

    /// Takes out what has come to rest by `now`; nil when nothing has.
    package mutating func due(at now: Instant) -> Scope? {
        let paths = pending.filter { $0.value.deadline(policy, lastRemoval: lastRemoval) <= now }.keys
        guard !paths.isEmpty else { return nil }
        given = given.filter { now - $0.value.at < policy.longest }
        for path in paths {
            guard let entry = remove(path) else { continue }
            given[path] = Given(at: now, slowness: entry.slowness)
        }
        return Scope(paths)
    }

    /// Takes out all that is pending, at rest or not: for a caller that cannot wait.
    package mutating func flush() -> Scope? {
        guard !pending.isEmpty else { return nil }
        let scope = Scope(pending.keys)
        pending = [:]
        childCounts = [:]
        coverCount = 0
        return scope
    }

    // MARK: - Noting

    private mutating func note(
        _ path: WorkspacePath,
        at now: Instant,
        isNew: Bool = false,
        covers: Bool = false,
        _ update: (inout Pending) -> Void
    ) {
        if let folder = coveringAncestor(of: path) {
            pending[folder]?.absorb(at: now, update)
            return
        }
        if pending[path] == nil {
            insert(Pending(first: now, last: now, isNew: isNew, slowness: slowness(of: path, at: now)), at: path)
        }
        if covers { cover(path) }
        // Before the collapse, so that what is folded into a folder carries its hold along.
        if var entry = pending[path] {
            update(&entry)
            pending[path] = entry
            if entry.goneUntil != nil { lastRemoval = now }
        }
        collapse(around: path, at: now)
    }

    /// The nearest pending folder above `path` that stands for it already.
    private func coveringAncestor(of path: WorkspacePath) -> WorkspacePath? {
        guard coverCount > 0 else { return nil }
        var folder = path
        while !folder.isRoot {
            folder = folder.parent
            if pending[folder]?.covers == true { return folder }
        }
        return nil
    }

    /// Lets `path` stand for all that is pending below it.
    private mutating func cover(_ path: WorkspacePath) {
        guard var entry = pending[path], !entry.covers else { return }
        entry.covers = true
        coverCount += 1
        pending[path] = entry
        for below in pending.keys where below != path && below.isWithin(path) {
            guard let gone = remove(below) else { continue }
            entry.fold(gone)
        }
        pending[path] = entry
    }

    private mutating func collapse(around path: WorkspacePath, at now: Instant) {
        if pending.count > policy.totalLimit {
            note(.root, at: now, covers: true) { _ in }
        } else if !path.isRoot, childCounts[path.parent, default: 0] > policy.folderLimit {
            note(path.parent, at: now, covers: true) { _ in }
        }
    }

    private func slowness(of path: WorkspacePath, at now: Instant) -> Int {
        guard let before = given[path], now - before.at < policy.longest else { return 1 }
        return min(before.slowness * 2, 1 << 20)
    }

    private mutating func insert(_ entry: Pending, at path: WorkspacePath) {
        pending[path] = entry
        if !path.isRoot { childCounts[path.parent, default: 0] += 1 }
    }

    private mutating func remove(_ path: WorkspacePath) -> Pending? {
        guard let entry = pending.removeValue(forKey: path) else { return nil }
        if entry.covers { coverCount -= 1 }
        if !path.isRoot {
            let parent = path.parent
            let left = childCounts[parent, default: 0] - 1
            childCounts[parent] = left > 0 ? left : nil
        }
        return entry
    }

    private struct Given {
        var at: Instant
        var slowness: Int
    }
}
