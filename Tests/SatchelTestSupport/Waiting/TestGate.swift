import Glibc
import Synchronization

/// A door that is shut until the test opens it; threads of the loopback server and tasks wait at it.
///
/// Once opened it stays open. An unopened gate opens when it is released, so that nothing waits for ever.
package final class TestGate: Sendable {
    private struct State: Sendable {
        var arrivals = 0
        var isOpen = false
    }

    private let state = Watched(State())
    private let reader: Int32
    /// Nil once it is closed, which is what makes ``reader`` readable for everybody at once.
    private let writer: Mutex<Int32?>

    package init() throws {
        let pipe = try CloseOnExec.pipe()
        reader = pipe.reader
        writer = Mutex(pipe.writer)
    }

    deinit {
        open()
        close(reader)
    }

    package func open() {
        writer.withLock { writer in
            if let descriptor = writer { close(descriptor) }
            writer = nil
        }
        state.update { $0.isOpen = true }
    }

    package var isOpen: Bool { state.value.isOpen }

    /// Waits until so many have come to the gate since it was made.
    package func arrivals(_ count: Int = 1, within limit: Duration = .seconds(120)) async throws {
        try await state.first("\(count) at the gate", within: limit) { $0.arrivals >= count ? () : nil }
    }

    /// Arrives, and waits until the gate is open.
    package func pass(within limit: Duration = .seconds(60)) async throws {
        arrive()
        try await state.first("the gate to open", within: limit) { $0.isOpen ? () : nil }
    }

    func arrive() { state.update { $0.arrivals += 1 } }

    /// Becomes readable (`POLLHUP`) when the gate opens: for threads, in a `poll`.
    var descriptor: Int32 { reader }
}
