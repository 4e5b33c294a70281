package import FoundationEssentials

/// Why content is uploaded.
package enum UploadReason: Hashable, Sendable {
    /// A path that was not there before.
    case newFile
    /// A path whose bytes are not what they were.
    case changed
    /// In step before, but never in this account.
    case notInAccount
    case expired(at: Date)
    case expiresSoon(at: Date)
    /// An earlier upload was cut off, and its copy could not be found.
    case interrupted
    case failedBefore
    /// The user asked for it: `rehydrate`.
    case requested

    /// Whether the account held this content before.
    package var isRehydration: Bool {
        switch self {
        case .expired, .expiresSoon, .requested: true
        case .newFile, .changed, .notInAccount, .interrupted, .failedBefore: false
        }
    }
}

/// Why a path is made to stand for content without sending anything.
package enum LinkReason: Hashable, Sendable {
    /// Its content is uploaded by the same plan.
    case uploaded
    /// The account has this content already.
    case sameContent
    /// The account has this content from a path that is gone now.
    case renamed(from: WorkspacePath)
    /// The account does not take the new content, and the old is not what the path stands for any more.
    case refused(SkipReason)
}

/// Why a path is not remembered any longer.
package enum ForgetReason: Hashable, Sendable {
    case deleted
    case skipped(SkipReason)
}

/// Why a remote copy is deleted.
package enum DeleteReason: Hashable, Sendable {
    /// No path and no message has stood for it since.
    case unreferenced(since: Date)
    /// It was announced and never arrived as far as is known; only the memory of it goes.
    case neverFinished
    /// The provider has let it expire; only the memory of it goes.
    case expired(at: Date)
    /// An earlier delete was not confirmed.
    case unfinished
    /// The user asked for it.
    case requested
    /// The account was full, and nothing was unused for longer.
    case evicted(unusedSince: Date)
}

/// Why a plan must not be carried out without a yes.
package enum StopReason: Hashable, Sendable {
    case emptiedRoot(known: Int)
    case replacedRoot(forgets: Int)
    case tooManyDeletes(count: Int, of: Int)
}

extension UploadReason {
    /// The stable word in JSON.
    package var code: String {
        switch self {
        case .newFile: "new"
        case .changed: "changed"
        case .notInAccount: "not_in_account"
        case .expired: "expired"
        case .expiresSoon: "expires_soon"
        case .interrupted: "interrupted"
        case .failedBefore: "failed_before"
        case .requested: "requested"
        }
    }
}

extension UploadReason: CustomStringConvertible {
    package var description: String {
        switch self {
        case .newFile: "new file"
        case .changed: "content changed"
        case .notInAccount: "not in this account yet"
        case .expired(let date): "expired \(date.formatted(.iso8601))"
        case .expiresSoon(let date): "expires \(date.formatted(.iso8601))"
        case .interrupted: "an earlier upload was interrupted"
        case .failedBefore: "an earlier sync could not upload it"
        case .requested: "asked for"
        }
    }
}

extension LinkReason: CustomStringConvertible {
    package var code: String {
        switch self {
        case .uploaded: "uploaded"
        case .sameContent: "same_content"
        case .renamed: "renamed"
        case .refused: "refused"
        }
    }

    package var description: String {
        switch self {
        case .uploaded: "uploaded"
        case .sameContent: "the account has this content already"
        case .renamed(let path): "renamed from \(path)"
        case .refused(let reason): "not uploaded: \(reason)"
        }
    }
}

extension ForgetReason: CustomStringConvertible {
    package var code: String {
        switch self {
        case .deleted: "deleted"
        case .skipped(let reason): reason.code
        }
    }

    package var description: String {
        switch self {
        case .deleted: "not in the workspace any more"
        case .skipped(let reason): "\(reason)"
        }
    }
}

extension DeleteReason: CustomStringConvertible {
    package var code: String {
        switch self {
        case .unreferenced: "unreferenced"
        case .neverFinished: "never_finished"
        case .expired: "expired"
        case .unfinished: "unfinished"
        case .requested: "requested"
        case .evicted: "evicted"
        }
    }

    package var description: String {
        switch self {
        case .unreferenced(let date): "nothing has referred to it since \(date.formatted(.iso8601))"
        case .neverFinished: "never finished, and nothing refers to it"
        case .expired(let date): "expired \(date.formatted(.iso8601))"
        case .unfinished: "an earlier delete was not confirmed"
        case .requested: "asked for"
        case .evicted(let date): "made room: unused since \(date.formatted(.iso8601))"
        }
    }
}

extension StopReason: CustomStringConvertible {
    package var description: String {
        switch self {
        case .emptiedRoot(let known):
            "the workspace is empty, but \(known) files were in step; "
                + "check that it is mounted, or say --yes to let them go"
        case .replacedRoot(let forgets):
            "another folder stands where the workspace was, and \(forgets) files are missing from it; "
                + "check that the right one is mounted, or say --yes to go on"
        case .tooManyDeletes(let count, let total):
            "this would delete \(count) of \(total) remote copies; look with --dry-run, "
                + "then say --yes or --max-delete \(count)"
        }
    }
}
