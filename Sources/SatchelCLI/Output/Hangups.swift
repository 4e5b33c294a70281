import Dispatch
import Glibc

/// What SIGHUP means to a program that runs for long: to look at everything again, or to stop when it came because the
/// terminal was closed.
final class Hangups {
    /// One element for each time that everything is to be looked at; not more than one waits.
    let stream: AsyncStream<Void>
    private let source: any DispatchSourceSignal

    init() {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        self.stream = stream
        let terminals = [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO].filter { isatty($0) == 1 }
        signal(SIGHUP, SIG_IGN)
        source = DispatchSource.makeSignalSource(signal: SIGHUP, queue: .global())
        source.setEventHandler {
            if terminals.allSatisfy({ isatty($0) == 1 }) {
                continuation.yield()
            } else {
                kill(getpid(), SIGTERM)
            }
        }
        source.resume()
    }

    func end() { source.cancel() }
}
