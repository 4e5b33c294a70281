package import FoundationEssentials
internal import SatchelManifest

/// What `pause` and `resume` found and did.
package struct PauseReport: Hashable, Sendable {
    /// Nil when the workspace is not paused now.
    package var since: Date?
    /// False when it was so already.
    package var isChange: Bool
    /// A watch runs and knows of it.
    package var isWatched: Bool
}

extension Workspace {
    /// Makes the watch of this workspace only gather changes, or go on.
    ///
    /// It is written down, so that a watch that is started again stays paused. Explicit syncs work all the same.
    package func setPaused(_ isPaused: Bool, patience: Duration) async throws -> PauseReport {
        try await whileLocked(isPaused ? "pause" : "resume", patience: patience) {
            let before = try await pausedSince()
            guard (before != nil) != isPaused else {
                return PauseReport(since: before, isChange: false, isWatched: false)
            }
            let since = isPaused ? now() : nil
            try await notePause(since: since)
            return PauseReport(since: since, isChange: true, isWatched: false)
        } otherwise: {
            try await askToPause(isPaused)
        }
    }

    /// Since when watches of this workspace are to gather only; nil when they are not.
    package func pausedSince() async throws -> Date? {
        try await manifest.setting(Self.pausedKey).flatMap(Double.init).map(Date.init(timeIntervalSince1970:))
    }

    func notePause(since: Date?) async throws {
        try await manifest.setSetting(Self.pausedKey, to: since.map { "\($0.timeIntervalSince1970)" })
    }

    private static var pausedKey: String { "paused_since" }
}
