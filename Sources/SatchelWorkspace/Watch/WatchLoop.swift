internal import CSys
import Glibc
import SatchelCore

/// The watcher's thread: reads events, keeps a watch on every folder, and lets paths settle.
///
/// An event never says more than "look there". Whether a folder exists, and which one it is, is asked of the disk
/// each time (``attach(in:at:entersKnown:)``), so halves of renames need no pairing and a queue that lags behind the disk leads
/// to the same table. Everything here runs on one thread; ``WatchSignals`` is the way in and out.
final class WatchLoop {
    typealias Instant = ContinuousClock.Instant

    let root: String
    /// Which folder that is.
    ///
    /// It is not held open: an open folder cannot be unmounted, and its deletion is not told.
    let rootIdentity: RootIdentity
    let source: any EventSource
    let pruning: FolderPruning
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
    /// The folders that the selection left out when everything was last walked.
    ///
    /// A folder that appears later is watched although a rule may leave it out: that costs a watch, while the other
    /// mistake would lose changes.
    var pruned: Set<WorkspacePath> = []
    /// Those of them that are repositories of their own: what becomes of such a folder itself decides whether it stays one.
    var repositories: Set<WorkspacePath> = []
    /// File systems that were come by, as `st_dev`.
    var devices: Set<UInt64> = []
    /// File systems that the consumer was told about because they do not report everything.
    var saidRemote: Set<String> = []
    /// What a file system is; another in tests.
    let typeOfFileSystem: (Int32) -> UInt32
    /// Whether the consumer was told that folders are left without a watch.
    var saidPartial = false
    /// Whether the thread has a working directory that the rest of the process does not share; some containers forbid it.
    private(set) var hasOwnDirectory = false

    init(
        root: String,
        rootIdentity: RootIdentity,
        source: any EventSource,
        settle: SettlePolicy,
        pruning: FolderPruning,
        signals: WatchSignals,
        typeOfFileSystem: @escaping (Int32) -> UInt32
    ) {
        self.typeOfFileSystem = typeOfFileSystem
        self.root = root
        self.rootIdentity = rootIdentity
        self.source = source
        self.pruning = pruning
        self.signals = signals
        settler = Settler(settle)
        counts.limit = inotifyLimit("max_user_watches")
    }

    func run() {
        hasOwnDirectory = csys_unshare_directory() == 0
        walkEverything(notingNew: false)
        publishCounts()
        signals.becomeReady()
        do throws(WatchError) {
            while loss == nil, !signals.isStopping {
                try turn()
            }
        } catch {
            signals.mailbox.post(error)
        }
        if let loss { signals.mailbox.post(loss) }
        cookies.allArrived(removing: removeCookieFile)
        cookies.refuseAll()
        source.close()
        signals.finish()
    }

    /// Sleeps until something happens or is due, and deals with all of it.
    private func turn() throws(WatchError) {
        let requests = try waitForWork() ? signals.takeRequests() : []
        counts.wakeups += 1
        // Bounded, so that a storm of events cannot keep requests and batches waiting.
        let chunk = 4096
        let given = try source.drain(limit: chunk) { handle($0) }
        counts.events += given
        hasMore = given == chunk
        isBusy = given > 0
        for request in requests { serve(request) }
        let now = ContinuousClock.now
        if !hasMore, resync.isDue(at: now) || (resync.isPending && cookies.hasArrived) { resynchronise() }
        if let due = sweepAt, due <= now { sweep() }
        takeOffCondemned()
        // Before anything is handed out, so that whoever gets it sees counts that go with it.
        publishCounts()
        if !resync.isPending, cookies.hasArrived { answerBarriers() }
        cookies.expire(at: now, removing: removeCookieFile)
        if let scope = settler.due(at: now) { handOver(scope) }
        if counts.holdsChanges, settler.isEmpty { publishCounts() }
    }

    /// Whether the last turn left events behind, which `poll` need not know of: a source may have a buffer of its own.
    private var hasMore = false

    /// Whether the last turn read events, so that more are likely to follow at once.
    private var isBusy = false

    /// Returns once there is something to do; true when a caller wants something.
    private func waitForWork() throws(WatchError) -> Bool {
        let timeout = pollTimeout()
        // In a storm, most of the cost is in waking up. A moment's patience has one turn read hundreds of events; it
        // delays nothing that anyone waits for, and the queue is long enough.
        if isBusy, timeout != 0, !cookies.isAwaited, try wait(for: [signals.wakeDescriptor], milliseconds: 2) {
            return true
        }
        return try wait(for: [signals.wakeDescriptor, source.descriptor], milliseconds: timeout)
    }

    /// Waits until one of the descriptors is readable; true when the first is.
    private func wait(for descriptors: [Int32], milliseconds: Int32) throws(WatchError) -> Bool {
        var polled = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        guard poll(&polled, nfds_t(polled.count), milliseconds) < 0 else { return polled[0].revents != 0 }
        guard errno == EINTR else { throw .system(call: "poll", code: errno) }
        return true
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
        guard loss == nil, scope != .paths([]) else { return }
        signals.mailbox.post(scope)
    }

    private func answerBarriers() {
        handOver(settler.flush() ?? .paths([]))
        // With the root lost there is nothing to vouch for; the loop ends and refuses them.
        guard loss == nil else { return }
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
            takeOff(watch)
        }
    }

    /// Ends a watch that the table has no more.
    func takeOff(_ watch: Int32) {
        ending.insert(watch)
        source.unwatch(watch)
    }

    /// Whether a folder that is come by is left out with all below it.
    func prunes(_ folder: WorkspacePath) -> Bool {
        switch pruning {
        case .selection: pruned.contains(folder)
        case .those(let isPruned): isPruned(folder)
        }
    }

    /// How the root got lost, if its name no longer leads to the folder that is watched.
    ///
    /// The kernel need not have said so: not while a program has its working folder there, nor when a folder above
    /// was moved.
    func findRootLoss() -> RootLoss? {
        switch RootIdentity.of(root) {
        case .success(let identity): identity == rootIdentity ? nil : .replaced
        // Any other error (no permission on the way) says nothing about the folder.
        case .failure(let error): error.code == ENOENT || error.code == ENOTDIR ? .missing : nil
        }
    }

    private func publishCounts() {
        counts.watches = table.count
        counts.holdsChanges = !settler.isEmpty
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
