/// How far a remote copy has come.
///
/// The raw values are stored in the manifest. A copy that is not remembered has no state.
package enum CopyState: Int, Hashable, Sendable, CaseIterable {
    /// Announced; the bytes may or may not have left, and there may or may not be a remote file.
    case uploading = 0
    /// With the provider, which is not done with it yet.
    case processing = 1
    /// Can be referred to.
    case ready = 2
    /// To be deleted remotely; the row stays until the provider has said yes.
    case deleting = 3
    /// The last upload failed; there is no remote file.
    case failed = 4
}

/// Why the state of a copy changes: each is one transaction of the manifest.
package enum CopyCause: Hashable, Sendable, CaseIterable {
    /// An upload of its content begins; no byte has left yet.
    case announced
    /// The provider has it, and it can be referred to: the answer to the upload, or a look for an interrupted one.
    case arrived
    /// The provider does not have it: it said so, or nothing was ever sent.
    case refused
    /// The answer was lost, so that it may have arrived.
    case doubtful
    /// Nothing refers to it any more: it is to be deleted.
    case unneeded
    /// The provider did not say yes to the delete.
    case deleteFailed
    /// The provider does not have it any more: it was deleted, or has vanished.
    case gone
}

/// What becomes of a copy.
package enum CopyChange: Hashable, Sendable {
    case becomes(CopyState)
    /// The row goes: there is nothing remote to remember. The ledger keeps what it says.
    case isForgotten
}

extension CopyState {
    /// The state of a copy that was not remembered until `cause`.
    package static func first(_ cause: CopyCause) -> CopyState? { cause == .announced ? .uploading : nil }

    /// What `cause` makes of a copy in this state; nil when it is not allowed to happen then.
    ///
    /// Whatever is announced anew gives up the id it had: the ledger goes on naming it, so `cleanup` finds it.
    package func next(_ cause: CopyCause) -> CopyChange? {
        switch (self, cause) {
        case (_, .announced): .becomes(.uploading)
        case (.uploading, .arrived), (.processing, .arrived): .becomes(.ready)
        case (.uploading, .refused), (.processing, .refused): .becomes(.failed)
        case (.uploading, .doubtful): .becomes(.uploading)
        // Their copies were looked for before: there is none.
        case (.uploading, .unneeded), (.failed, .unneeded): .isForgotten
        case (.processing, .unneeded), (.ready, .unneeded), (.deleting, .unneeded): .becomes(.deleting)
        case (.deleting, .deleteFailed): .becomes(.deleting)
        case (.processing, .gone), (.ready, .gone), (.deleting, .gone): .isForgotten
        case (.uploading, .gone), (.failed, .gone): nil
        case (.ready, .arrived), (.deleting, .arrived), (.failed, .arrived): nil
        case (.ready, .refused), (.deleting, .refused), (.failed, .refused): nil
        case (.processing, .doubtful), (.ready, .doubtful), (.deleting, .doubtful), (.failed, .doubtful): nil
        case (.uploading, .deleteFailed), (.processing, .deleteFailed), (.ready, .deleteFailed): nil
        case (.failed, .deleteFailed): nil
        }
    }

    /// The states in which `cause` may happen.
    package static func whence(_ cause: CopyCause) -> [CopyState] { allCases.filter { $0.next(cause) != nil } }
}
