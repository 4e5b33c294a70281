internal import FoundationEssentials
internal import SatchelCore
internal import SatchelManifest

extension Workspace {
    /// The time that the account's copies end by.
    ///
    /// Ours, unless there is reason to doubt it: something seems to end or to have ended, or our clock is behind what it
    /// said before. Then the provider's clock decides, so that a clock that is wrong by a day neither uploads everything
    /// again nor takes dead ids for living ones. One small request tells it; where that fails, ours has to do.
    ///
    /// - Parameter connection: the account.
    /// - Returns: the time.
    /// - Throws: ``ManifestError``, `CancellationError`.
    func accountTime(of connection: Connection) async throws -> Date {
        let ours = now()
        guard !connection.traits.staysHere else { return ours }
        if connection.provider.serverTime == nil, try await isDoubtful(ours, in: connection) {
            _ = try? await connection.provider.probe()
            try Task.checkCancellation()
        }
        return corrected(ours, by: connection)
    }

    /// Our time, or the provider's where an answer of this run has told that they differ by more than some minutes.
    func corrected(_ ours: Date, by connection: Connection) -> Date {
        let tolerance: TimeInterval = 120
        guard let theirs = connection.provider.serverTime, abs(theirs.timeIntervalSince(ours)) > tolerance else {
            return ours
        }
        return theirs
    }

    private func isDoubtful(_ ours: Date, in connection: Connection) async throws -> Bool {
        if let latest = try await latestTime(), ours < latest.addingTimeInterval(-120) { return true }
        guard let end = try await manifest.soonestExpiry(in: connection.id) else { return false }
        return end.addingTimeInterval(-configuration.safetyMargin.inSeconds) <= ours
    }

    private func latestTime() async throws -> Date? {
        try await manifest.setting("latest_time").flatMap(Double.init).map(Date.init(timeIntervalSince1970:))
    }

    /// Remembers how late it was, so that a clock that goes back is noticed.
    func noteTime(_ moment: Date) async throws {
        if let latest = try await latestTime(), moment.timeIntervalSince(latest) < 300 { return }
        try await manifest.setSetting("latest_time", to: "\(Int64(moment.timeIntervalSince1970))")
    }
}
