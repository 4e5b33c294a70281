package import FoundationEssentials

/// Work that was put down to be done by whichever process gets to it.
package struct Job: Hashable, Sendable {
    /// How far it is; the words are those in JSON and in the manifest.
    package enum State: String, Hashable, Sendable, CaseIterable {
        case queued
        case running
        case done
        case failed
        case cancelled

        /// Whether nothing more will come of it by itself.
        package var isOver: Bool { self == .done || self == .failed || self == .cancelled }
    }

    package var id: Int64
    package var kind: String
    package var payload: String
    package var state: State
    /// How often it was begun.
    package var attempts: Int
    package var runAfter: Date
    package var thread: Int64?
    /// The answer that it is about, as soon as there is one.
    package var message: Int64?
    /// Names the process that does it.
    package var owner: String?
    /// Why the last attempt failed.
    package var error: String?
    package var createdAt: Date
    package var finishedAt: Date?

    package init(
        id: Int64,
        kind: String,
        payload: String,
        state: State,
        attempts: Int,
        runAfter: Date,
        thread: Int64?,
        message: Int64?,
        owner: String?,
        error: String?,
        createdAt: Date,
        finishedAt: Date?
    ) {
        self.id = id
        self.kind = kind
        self.payload = payload
        self.state = state
        self.attempts = attempts
        self.runAfter = runAfter
        self.thread = thread
        self.message = message
        self.owner = owner
        self.error = error
        self.createdAt = createdAt
        self.finishedAt = finishedAt
    }

    /// How often a job is begun before it has failed for good.
    package static let mostAttempts = 5

    /// Why it is not begun once more when the last process that did it has died too.
    package static func deaths(id: Int64) -> String {
        "interrupted: begun \(mostAttempts) times, and the process that did it died; see what ended it, and then "
            + "satchel jobs retry \(id)"
    }

    /// Seconds until it is tried again after so many attempts; nil when it is not.
    package static func delay(afterAttempts attempts: Int) -> Double? {
        guard attempts < mostAttempts else { return nil }
        return min(10 * Double(1 << min(max(attempts - 1, 0), 10)), 600)
    }
}
