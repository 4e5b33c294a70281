/// One path that waits in a ``Settler``, with what decides for how long.
struct Pending {
    typealias Instant = ContinuousClock.Instant

    var first: Instant
    var last: Instant
    /// It was created while it waits, so nobody was told of it and nothing is lost when it is removed at once.
    var isNew: Bool
    /// Quiet time and longest wait are multiplied by this.
    var slowness: Int
    /// Whether events below it are its own.
    var covers = false
    /// Set while the path itself is gone.
    private(set) var goneUntil: Instant?
    /// Set when something below it is gone.
    private var holedUntil: Instant?

    init(first: Instant, last: Instant, isNew: Bool, slowness: Int) {
        self.first = first
        self.last = last
        self.isNew = isNew
        self.slowness = slowness
    }

    /// When it is due; `lastRemoval` is when anything that was known was last removed, here or elsewhere.
    func deadline(_ policy: SettlePolicy, lastRemoval: Instant?) -> Instant {
        let quiet = slowed(policy.quiet, policy)
        let longest = slowed(policy.longest, policy)
        var deadline = min(last + quiet, first + longest)
        // A folder in which something is always being deleted must still be given out some time.
        if let holedUntil { deadline = max(deadline, min(holedUntil, first + longest + policy.removalHold)) }
        if let goneUntil {
            // What is removed together is given out together, so that a folder being emptied is seen empty.
            let together = lastRemoval.map { min($0 + policy.removalHold, goneUntil + policy.longest) }
            deadline = max(deadline, goneUntil, together ?? goneUntil)
        }
        return deadline
    }

    private func slowed(_ wait: Duration, _ policy: SettlePolicy) -> Duration {
        guard slowness > 1 else { return wait }
        return max(wait, min(wait * slowness, policy.slowest))
    }

    mutating func isBack(at now: Instant) {
        last = now
        goneUntil = nil
    }

    /// What was below it may not all be back yet.
    mutating func isBackAsFolder(at now: Instant) {
        last = now
        holedUntil = later(holedUntil, goneUntil)
        goneUntil = nil
    }

    mutating func isGone(at now: Instant, until hold: Instant) {
        last = now
        if !isNew { goneUntil = hold }
    }

    /// Takes an event of something below as its own: `update` is what that path would have noted.
    mutating func absorb(at now: Instant, _ update: (inout Pending) -> Void) {
        var below = Pending(first: now, last: now, isNew: false, slowness: 1)
        update(&below)
        fold(below)
    }

    mutating func fold(_ below: Pending) {
        first = min(first, below.first)
        last = max(last, below.last)
        holedUntil = later(holedUntil, later(below.goneUntil, below.holedUntil))
    }

    private func later(_ one: Instant?, _ other: Instant?) -> Instant? {
        guard let one, let other else { return one ?? other }
        return max(one, other)
    }
}
