import Glibc

/// Why a connection is over.
enum ConnectionEnd: Error {
    /// The client closed or reset it.
    case hungUp
    /// The server is being stopped.
    case stopping
    /// A fault or an answer said so, and it was done.
    case done
}

/// One accepted connection: blocking calls that a stopping server and a client that hangs up both end.
struct LoopbackSocket {
    private static let chunk = 1 << 18
    /// `POLLRDHUP`, which Swift's Glibc leaves out: the client has closed its side.
    private static let peerClosed: Int16 = 0x2000

    let descriptor: Int32
    /// Readable when the server stops.
    let stopping: Int32

    /// Appends what there is to `buffer`; waits for at least one byte.
    func read(into buffer: inout [UInt8]) throws(ConnectionEnd) {
        var piece = [UInt8](repeating: 0, count: 1 << 14)
        let count = try read { _ in piece.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) } }
        buffer.append(contentsOf: piece.prefix(count))
    }

    /// Up to `count` bytes, at least one.
    func readBlock(upTo count: Int) throws(ConnectionEnd) -> [UInt8] {
        var failure: ConnectionEnd?
        let block = [UInt8](unsafeUninitializedCapacity: min(count, Self.chunk)) { buffer, filled in
            do throws(ConnectionEnd) {
                filled = try read { _ in recv(descriptor, buffer.baseAddress, min(count, Self.chunk), 0) }
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return block
    }

    private func read(_ receive: (()) -> Int) throws(ConnectionEnd) -> Int {
        while true {
            _ = try wait(for: Int16(POLLIN))
            let count = receive(())
            if count > 0 { return count }
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            throw .hungUp
        }
    }

    func write(_ bytes: ArraySlice<UInt8>) throws(ConnectionEnd) {
        var rest = bytes
        while !rest.isEmpty {
            _ = try wait(for: Int16(POLLOUT))
            let count = rest.withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
            }
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno != EINTR, errno != EAGAIN {
                throw .hungUp
            }
        }
    }

    /// Waits at a gate, unless the client hangs up or the server stops before it opens.
    func pass(_ gate: TestGate) throws(ConnectionEnd) {
        gate.arrive()
        while true {
            var polls = [
                pollfd(fd: gate.descriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: descriptor, events: Self.peerClosed, revents: 0),
                pollfd(fd: stopping, events: Int16(POLLIN), revents: 0),
            ]
            guard poll(&polls, 3, -1) > 0 else { continue }
            if polls[2].revents != 0 { throw .stopping }
            if polls[0].revents != 0 { return }
            if polls[1].revents != 0 { throw .hungUp }
        }
    }

    /// Waits until time has passed; ends early like every other wait here.
    func pause(milliseconds: Int32) throws(ConnectionEnd) {
        _ = try wait(for: Self.peerClosed, milliseconds: milliseconds, hangUpEnds: true)
    }

    /// Waits for an event on the connection; false when the time was over first.
    private func wait(
        for events: Int16,
        milliseconds: Int32 = -1,
        hangUpEnds: Bool = false
    ) throws(ConnectionEnd) -> Bool {
        while true {
            var polls = [
                pollfd(fd: descriptor, events: events, revents: 0),
                pollfd(fd: stopping, events: Int16(POLLIN), revents: 0),
            ]
            let count = poll(&polls, 2, milliseconds)
            if count < 0, errno == EINTR { continue }
            if polls[1].revents != 0 { throw .stopping }
            if hangUpEnds, polls[0].revents != 0 { throw .hungUp }
            return count > 0
        }
    }

    /// Makes the close a reset: the client sees `ECONNRESET` and loses what it has not read.
    func reset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    }

    /// Ends our side and reads on until the client ends its own; a second at most.
    ///
    /// Closed with bytes unread, the connection would be reset, and the client could lose what was sent to it.
    func finish() {
        shutdown(descriptor, Int32(SHUT_WR))
        for _ in 0..<100 where (try? wait(for: Int16(POLLIN), milliseconds: 10)) == true {
            var sink = [UInt8](repeating: 0, count: Self.chunk)
            if recv(descriptor, &sink, sink.count, Int32(MSG_DONTWAIT)) <= 0 { return }
        }
    }
}
