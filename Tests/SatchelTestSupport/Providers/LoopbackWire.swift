import Synchronization

/// A provider's wire format over a store: all that the loopback providers do not have in common.
package protocol LoopbackWire: LoopbackService {
    associatedtype Options: LoopbackOptions

    init(store: LoopbackStore, options: Options)

    /// Where it is found, and with which keys.
    static var address: LoopbackAddress { get }

    /// What the test has said about its behaviour.
    var directions: LoopbackDirections<Options> { get }

    /// The refusal in the provider's own shape, without carrying the request out.
    static func refusing(_ refusal: LoopbackRefusal) -> LoopbackFault
}

/// How a provider behaves, as far as the shared suites change it.
package protocol LoopbackOptions: Sendable {
    /// The provider as it is.
    init()

    /// Entries that a page of a listing has at most, whatever was asked for.
    var maxPage: Int { get set }
}

/// Where a provider is found, and with which keys.
package struct LoopbackAddress: Sendable {
    /// How a request says whose key it brings.
    package var credentials: @Sendable (_ key: String) -> HeaderFields = { ["Authorization": "Bearer \($0)"] }
    /// What a base URL has behind `http://127.0.0.1:PORT`.
    var basePath = ""
    /// The variable that holds the base URL.
    var baseURLVariable: String
    /// The variable that holds the key.
    var keyVariable: String
    /// A key that is taken.
    var key: String
    /// A key of somebody else, who sees none of the first one's files.
    var otherKey: String
    /// The request that brings the bytes of a small file.
    var uploadRoute: LoopbackMatch = "POST /v1/files"
    /// The request for a listing.
    var listRoute: LoopbackMatch = "GET /v1/files"
}

/// What a test says about a provider's behaviour while it runs: its options, and the answers to come.
package final class LoopbackDirections<Options: Sendable>: Sendable {
    private struct State: Sendable {
        var options: Options
        var answers: [LoopbackAnswer] = []
        var taken = 0
    }

    private let state: Mutex<State>

    init(_ options: Options) { state = Mutex(State(options: options)) }

    var options: Options {
        get { state.withLock { $0.options } }
        set { state.withLock { $0.options = newValue } }
    }

    func push(_ answer: LoopbackAnswer) { state.withLock { $0.answers.append(answer) } }

    /// The queued answer, or the echo; and its number, from 1.
    func takeAnswer() -> (LoopbackAnswer, number: Int) {
        state.withLock { state in
            state.taken += 1
            return (state.answers.isEmpty ? LoopbackAnswer() : state.answers.removeFirst(), state.taken)
        }
    }

    /// Counts an option down by one; false when it was used up.
    func takeOne(_ option: WritableKeyPath<Options, Int>) -> Bool {
        state.withLock { state in
            guard state.options[keyPath: option] > 0 else { return false }
            state.options[keyPath: option] -= 1
            return true
        }
    }
}

extension LoopbackWire {
    var options: Options { directions.options }

    /// The queued answer, or the echo; and its number, from 1.
    func takeAnswer() -> (LoopbackAnswer, number: Int) { directions.takeAnswer() }
}
