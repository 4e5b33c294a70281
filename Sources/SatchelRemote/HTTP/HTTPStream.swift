import Synchronization

/// An answer that is read while it arrives.
///
/// A slow reader stops the sender: when 256 KiB wait unread, the connection is not read any further until
/// ``next()`` takes them. Releasing the stream closes the connection. One reader at a time.
final class HTTPStream: Sendable {
    let head: HTTPHead
    private let sink: StreamingSink
    private let transfer: Transfer
    private let loop: CurlLoop

    init(head: HTTPHead, sink: StreamingSink, transfer: Transfer, loop: CurlLoop) {
        self.head = head
        self.sink = sink
        self.transfer = transfer
        self.loop = loop
    }

    deinit {
        if !transfer.isRunningOut { loop.cancel(transfer) }
    }

    /// Throws away what may still come, for a second at most: then the connection is closed after all.
    ///
    /// For a reader that knows that it has everything: the next request need not connect anew.
    func letRunOut() {
        transfer.letRunOut()
        loop.resume(transfer)
    }

    /// The bytes that arrived since the last call, waiting for some; nil at the end.
    ///
    /// Cancelling the task closes the connection.
    func next() async throws(HTTPFailure) -> [UInt8]? {
        let step = await withTaskCancellationHandler {
            await sink.next()
        } onCancel: {
            loop.cancel(transfer)
        }
        if step.mayResume { loop.resume(transfer) }
        return try step.outcome.get()
    }

    /// Everything that is left.
    ///
    /// - Throws: `.tooLarge` when it is more than `limit` bytes.
    func collect(upTo limit: Int) async throws(HTTPFailure) -> [UInt8] {
        var all: [UInt8] = []
        while let piece = try await next() {
            guard all.count + piece.count <= limit else {
                loop.cancel(transfer)
                throw .tooLarge(limit: limit)
            }
            all += piece
        }
        return all
    }
}
