import Synchronization

/// Holds what has arrived of a stream until its reader comes for it.
final class StreamingSink: TransferSink {
    struct Step: Sendable {
        var outcome: Result<[UInt8]?, HTTPFailure>
        /// The connection was paused, and there is room again.
        var mayResume = false
    }

    private enum Ending {
        case none
        case done
        case failed(HTTPFailure)
    }

    private struct State {
        var head: HTTPHead?
        var unread: [UInt8] = []
        var isPaused = false
        var ending = Ending.none
        var headWaiter: CheckedContinuation<Result<HTTPHead, HTTPFailure>, Never>?
        var reader: CheckedContinuation<Step, Never>?
    }

    /// Bytes; enough for the fastest model, small beside everything else in memory.
    private static let highWater = 256 << 10
    private let state = Mutex(State())

    func head(_ head: HTTPHead) {
        let waiter = state.withLock { state in
            state.head = head
            defer { state.headWaiter = nil }
            return state.headWaiter
        }
        waiter?.resume(returning: .success(head))
    }

    func body(_ bytes: UnsafeRawBufferPointer) -> BodyVerdict {
        enum Answer {
            case kept
            case full
            case hand(CheckedContinuation<Step, Never>)
        }
        let answer: Answer = state.withLock { state in
            if let reader = state.reader {
                state.reader = nil
                return .hand(reader)
            }
            if state.unread.count >= Self.highWater {
                state.isPaused = true
                return .full
            }
            state.unread.append(contentsOf: bytes)
            return .kept
        }
        switch answer {
        case .kept: return .took
        case .full: return .pause
        case .hand(let reader):
            reader.resume(returning: Step(outcome: .success(Array(bytes))))
            return .took
        }
    }

    func end(_ failure: HTTPFailure?) {
        let (headWaiter, reader, head) = state.withLock { state in
            state.ending = failure.map { .failed($0) } ?? .done
            defer { (state.headWaiter, state.reader) = (nil, nil) }
            return (state.headWaiter, state.reader, state.head)
        }
        if let headWaiter {
            if let head, failure == nil {
                headWaiter.resume(returning: .success(head))
            } else {
                headWaiter.resume(returning: .failure(failure ?? .malformed("no answer")))
            }
        }
        reader?.resume(returning: Step(outcome: failure.map { .failure($0) } ?? .success(nil)))
    }

    func waitForHead() async -> Result<HTTPHead, HTTPFailure> {
        await withCheckedContinuation { waiter in
            let known: Result<HTTPHead, HTTPFailure>? = state.withLock { state in
                if let head = state.head { return .success(head) }
                if case .failed(let failure) = state.ending { return .failure(failure) }
                if case .done = state.ending { return .failure(.malformed("no answer")) }
                state.headWaiter = waiter
                return nil
            }
            if let known { waiter.resume(returning: known) }
        }
    }

    func next() async -> Step {
        await withCheckedContinuation { reader in
            let step: Step? = state.withLock { state in
                if !state.unread.isEmpty {
                    var step = Step(outcome: .success(state.unread))
                    state.unread = []
                    step.mayResume = state.isPaused
                    state.isPaused = false
                    return step
                }
                switch state.ending {
                case .done: return Step(outcome: .success(nil))
                case .failed(let failure): return Step(outcome: .failure(failure))
                case .none:
                    state.reader = reader
                    return nil
                }
            }
            if let step { reader.resume(returning: step) }
        }
    }
}
