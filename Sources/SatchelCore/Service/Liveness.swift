/// Whether a watch is alive, as a watchdog wants to know it: a hung one must not be taken for a busy one.
///
/// Asked at equal intervals. Alive is who gave a sign since the last time, such as a file that was hashed, a piece that
/// was sent or a wake that was taken, and who waits for an instant that it named.
package struct Liveness: Sendable {
    private var signs: Int?

    package init() {}

    /// - Parameters:
    ///   - signs: how many there were so far.
    ///   - waitsUntil: the instant that the work waits for, in seconds; nil when it does not.
    ///   - now: seconds on the same clock.
    /// - Returns: true also the first time, when nothing can be known.
    package mutating func isAlive(signs: Int, waitsUntil: Double?, at now: Double) -> Bool {
        defer { self.signs = signs }
        if let waitsUntil, now < waitsUntil { return true }
        return self.signs != signs
    }
}
