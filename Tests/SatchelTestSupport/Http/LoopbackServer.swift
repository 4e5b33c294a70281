internal import Dispatch
import Glibc
import Synchronization

/// A small HTTP/1.1 server on 127.0.0.1 that is strict about what it is sent and fails in exactly the ways it is told.
///
/// A thread per connection, keep-alive, no delays. Start it, give its ``url`` to what is under test, inject faults,
/// ask for ``requests``, stop it; ``with(_:_:)`` does the first and the last. Whatever a thread of it waits for, the
/// stop ends it, so stopping takes no time and leaves nothing.
package final class LoopbackServer: Sendable {
    /// What has happened so far.
    private struct Log: Sendable {
        var requests: [LoopbackRequest] = []
        var connections = 0
        var hangUps: [Int] = []
        var flaws: [String] = []
    }

    private struct Armed: Sendable {
        var fault: LoopbackFault
        var match: LoopbackMatch
        var times: Int
    }

    private struct Run: Sendable {
        var listener: Int32
        var stopping: TestGate
        var accepting: OwnThread?
    }

    private struct State: Sendable {
        var port: UInt16 = 0
        var run: Run?
        var faults: [Armed] = []
        var threads: [Int: OwnThread] = [:]
        var finished: [Int] = []
        /// Open connections; a descriptor leaves the table before it is closed.
        var open: [Int: (descriptor: Int32, isIdle: Bool)] = [:]
    }

    /// Bytes; a longer request body is answered 413.
    package let bodyLimit: Int
    private let connectionLimit: Int
    private let receiveBuffer: Int32?
    private let log = Watched(Log())
    private let state = Mutex(State())

    /// - Parameters:
    ///   - bodyLimit: bytes of a request body.
    ///   - connectionLimit: connections served at once; more wait in the kernel's queue.
    ///   - receiveBuffer: bytes; a small one makes ``LoopbackFault/holdRequest(afterBytes:_:)`` hold back the client
    ///     soon instead of after some megabytes.
    package init(bodyLimit: Int = 1 << 29, connectionLimit: Int = 128, receiveBuffer: Int32? = nil) {
        self.bodyLimit = bodyLimit
        self.connectionLimit = connectionLimit
        self.receiveBuffer = receiveBuffer
    }

    // MARK: Running

    /// Listens, on the port of an earlier start when there was one.
    package func start(_ service: any LoopbackService) throws {
        let listener = try listenOnLoopback(port: state.withLock { $0.port }, receiveBuffer: receiveBuffer)
        let run = Run(listener: listener.descriptor, stopping: try TestGate())
        state.withLock { state in
            state.port = listener.port
            state.run = run
        }
        let accepting = try OwnThread { self.accept(run, service) }
        state.withLock { $0.run?.accepting = accepting }
    }

    /// Ends every connection, whatever it is waiting for, and all threads; returns when they are gone.
    package func stop() async {
        let run = state.withLock { state in
            defer { state.run = nil }
            return state.run
        }
        guard let run else { return }
        run.stopping.open()
        await offPool {
            run.accepting?.join()
            for thread in self.state.withLock({ state in
                defer { (state.threads, state.finished) = ([:], []) }
                return Array(state.threads.values)
            }) { thread.join() }
            close(run.listener)
        }
    }

    /// Starts, runs `body`, and stops in any case.
    @discardableResult
    package static func with<Result>(
        _ service: any LoopbackService,
        server: LoopbackServer = LoopbackServer(),
        _ body: (LoopbackServer) async throws -> Result
    ) async throws -> Result {
        try server.start(service)
        do {
            let result = try await body(server)
            await server.stop()
            return result
        } catch {
            await server.stop()
            throw error
        }
    }

    package var port: UInt16 { state.withLock { $0.port } }

    /// `http://127.0.0.1:PORT`, without a slash at the end.
    package var url: String { "http://127.0.0.1:\(port)" }

    private func accept(_ run: Run, _ service: any LoopbackService) {
        let slots = DispatchSemaphore(value: connectionLimit)
        while true {
            slots.wait()
            var polls = [
                pollfd(fd: run.listener, events: Int16(POLLIN), revents: 0),
                pollfd(fd: run.stopping.descriptor, events: Int16(POLLIN), revents: 0),
            ]
            _ = poll(&polls, 2, -1)
            if polls[1].revents != 0 { break }
            guard let descriptor = CloseOnExec.accept(run.listener) else {
                slots.signal()
                continue
            }
            serve(descriptor, run, service) { slots.signal() }
            reap()
        }
        // libdispatch wants a semaphore to be released with the value it was made with.
        slots.signal()
    }

    private func serve(
        _ descriptor: Int32,
        _ run: Run,
        _ service: any LoopbackService,
        _ release: @escaping @Sendable () -> Void
    ) {
        var yes: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
        let id = log.update { log in
            log.connections += 1
            return log.connections
        }
        state.withLock { $0.open[id] = (descriptor, true) }
        let socket = LoopbackSocket(descriptor: descriptor, stopping: run.stopping.descriptor)
        let end: @Sendable () -> Void = {
            _ = self.state.withLock { $0.open.removeValue(forKey: id) }
            close(descriptor)
        }
        do {
            let thread = try OwnThread {
                LoopbackConnection(id: id, socket: socket, server: self, service: service).run()
                end()
                self.state.withLock { $0.finished.append(id) }
                release()
            }
            state.withLock { $0.threads[id] = thread }
        } catch {
            end()
            release()
        }
    }

    /// Joins the threads that are through, so that a long test does not collect them.
    private func reap() {
        let done = state.withLock { state in
            let done = state.finished.compactMap { state.threads.removeValue(forKey: $0) }
            state.finished.removeAll { state.threads[$0] == nil }
            return done
        }
        for thread in done { thread.join() }
    }
}

// MARK: - Faults

extension LoopbackServer {
    /// Lets the next `times` matching requests go wrong.
    ///
    /// Faults are used up in the order in which they were injected.
    package func inject(_ fault: LoopbackFault, on match: LoopbackMatch = .any, times: Int = 1) {
        state.withLock { $0.faults.append(Armed(fault: fault, match: match, times: times)) }
    }

    /// Faults that no request has met yet.
    package var pendingFaults: Int { state.withLock { $0.faults.reduce(0) { $0 + $1.times } } }

    package func clearFaults() { state.withLock { $0.faults = [] } }

    /// Closes the connections that wait for a next request, as servers do after a while.
    package func closeIdleConnections() {
        state.withLock { state in
            for connection in state.open.values where connection.isIdle {
                shutdown(connection.descriptor, Int32(SHUT_RDWR))
            }
        }
    }

    func takeFault(method: String, path: String) -> LoopbackFault? {
        state.withLock { state in
            guard let index = state.faults.firstIndex(where: { $0.match.matches(method: method, path: path) }) else {
                return nil
            }
            let fault = state.faults[index].fault
            state.faults[index].times -= 1
            if state.faults[index].times <= 0 { state.faults.remove(at: index) }
            return fault
        }
    }

    func setIdle(_ id: Int, _ isIdle: Bool) { state.withLock { $0.open[id]?.isIdle = isIdle } }
}

// MARK: - What happened

extension LoopbackServer {
    /// Every request so far, also those that a fault ended early.
    package var requests: [LoopbackRequest] { log.value.requests }

    package func requests(_ match: LoopbackMatch) -> [LoopbackRequest] { requests.filter(match.matches) }

    package var connectionCount: Int { log.value.connections }

    /// Requests that were no proper HTTP, or none that this server takes: a test may expect this to be empty.
    package var flaws: [String] { log.value.flaws }

    package func forgetRequests() { log.update { $0.requests = [] } }

    /// The `count`-th request that matches, as soon as it is completely read (or ended by a fault).
    package func request(
        _ match: LoopbackMatch,
        count: Int = 1,
        within limit: Duration = .seconds(120)
    ) async throws -> LoopbackRequest {
        try await log.first("request \(count) of \(match)", within: limit) { log in
            var left = count
            return log.requests.first { request in
                if match.matches(request) { left -= 1 }
                return left == 0
            }
        }
    }

    /// Waits until so many clients have closed a connection in the middle of a request or of its answer.
    ///
    /// - Returns: the numbers of those requests.
    @discardableResult
    package func hangUps(_ count: Int = 1, within limit: Duration = .seconds(120)) async throws -> [Int] {
        try await log.first("\(count) hang-ups", within: limit) { $0.hangUps.count >= count ? $0.hangUps : nil }
    }

    @discardableResult
    func record(_ request: LoopbackRequest) -> Int {
        log.update { log in
            var request = request
            request.number = log.requests.count + 1
            log.requests.append(request)
            return request.number
        }
    }

    func note(flaw: String) { log.update { $0.flaws.append(flaw) } }

    func note(hangUp number: Int) { log.update { $0.hangUps.append(number) } }
}
