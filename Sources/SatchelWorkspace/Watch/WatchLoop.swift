import Glibc
import SatchelCore

/// The watcher's thread: reads events, keeps a watch on every folder, and lets paths settle.
///
/// An event never says more than "look there". Whether a folder exists, and which one it is, is asked of the disk
/// each time (``attach(_:in:at:)``), so halves of renames need no pairing and a queue that lags behind the disk leads
/// to the same table. Everything here runs on one thread; ``WatchSignals`` is the way in and out.
final class WatchLoop {
    typealias Instant = ContinuousClock.Instant

    let root: String
    /// The root, held open: all paths are resolved from here, name by name, and never through a symlink.
    let rootFolder: Int32
    let source: any EventSource
    let prunes: @Sendable (WorkspacePath) -> Bool
    let signals: WatchSignals
    let entries = FolderEntries()

    var settler: Settler
    var table = WatchTable()
    var cookies = CookieJar()
    var counts = WatchCounts()
    /// Watches on folders that are no longer ours, to be taken off a few at a time: each makes an event in the queue.
    var condemned: Set<Int32> = []
    /// Watches that were taken off and may still have events in the queue.
    var ending: Set<Int32> = []
    /// When to look for folders that were moved out of the tree.
    var sweepAt: Instant?
    var resync = ResyncSchedule()
    var loss: RootLoss?
    /// Whether the consumer was told that folders are left without a watch.
    var saidPartial = false

    init(
        root: String,
        rootFolder: Int32,
        source: any EventSource,
        settle: SettlePolicy,
        prunes: @escaping @Sendable (WorkspacePath) -> Bool,
        signals: WatchSignals
    ) {
        self.root = root
        self.rootFolder = rootFolder
        self.source = source
        self.prunes = prunes
        self.signals = signals
        settler = Settler(settle)
        counts.limit = inotifyLimit("max_user_watches")
    }

    func run() {
        if let kind = remoteFileSystem(rootFolder) { signals.mailbox.post(WatchError.remoteFileSystem(kind)) }
        walkEverything(notingNew: false)
        publishCounts()
        signals.becomeReady()
        do throws(WatchError) {
            while loss == nil, !signals.isStopping {
                try turn()
                publishCounts()
            }
        } catch {
            signals.mailbox.post(error)
        }
        if let loss { signals.mailbox.post(loss) }
        cookies.allArrived(removing: removeCookieFile)
        cookies.refuseAll()
        source.close()
        close(rootFolder)
        signals.finish()
    }

    /// Sleeps until something happens or is due, and deals with all of it.
    private func turn() throws(WatchError) {
        waitForWork()
        counts.wakeups += 1
        let requests = signals.takeRequests()
        // Bounded, so that a storm of events cannot keep requests and batches waiting.
        let chunk = 4096
        let given = try source.drain(limit: chunk) { handle($0) }
        counts.events += given
        hasMore = given == chunk
        for request in requests { serve(request) }
        let now = ContinuousClock.now
        if !hasMore, resync.isDue(at: now) || (resync.isPending && cookies.hasArrived) { resynchronise() }
        if let due = sweepAt, due <= now { sweep() }
        takeOffCondemned()
        if !resync.isPending, cookies.hasArrived { answerBarriers() }
        cookies.expire(at: now)
        if let scope = settler.due(at: now) { handOver(scope) }
    }

    /// Whether the last turn left events behind, which `poll` need not know of: a source may have a buffer of its own.
    private var hasMore = false

    private func waitForWork() {
        var descriptors = [
            pollfd(fd: source.descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: signals.wakeDescriptor, events: Int16(POLLIN), revents: 0),
        ]
        // An interrupted or failed wait is a turn with nothing to do.
        _ = poll(&descriptors, nfds_t(descriptors.count), pollTimeout())
    }

    /// Milliseconds until the next thing is due, rounded up; -1 for ever.
    private func pollTimeout() -> Int32 {
        guard !hasMore, condemned.isEmpty else { return 0 }
        let deadlines = [settler.nextDeadline, sweepAt, resync.at, cookies.nextDeadline]
        guard let next = deadlines.compactMap({ $0 }).min() else { return -1 }
        let left = ContinuousClock.now.duration(to: next).components
        guard left.seconds >= 0, left.attoseconds >= 0 else { return 0 }
        let milliseconds = left.seconds * 1000 + (left.attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
        return Int32(clamping: milliseconds)
    }

    private func serve(_ request: WatchRequest) {
        switch request {
        case .barrier(let continuation, let timeout):
            makeCookie(for: continuation, until: .now + timeout)
        case .rescan(let continuation):
            walkEverything(notingNew: true)
            publishCounts()
            continuation.resume()
        }
    }

    /// Gives a batch out, unless the root is not what it was: then absence below it would mean nothing.
    func handOver(_ scope: Scope) {
        loss = loss ?? findRootLoss()
        guard loss == nil else { return }
        signals.mailbox.post(scope)
    }

    private func answerBarriers() {
        if let scope = settler.flush() { handOver(scope) }
        cookies.answerArrived()
    }

    /// After lost events: the watches are set right first, so that whatever changes later is noticed again.
    private func resynchronise() {
        walkEverything(notingNew: false)
        let now = ContinuousClock.now
        resync.isDone(at: now)
        settler.note(.everything, at: now)
    }

    private func sweep() {
        sweepAt = nil
        condemned.formUnion(table.removeDetached())
    }

    private func takeOffCondemned() {
        for watch in condemned.prefix(1024) {
            condemned.remove(watch)
            ending.insert(watch)
            source.unwatch(watch)
        }
    }

    /// How the root got lost, if its name no longer leads to the folder that is watched.
    private func findRootLoss() -> RootLoss? {
        var opened = stat()
        var named = stat()
        guard fstat(rootFolder, &opened) == 0 else { return .unmounted }
        if stat(root, &named) == 0 {
            return opened.st_ino == named.st_ino && opened.st_dev == named.st_dev ? nil : .replaced
        }
        // Any other error (no permission on the way) says nothing about the folder.
        guard errno == ENOENT || errno == ENOTDIR else { return nil }
        return opened.st_nlink == 0 ? .deleted : .moved
    }

    private func publishCounts() {
        counts.watches = table.count
        signals.publish(counts)
    }
}

/// When to walk the whole tree again because events were lost; the more often, the longer the pause.
struct ResyncSchedule {
    typealias Instant = ContinuousClock.Instant

    private(set) var at: Instant?
    private var last: Instant?
    private var pause = Duration.zero

    var isPending: Bool { at != nil }

    func isDue(at now: Instant) -> Bool { at.map { $0 <= now } ?? false }

    mutating func request(at now: Instant) {
        guard at == nil else { return }
        guard let last, now - last < .seconds(60) else {
            pause = .zero
            at = now
            return
        }
        pause = min(max(pause * 2, .seconds(1)), .seconds(30))
        at = max(now, last + pause)
    }

    mutating func isDone(at now: Instant) {
        at = nil
        last = now
    }
}
