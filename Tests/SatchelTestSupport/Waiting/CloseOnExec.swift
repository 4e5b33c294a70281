import Glibc
import Synchronization

/// Descriptors that no child process inherits.
///
/// `pipe2` and `accept4` are not visible to Swift, so the flag comes a moment after the descriptor; the lock keeps
/// ``SpawnedProcess`` from forking in that moment. An inherited end of a pipe would keep a gate shut for ever.
enum CloseOnExec {
    static let lock = Mutex(())

    static func pipe() throws(SystemFailure) -> (reader: Int32, writer: Int32) {
        var ends: [Int32] = [-1, -1]
        let failure = lock.withLock { _ -> Int32? in
            guard Glibc.pipe(&ends) == 0 else { return errno }
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            return nil
        }
        if let failure { throw SystemFailure("pipe", failure) }
        return (ends[0], ends[1])
    }

    /// Takes a waiting connection; nil when there is none after all.
    ///
    /// `listener` must be non-blocking.
    static func accept(_ listener: Int32) -> Int32? {
        lock.withLock { _ in
            let connection = Glibc.accept(listener, nil, nil)
            guard connection >= 0 else { return nil }
            _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
            return connection
        }
    }
}

/// A system call that failed in the machinery of a test.
package struct SystemFailure: Error, CustomStringConvertible {
    package let call: String
    package let code: Int32

    package init(_ call: String, _ code: Int32) {
        self.call = call
        self.code = code
    }

    package var description: String { "\(call): \(String(cString: strerror(code)))" }
}
