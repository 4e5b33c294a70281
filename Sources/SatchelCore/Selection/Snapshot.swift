/// Which part of a workspace a scan or a sync is about.
package enum Scope: Hashable, Sendable {
    case everything
    /// Files, or folders with all that is below them. Sorted, and none within another.
    case paths([WorkspacePath])

    /// The scope of `paths`, reduced to those that are not inside another; everything when the root is among them.
    package init(_ paths: some Sequence<WorkspacePath>) {
        // A folder comes before what is below it, though not always right before: `a`, `a-b`, `a/x`.
        var kept: Set<WorkspacePath> = []
        for path in paths.sorted() {
            var folder = path
            while !folder.isRoot, !kept.contains(folder) { folder = folder.parent }
            if folder.isRoot { kept.insert(path) }
        }
        self = kept.contains(.root) ? .everything : .paths(kept.sorted())
    }

    /// Whether the path, or a folder that it lies in, is meant.
    package func contains(_ path: WorkspacePath) -> Bool {
        switch self {
        case .everything: true
        case .paths(let roots): roots.contains(where: path.isWithin)
        }
    }
}

/// What a scan saw: every path within its scope, either as a file with its digest, skipped, or in trouble.
package struct Snapshot: Sendable {
    /// A regular file that is selected.
    package struct File: Hashable, Sendable {
        package var path: WorkspacePath
        /// Bytes.
        package var size: Int64
        package var digest: ContentDigest
        package var media: MediaType

        package init(path: WorkspacePath, size: Int64, digest: ContentDigest, media: MediaType) {
            self.path = path
            self.size = size
            self.digest = digest
            self.media = media
        }
    }

    /// A path that is left out, and why.
    package struct Skipped: Hashable, Sendable {
        package var path: WorkspacePath
        /// A folder that was not entered counts once, whatever is below it.
        package var isFolder: Bool
        package var reason: SkipReason

        package init(path: WorkspacePath, isFolder: Bool, reason: SkipReason) {
            self.path = path
            self.isFolder = isFolder
            self.reason = reason
        }
    }

    package var scope: Scope
    /// In byte order of their paths, each once.
    package var files: [File]
    /// In byte order of their paths.
    package var skipped: [Skipped]
    package var troubles: [Trouble]
    /// Files among ``troubles`` that were written to so lately that they were not read, with the rest they still need.
    package var resting: [WorkspacePath: Duration] = [:]
    /// Inodes of the files that were read and have other names as well, with the fingerprint they have now.
    package var manyNamed: [Fingerprint] = []
    /// Inodes that known paths within the scope stood for and no longer do; empty where everything is the scope.
    ///
    /// Such a file may have been written to under the name that it has lost.
    package var lostInodes: [UInt64] = []
    /// Device and inode of the root folder: another folder under the same name is not the workspace that was synced.
    package var root: RootIdentity

    package init(
        scope: Scope,
        files: [File] = [],
        skipped: [Skipped] = [],
        troubles: [Trouble] = [],
        root: RootIdentity
    ) {
        self.scope = scope
        self.files = files
        self.skipped = skipped
        self.troubles = troubles
        self.root = root
    }
}

/// Device and inode of the workspace's root folder.
package struct RootIdentity: Hashable, Sendable {
    package var device: UInt64
    package var inode: UInt64

    package init(device: UInt64, inode: UInt64) {
        self.device = device
        self.inode = inode
    }
}
