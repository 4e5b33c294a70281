import Synchronization

/// One exchange, as everybody but the HTTP thread sees it: what to send, where the answer goes, and a stop button.
final class Transfer: Sendable {
    let request: HTTPRequest
    let sink: any TransferSink
    private let stopped = Atomic(false)
    private let runningOut = Atomic(false)

    init(_ request: HTTPRequest, to sink: any TransferSink) {
        self.request = request
        self.sink = sink
    }

    /// Set before the HTTP thread is told, so that a stop that overtakes its start is still seen.
    func stop() { stopped.store(true, ordering: .releasing) }

    var isStopped: Bool { stopped.load(ordering: .acquiring) }

    /// Set when nobody wants the rest: it is thrown away, so that the connection can be used again.
    func letRunOut() { runningOut.store(true, ordering: .releasing) }

    var isRunningOut: Bool { runningOut.load(ordering: .acquiring) }
}
