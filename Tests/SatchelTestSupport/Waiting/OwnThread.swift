import Glibc

/// A thread for blocking work, which somebody must join or detach.
final class OwnThread: Sendable {
    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    private let thread: pthread_t

    init(_ run: @escaping @Sendable () -> Void) throws(SystemFailure) {
        let body = Unmanaged.passRetained(Body(run))
        var thread = pthread_t()
        let code = pthread_create(&thread, nil, Self.startBody, body.toOpaque())
        guard code == 0 else {
            body.release()
            throw SystemFailure("pthread_create", code)
        }
        self.thread = thread
    }

    /// Waits until the body has returned; blocking, and to be called once.
    func join() { pthread_join(thread, nil) }

    /// Instead of joining, when nobody cares about the end.
    func detach() { pthread_detach(thread) }

    private static let startBody: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { context in
        guard let context else { return nil }
        // Writing to a child that has ended is an error to look at, not the end of all tests.
        var blocked = sigset_t()
        sigemptyset(&blocked)
        sigaddset(&blocked, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &blocked, nil)
        Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
        return nil
    }
}

/// Runs blocking `work` on a thread of its own while the calling task waits.
package func offPool<Result: Sendable>(_ work: @escaping @Sendable () -> Result) async -> Result {
    await withCheckedContinuation { continuation in
        do {
            let thread = try OwnThread { continuation.resume(returning: work()) }
            thread.detach()
        } catch {
            // Out of threads: slower beats lost.
            continuation.resume(returning: work())
        }
    }
}

/// Like ``offPool(_:)``, for work that throws.
package func offPoolThrowing<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await offPool { Swift.Result { try work() } }.get()
}
