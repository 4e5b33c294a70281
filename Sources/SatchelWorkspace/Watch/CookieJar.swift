import Glibc

/// The barriers that wait for the event of a file made for them.
struct CookieJar {
    typealias Instant = ContinuousClock.Instant
    typealias Waiter = CheckedContinuation<Result<Void, WatchError>, Never>

    /// The watch on the folder of cookies; nil while there is none.
    var watch: Int32?
    private var waiting: [[UInt8]: (waiter: Waiter, until: Instant)] = [:]
    private var arrived: [Waiter] = []
    private var made = 0

    var hasArrived: Bool { !arrived.isEmpty }

    var nextDeadline: Instant? { waiting.values.lazy.map(\.until).min() }

    /// A file name that no other cookie has, in this process or another.
    mutating func newName() -> [UInt8] {
        made += 1
        return Array("\(getpid())-\(made)".utf8)
    }

    mutating func wait(_ waiter: Waiter, for name: [UInt8], until deadline: Instant) {
        waiting[name] = (waiter, deadline)
    }

    /// True when `name` was waited for.
    mutating func arrive(_ name: [UInt8]) -> Bool {
        guard let (waiter, _) = waiting.removeValue(forKey: name) else { return false }
        arrived.append(waiter)
        return true
    }

    mutating func allArrived(removing remove: ([UInt8]) -> Void) {
        for (name, wait) in waiting {
            arrived.append(wait.waiter)
            remove(name)
        }
        waiting = [:]
    }

    mutating func answerArrived() {
        for waiter in arrived { waiter.resume(returning: .success(())) }
        arrived = []
    }

    mutating func expire(at now: Instant) {
        for (name, wait) in waiting where wait.until <= now {
            waiting[name] = nil
            wait.waiter.resume(returning: .failure(.cookieLost(code: nil)))
        }
    }

    mutating func refuseAll() {
        for waiter in arrived + waiting.values.map(\.waiter) { waiter.resume(returning: .failure(.stopped)) }
        arrived = []
        waiting = [:]
    }
}
