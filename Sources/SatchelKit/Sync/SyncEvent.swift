internal import SatchelCore

/// What a running sync tells whoever watches it: the progress line, `--events`, one line per change.
package enum SyncEvent: Sendable {
    case scanning
    /// So many files had to be read again so far.
    case hashed(files: Int)
    /// The plan stands: this much is to be sent.
    case planned(uploads: Int, bytes: Int64)
    case done(SyncReport.Entry)
    case failed(SyncReport.Failure)
    /// Nothing is sent for so many seconds, and why.
    case waiting(seconds: Double, reason: String)
}

package typealias SyncObserver = @Sendable (SyncEvent) -> Void
