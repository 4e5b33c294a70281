import Synchronization

/// Gathers a whole answer in memory and hands it over when it is complete.
final class CollectingSink: TransferSink {
    typealias Outcome = Result<HTTPResponse, HTTPFailure>

    private struct State {
        var head: HTTPHead?
        var body: [UInt8] = []
        var outcome: Outcome?
        var waiter: CheckedContinuation<Outcome, Never>?
    }

    private static let refusalLimit = 256 << 10
    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int) {
        self.limit = limit
    }

    func head(_ head: HTTPHead) {
        state.withLock { $0.head = head }
    }

    func body(_ bytes: UnsafeRawBufferPointer) -> BodyVerdict {
        state.withLock { state in
            // A refusal is read even where nearly nothing was asked for: its words say what to do.
            let isRefusal = (state.head?.status ?? 200) >= 300
            let limit = isRefusal ? max(limit, Self.refusalLimit) : limit
            guard state.body.count + bytes.count <= limit else { return .refuse(.tooLarge(limit: limit)) }
            state.body.append(contentsOf: bytes)
            return .took
        }
    }

    func end(_ failure: HTTPFailure?) {
        let (waiter, outcome) = state.withLock { state in
            let outcome: Outcome
            if let failure {
                outcome = .failure(failure)
            } else if let head = state.head {
                outcome = .success(HTTPResponse(head: head, body: state.body))
            } else {
                outcome = .failure(.malformed("no answer"))
            }
            state.outcome = outcome
            defer { state.waiter = nil }
            return (state.waiter, outcome)
        }
        waiter?.resume(returning: outcome)
    }

    func wait() async -> Outcome {
        await withCheckedContinuation { waiter in
            let outcome = state.withLock { state in
                if state.outcome == nil { state.waiter = waiter }
                return state.outcome
            }
            if let outcome { waiter.resume(returning: outcome) }
        }
    }
}
