import Glibc
package import SatchelCore

/// Watches a workspace's folder and tells, once things have come to rest, where to look.
///
/// One thread with one inotify instance; it sleeps while nothing happens. Every change on the local machine that the
/// kernel reports ends up in a batch, possibly as part of a larger scope. Not reported by any kernel: writes through a
/// memory map after the file was closed, through a hard link outside the folder, below a mount made later, and by
/// other machines. So a full sync from time to time stays part of being right.
///
/// The watcher does not look at the folder's files itself: sync everything after ``ready()``, then follow the batches.
package final class Watcher: Sendable {
    private let signals: WatchSignals
    /// Which folder is watched.
    package let rootIdentity: RootIdentity

    /// Starts to watch; the watches are not yet in place.
    ///
    /// - Parameters:
    ///   - root: The workspace's folder; may be a symlink to it.
    ///   - settle: How long to wait for a path to come to rest.
    ///   - pruning: Which folders are left out with all below them. When that changes, call ``rescanWatches()``.
    ///   - source: Which code delivers the events.
    /// - Throws: When the root cannot be opened, or there is no inotify instance to be had.
    package convenience init(
        root: String,
        settle: SettlePolicy = SettlePolicy(),
        pruning: FolderPruning = .those { _ in false },
        source: EventSourceKind = .preferred
    ) throws(WatchError) {
        // First of all: libinotifytools takes only low descriptors.
        try self.init(root: root, settle: settle, pruning: pruning, readingFrom: makeEventSource(source))
    }

    /// Takes over `source` and closes it in the end.
    init(
        root: String,
        settle: SettlePolicy,
        pruning: FolderPruning,
        readingFrom source: any EventSource,
        typeOfFileSystem: @escaping (Int32) -> UInt32 = fileSystemType
    ) throws(WatchError) {
        do throws(WatchError) {
            rootIdentity = try identity(of: root)
            signals = try WatchSignals(mailbox: BatchMailbox(limit: settle.totalLimit))
            let loop = WatchLoop(
                root: root,
                rootIdentity: rootIdentity,
                source: source,
                settle: settle,
                pruning: pruning,
                signals: signals,
                typeOfFileSystem: typeOfFileSystem
            )
            try startThread(of: loop)
        } catch {
            source.close()
            throw error
        }
    }

    deinit { signals.stop() }

    /// The batches, for one consumer at a time.
    ///
    /// What is not fetched grows into one larger scope, so a slow consumer misses nothing and costs no memory. Ends
    /// after ``stop()``, after ``WatchBatch/rootGone(_:)``, and when the consuming task is cancelled.
    package var batches: AsyncStream<WatchBatch> {
        let mailbox = signals.mailbox
        return AsyncStream { await mailbox.next() }
    }

    /// Returns when every folder has its watch: what changes from now on will be in a batch.
    package func ready() async {
        await signals.ready()
    }

    /// Returns when every change made before the call has been put into a batch, at rest or not.
    ///
    /// Makes a file in `.satchel/cookies` (and those folders, if need be), waits for its event to come through the
    /// queue, and deletes it.
    ///
    /// - Throws: ``WatchError/cookieLost(code:)`` or ``WatchError/stopped``; then only a scan of everything tells.
    package func barrier(within timeout: Duration = .seconds(10)) async throws(WatchError) {
        let signals = signals
        let result = await withCheckedContinuation { signals.ask(.barrier($0, timeout: timeout)) }
        try result.get()
    }

    /// Asks again which folders are pruned; returns when the watches are as they should be.
    ///
    /// Call it after an ignore file changed, and with each poll while ``WatchCounts/isPartial``: it tries again for
    /// the folders that were left without a watch. Folders that get their first watch here are noted as dirty.
    package func rescanWatches() async {
        let signals = signals
        await withCheckedContinuation { signals.ask(.rescan($0)) }
    }

    /// Ends the watching; returns at once, and may be called again.
    ///
    /// Nothing has to be joined: the thread is detached and lets go of everything by itself. See ``finished()``.
    package func stop() {
        signals.stop()
    }

    /// Returns when the thread has ended and all it held is given back, so that another watcher can take its place.
    package func finished() async {
        await signals.finished()
    }

    package var counts: WatchCounts { signals.counts }

    /// Whether there are changes that nobody was given yet, at rest or not.
    package var holdsChanges: Bool { signals.counts.holdsChanges || signals.mailbox.holdsChanges }
}

private func identity(of root: String) throws(WatchError) -> RootIdentity {
    do throws(Errno) {
        let (folder, identity) = try RootIdentity.open(root)
        close(folder)
        return identity
    } catch {
        throw .rootUnavailable(root, code: error.code)
    }
}

/// Runs the loop on a thread of its own, which keeps it alive and needs no joining.
private func startThread(of loop: WatchLoop) throws(WatchError) {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    var thread = pthread_t()
    let held = Unmanaged.passRetained(loop)
    let code = pthread_create(
        &thread,
        &attributes,
        { held in
            if let held { Unmanaged<WatchLoop>.fromOpaque(held).takeRetainedValue().run() }
            return nil
        },
        held.toOpaque()
    )
    guard code == 0 else {
        held.release()
        throw .system(call: "pthread_create", code: code)
    }
}
