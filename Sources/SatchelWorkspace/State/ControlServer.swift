internal import CSys
internal import Dispatch
import Glibc
import SatchelCore
internal import Synchronization

/// The socket on which the holder of the workspace lock takes requests of other processes of the same user.
///
/// A connection brings one line and gets lines back until it is closed. The file is its owner's alone (0600, in a folder
/// of 0700), and who connects is asked of the kernel. The caller holds the lock, so a socket that is there already
/// belongs to a process that is dead, and is replaced.
package final class ControlServer: Sendable {
    /// One request, and the way back to who made it.
    package struct Request: Sendable {
        /// The line, without its end.
        package let line: [UInt8]
        private let connection: Connection

        fileprivate init(line: [UInt8], connection: Connection) {
            self.line = line
            self.connection = connection
        }

        /// Sends a line back, in the order of the calls; a reader that went away is no error.
        package func reply(_ line: [UInt8]) { connection.send(line) }

        /// Nothing more follows.
        package func end() { connection.end() }
    }

    /// Requests in the order in which they came; ends after ``stop()``.
    package let requests: AsyncStream<Request>
    private let continuation: AsyncStream<Request>.Continuation
    private let folder: OpenFolder
    private let listener: Int32
    private let wake: Int32
    private let isStopped = Mutex(false)

    private static let longestLine = 16 << 20
    private static let mostAtOnce = 32

    /// Begins to listen in the state folder of a workspace that the caller has locked.
    package init(in state: StateFolder) throws(StateError) {
        do throws(SystemError) {
            folder = try OpenFolder(at: state.path)
            listener = try Self.listen(in: folder)
        } catch {
            throw .failed(
                doing: "listen on \(ControlAddress.name)",
                path: state.path,
                cause: error.description,
                remedy: writeRemedy(error.code)
            )
        }
        wake = eventfd(0, Int32(EFD_CLOEXEC))
        // Unbounded, yet small: only so many connections are open, and each brings one request.
        (requests, continuation) = AsyncStream.makeStream(of: Request.self)
        let (listener, wake, continuation) = (listener, wake, continuation)
        // A thread of its own: it waits in `poll` for as long as the watch runs.
        DispatchQueue(label: "satchel.control").async {
            Self.accept(listener, until: wake, into: continuation)
        }
    }

    deinit { stop() }

    /// Takes no more requests, and takes the socket away.
    package func stop() {
        let isFirst = isStopped.withLock { value in
            defer { value = true }
            return !value
        }
        guard isFirst else { return }
        unlinkat(folder.descriptor, ControlAddress.name, 0)
        var one: UInt64 = 1
        write(wake, &one, 8)
    }

    private static func listen(in folder: OpenFolder) throws(SystemError) -> Int32 {
        let descriptor = try ControlAddress.newSocket()
        unlinkat(folder.descriptor, ControlAddress.name, 0)
        let bound = ControlAddress.with(in: folder.descriptor) { bind(descriptor, $0, $1) }
        // Before anybody can connect: that takes `listen`.
        guard bound == 0, fchmodat(folder.descriptor, ControlAddress.name, 0o600, 0) == 0,
            Glibc.listen(descriptor, 16) == 0
        else {
            let error = SystemError.last
            close(descriptor)
            throw error
        }
        return descriptor
    }

    private static func accept(
        _ listener: Int32,
        until wake: Int32,
        into continuation: AsyncStream<Request>.Continuation
    ) {
        let open = OpenCount()
        var waiting = [
            pollfd(fd: listener, events: Int16(POLLIN), revents: 0),
            pollfd(fd: wake, events: Int16(POLLIN), revents: 0),
        ]
        while true {
            guard poll(&waiting, 2, -1) >= 0 || errno == EINTR else { break }
            if waiting[1].revents != 0 { break }
            guard waiting[0].revents & Int16(POLLIN) != 0 else { continue }
            let descriptor = accept4(listener, SOCK_CLOEXEC)
            guard descriptor >= 0 else {
                // No descriptor is left, for one. The connection stays in the queue, so `poll` would return at once and
                // again; nothing tells when a descriptor is free.
                if errno != EINTR, errno != ECONNABORTED { usleep(50000) }
                continue
            }
            guard ControlAddress.isOwn(descriptor), open.enter(atMost: mostAtOnce) else {
                close(descriptor)
                continue
            }
            setTimeout(10, SO_RCVTIMEO, of: descriptor)
            setTimeout(30, SO_SNDTIMEO, of: descriptor)
            let connection = Connection(descriptor, open)
            connection.read(upTo: longestLine) { line in
                continuation.yield(Request(line: line, connection: connection))
            }
        }
        continuation.finish()
        close(listener)
        close(wake)
    }

    /// `accept4`, which Glibc keeps behind _GNU_SOURCE.
    private static func accept4(_ listener: Int32, _ flags: __socket_type) -> Int32 {
        Int32(csys_accept4(listener, Int32(flags.rawValue)))
    }
}

/// How many connections are open.
private final class OpenCount: Sendable {
    private let count = Mutex(0)

    func enter(atMost most: Int) -> Bool {
        count.withLock { count in
            guard count < most else { return false }
            count += 1
            return true
        }
    }

    func leave() { count.withLock { $0 -= 1 } }
}

extension ControlServer {
    /// One connection, all of whose blocking calls run on its own queue; closed when nobody holds it any more.
    fileprivate final class Connection: Sendable {
        private let descriptor: Int32
        private let open: OpenCount
        private let queue = DispatchQueue(label: "satchel.control.connection")
        private let isGone = Mutex(false)

        init(_ descriptor: Int32, _ open: OpenCount) {
            self.descriptor = descriptor
            self.open = open
        }

        deinit {
            close(descriptor)
            open.leave()
        }

        func read(upTo limit: Int, _ take: @escaping @Sendable ([UInt8]) -> Void) {
            queue.async { [self] in
                var reader = LineReader(limit: limit)
                if let line = reader.next(from: descriptor) { take(line) }
            }
        }

        func send(_ line: [UInt8]) {
            queue.async { [self] in
                guard !isGone.withLock({ $0 }), !sendAll(line + [UInt8(ascii: "\n")], to: descriptor) else { return }
                isGone.withLock { $0 = true }
            }
        }

        func end() {
            queue.async { [self] in _ = shutdown(descriptor, Int32(SHUT_WR)) }
        }
    }
}
