package import SatchelCore

/// What a sync would take: bytes, tokens, time at the account's limits, and money where there is a price.
package struct SyncEstimate: Hashable, Sendable {
    package var account: String
    package var uploads = 0
    package var bytes: Int64 = 0
    /// An estimate of what a model would be billed each time it is shown all of it: a quarter of the bytes of text.
    package var tokens: Int64 = 0
    /// Files whose tokens nobody can tell from their size: PDFs, pictures, archives.
    package var untold = 0
    /// Seconds that the account's limits make it last at least.
    package var seconds: Int64 = 0
    /// For a day of all that would be uploaded; nil where storage is free or has no published price.
    package var storagePerDay: Dollars?
    /// Until the copies expire; nil when they never do.
    package var storageInAll: Dollars?
}

extension Workspace {
    /// Plans a sync and counts what it would take; nothing is sent.
    package func estimate(
        _ scope: Scope,
        to connection: Connection,
        observe: @escaping SyncObserver = { _ in }
    ) async throws -> SyncEstimate {
        var options = SyncOptions()
        options.isDryRun = true
        let (_, plan) = try await makePlan(scope, for: connection, options: options, at: now(), observe: observe)
        var estimate = SyncEstimate(account: connection.account.name)
        for case .upload(_, let content, _) in plan.actions {
            estimate.uploads += 1
            estimate.bytes += content.size
            if content.media == .text || content.media == .utf16 {
                estimate.tokens += (content.media == .text ? content.size : content.size / 2) / 4
            } else {
                estimate.untold += 1
            }
        }
        estimate.seconds = leastSeconds(of: estimate, at: connection.account.effectiveLimits(connection.traits))
        if let price = connection.traits.storagePrice {
            estimate.storagePerDay = price.charged(bytes: estimate.bytes, seconds: 86400)
            let ttl = configuration.ttl(for: connection.account)
            if let life = connection.traits.nativeExpiry(for: ttl) {
                estimate.storageInAll = price.charged(bytes: estimate.bytes, seconds: life)
            }
        }
        return estimate
    }

    private func leastSeconds(of estimate: SyncEstimate, at limits: AccountLimits) -> Int64 {
        var seconds: Int64 = 0
        for case let limit? in [limits.uploadsPerMinute, limits.requestsPerMinute] {
            // As many as the limit go at once.
            seconds = max(seconds, Int64(max(0, estimate.uploads - 1) / limit) * 60)
        }
        if let bandwidth = limits.bandwidth { seconds = max(seconds, estimate.bytes / max(bandwidth.bytes, 1)) }
        return seconds
    }
}
