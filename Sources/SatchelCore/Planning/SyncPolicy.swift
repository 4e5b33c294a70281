package import FoundationEssentials

/// What the user wants of a sync, as values.
package struct SyncPolicy: Sendable {
    package var ttl: TimeToLive = .seconds(86400)
    /// An id that ends within this many seconds is treated as ended.
    package var safetyMargin: TimeInterval = 600
    /// Seconds a copy stays after nothing refers to it any more, so that a branch switch and back uploads nothing.
    package var keepUnreferenced: TimeInterval = 86400
    /// Deleting more copies than this, and more than ``maxDeletePercent`` of them, needs a yes.
    package var maxDeletes = 10
    package var maxDeletePercent = 10
    /// The user said yes to an emptied root or many deletes.
    package var isConfirmed = false
    /// Uploads again what expired although nobody asked for it now.
    package var renewsExpired = true
    /// Also renews what ends within so many seconds, however long its life is.
    package var renewsWithin: TimeInterval = 0
    /// Also uploads again what is still fresh.
    package var renewsAll = false

    /// Sends nothing that no chat has referred to yet.
    package var uploadsOnReference = false

    package init() {}
}
