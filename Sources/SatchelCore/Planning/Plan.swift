/// One thing to do, with its reason.
package enum Action: Hashable, Sendable {
    /// Send the content, reading it from `path`.
    case upload(WorkspacePath, UploadedContent, because: UploadReason)
    /// Let the path stand for the content; after its upload, where there is one.
    case link(WorkspacePath, to: ContentDigest, because: LinkReason)
    /// The path is gone from the selection.
    case forget(WorkspacePath, because: ForgetReason)
    /// Delete the remote copy of that row; last of all, and only when nothing refers to it by then.
    case delete(KnownCopy, because: DeleteReason)
}

/// The content of an upload action.
package struct UploadedContent: Hashable, Sendable {
    package var digest: ContentDigest
    /// Bytes.
    package var size: Int64
    package var media: MediaType

    package init(digest: ContentDigest, size: Int64, media: MediaType) {
        self.digest = digest
        self.size = size
        self.media = media
    }
}

/// Everything a sync of one account would do, and what it leaves alone and why.
package struct Plan: Sendable {
    /// Uploads, then links, then forgets, then deletes.
    package var actions: [Action] = []
    /// Paths found within the scope: files, skipped paths and those in trouble.
    package var found = 0
    /// Files that are in step already.
    package var unchanged = 0
    /// By the scan, and by the account.
    package var skipped: [Snapshot.Skipped] = []
    package var troubles: [Trouble] = []
    /// Files that are sent although they hold what looks like secrets, because the gate only warns.
    package var warned: [Snapshot.Skipped] = []
    /// Set when the plan needs a yes; its forgets and deletes are then shown and not carried out: see ``permitted``.
    package var stop: StopReason?

    package init() {}

    /// What may be done: without a yes that it needs, nothing that forgets or deletes.
    package var permitted: [Action] {
        guard stop != nil else { return actions }
        return actions.filter { action in
            switch action {
            case .upload, .link: true
            case .forget, .delete: false
            }
        }
    }

    /// Nothing to do: the workspace and the account are in step.
    package var isEmpty: Bool { actions.isEmpty }

    package var uploads: Int {
        actions.count {
            if case .upload = $0 { true } else { false }
        }
    }
}
