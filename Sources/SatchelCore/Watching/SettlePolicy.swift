/// How long to wait for a path to come to rest, and when many paths become one folder.
package struct SettlePolicy: Hashable, Sendable {
    /// A path is due when nothing was noted about it for this long.
    package var quiet: Duration = .milliseconds(250)
    /// A path that never rests is due this long after its first event all the same.
    package var longest: Duration = .seconds(3)
    /// A removal waits this long instead, because editors remove and create again to save.
    package var removalHold: Duration = .seconds(1)
    /// A path that changes again within ``longest`` of being given out waits twice as long as before, up to this.
    package var slowest: Duration = .seconds(30)
    /// More dirty children than this make their folder dirty as a whole.
    package var folderLimit = 128
    /// More dirty paths than this make everything dirty; also what bounds the memory of a ``Settler``.
    package var totalLimit = 512

    package init() {}

    /// Every event is due as soon as it is noted.
    package static var immediate: SettlePolicy {
        var policy = SettlePolicy()
        policy.quiet = .zero
        policy.longest = .zero
        policy.removalHold = .zero
        policy.slowest = .zero
        return policy
    }
}
