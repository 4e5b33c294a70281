internal import Dispatch
import Glibc
import SatchelCore
internal import Synchronization

/// The other end of a ``ControlServer``.
package enum ControlClient {
    /// Sends one line to the process that listens in the state folder, and hands over every line that comes back.
    ///
    /// Cancelling the task closes the connection.
    ///
    /// - Parameters:
    ///   - line: the request, without its end.
    ///   - state: of the workspace.
    ///   - idle: how many seconds may pass without a line; 0 for any.
    ///   - take: called for each line, in order, on another thread.
    /// - Returns: false when nobody listens there, so nothing was asked; a socket that a dead process left is nobody.
    /// - Throws: `CancellationError`.
    package static func ask(
        _ line: [UInt8],
        in state: StateFolder,
        idle: Int = 0,
        _ take: @escaping @Sendable ([UInt8]) -> Void
    ) async throws -> Bool {
        guard let descriptor = connect(in: state) else { return false }
        let connection = OpenConnection(descriptor)
        setTimeout(idle, SO_RCVTIMEO, of: descriptor)
        setTimeout(30, SO_SNDTIMEO, of: descriptor)
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                DispatchQueue(label: "satchel.control.client").async {
                    if sendAll(line + [UInt8(ascii: "\n")], to: descriptor) {
                        var reader = LineReader(limit: 64 << 20)
                        while let line = reader.next(from: descriptor) { take(line) }
                    }
                    continuation.resume()
                }
            }
        } onCancel: {
            connection.shutDown()
        }
        connection.close()
        try Task.checkCancellation()
        return true
    }

    /// Nil when nobody listens, or somebody else does.
    private static func connect(in state: StateFolder) -> Int32? {
        guard let folder = try? OpenFolder(at: state.path), let descriptor = try? ControlAddress.newSocket() else {
            return nil
        }
        let result = ControlAddress.with(in: folder.descriptor) { Glibc.connect(descriptor, $0, $1) }
        guard result == 0, ControlAddress.isOwn(descriptor) else {
            close(descriptor)
            return nil
        }
        return descriptor
    }
}

/// A descriptor that one thread may shut down while another closes it.
private final class OpenConnection: Sendable {
    private let descriptor: Mutex<Int32?>

    init(_ descriptor: Int32) { self.descriptor = Mutex(descriptor) }

    func shutDown() {
        descriptor.withLock { held in
            if let held { shutdown(held, Int32(SHUT_RDWR)) }
        }
    }

    func close() {
        descriptor.withLock { held in
            if let held { Glibc.close(held) }
            held = nil
        }
    }
}
