internal import CCurl
import Glibc
import Synchronization

/// The one thread that libcurl runs on, and the letter box in front of it.
///
/// libcurl's multi interface belongs to one thread at a time; everything but its wake-up call happens there.
final class CurlLoop: Sendable {
    enum Command {
        case start(Transfer)
        case cancel(Transfer)
        case resume(Transfer)
        case stop
    }

    private struct Inbox {
        var commands: [Command] = []
        /// Nil once the thread was told to stop: nothing may touch the handle after that.
        var multi: UnsafeMutableRawPointer?
    }

    /// Held while waking the thread, so that the handle cannot be freed meanwhile.
    private let inbox: Mutex<Inbox>

    /// Once per process; thread-safe from libcurl 7.84 on.
    private static let isReady = curl_global_init(CCURL_GLOBAL_ALL) == CURLE_OK

    /// Nil when libcurl or the thread cannot be had.
    init?(trust: TrustSettings) {
        inbox = Mutex(Inbox(multi: Self.isReady ? Self.makeMulti() : nil))
        guard inbox.withLock({ $0.multi != nil }) else { return nil }
        let start = Unmanaged.passRetained(ThreadStart(loop: self, trust: trust))
        var thread = pthread_t()
        guard pthread_create(&thread, nil, runCurlThread, start.toOpaque()) == 0 else {
            start.release()
            inbox.withLock { inbox in
                if let multi = inbox.multi { curl_multi_cleanup(multi) }
                inbox.multi = nil
            }
            return nil
        }
        pthread_detach(thread)
    }

    func start(_ transfer: Transfer) {
        // After the stop nobody would ever answer.
        if !post(.start(transfer)) { transfer.sink.end(.cancelled) }
    }

    func cancel(_ transfer: Transfer) {
        transfer.stop()
        _ = post(.cancel(transfer))
    }

    func resume(_ transfer: Transfer) { _ = post(.resume(transfer)) }

    /// Ends every transfer as cancelled and lets the thread go.
    func shutDown() { _ = post(.stop) }

    private func post(_ command: Command) -> Bool {
        inbox.withLock { inbox in
            guard let multi = inbox.multi else { return false }
            inbox.commands.append(command)
            // The first letter wakes the thread; it takes all that lie there.
            if inbox.commands.count == 1 { curl_multi_wakeup(multi) }
            return true
        }
    }

    /// Runs on the thread until it is told to stop.
    fileprivate func run(trust: TrustSettings) {
        guard let multi = inbox.withLock({ $0.multi }) else { return }
        let worker = CurlWorker(multi: multi, trust: trust)
        while true {
            let commands = inbox.withLock { inbox in
                defer { inbox.commands.removeAll(keepingCapacity: true) }
                return inbox.commands
            }
            for command in commands {
                if case .stop = command {
                    let late = inbox.withLock { inbox in
                        inbox.multi = nil
                        defer { inbox.commands = [] }
                        return inbox.commands
                    }
                    // `commands` again: what came after the stop in this very batch was not looked at yet.
                    for case .start(let transfer) in commands + late { worker.refuse(transfer) }
                    worker.tearDown()
                    return
                }
                worker.obey(command)
            }
            worker.work()
        }
    }

    private static func makeMulti() -> UnsafeMutableRawPointer? {
        let before = openSockets()
        guard let multi = curl_multi_init() else { return nil }
        // The wake-up sockets of libcurl 7.88 are made without close-on-exec: a child would inherit them.
        for (inode, descriptor) in openSockets() where before[inode] == nil {
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        }
        // More than the widest setting of parallel uploads, so that none of their connections is thrown away.
        _ = ccurl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, 64)
        return multi
    }

    /// The sockets of the process by inode: numbers of descriptors are used again while other threads open and close.
    private static func openSockets() -> [ino_t: Int32] {
        guard let folder = opendir("/proc/self/fd") else { return [:] }
        defer { closedir(folder) }
        var result: [ino_t: Int32] = [:]
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            var status = stat()
            guard let descriptor = Int32(name), fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK
            else { continue }
            result[status.st_ino] = descriptor
        }
        return result
    }
}

/// What the new thread is given.
private final class ThreadStart: Sendable {
    let loop: CurlLoop
    let trust: TrustSettings

    init(loop: CurlLoop, trust: TrustSettings) {
        self.loop = loop
        self.trust = trust
    }
}

private func runCurlThread(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let argument else { return nil }
    // Signals are for other threads; above all SIGPIPE, which a dead TLS connection may raise, must not end the program.
    var all = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_BLOCK, &all, nil)
    let start = Unmanaged<ThreadStart>.fromOpaque(argument).takeRetainedValue()
    start.loop.run(trust: start.trust)
    return nil
}
