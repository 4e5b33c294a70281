import Glibc
package import SatchelCore

/// Looks at the files of a workspace: which there are, which of them are selected, and what is in those that changed.
///
/// Nothing outside the workspace is ever opened: every step goes from an open folder to a name in it, and no symbolic
/// link is followed. All calls block and belong on a thread of the caller's.
package struct WorkspaceScanner: Sendable {
    private let root: String
    private let policy: SelectionPolicy
    private let hashing: any Hashing
    private let environment: [String: String]

    /// A scanner for the workspace at `root`, an absolute path without links in it.
    ///
    /// `environment` is where `HOME`, `XDG_CONFIG_HOME` and git's own variables are looked up.
    package init(root: String, policy: SelectionPolicy, hashing: any Hashing, environment: [String: String]) {
        self.root = root
        self.policy = policy
        self.hashing = hashing
        self.environment = environment
    }

    /// Looks at all of `scope` and reads what is new or changed there.
    ///
    /// A path of the scope that does not exist is simply not in the snapshot. One that lies in a folder which is
    /// skipped is skipped itself, with the reason of the folder.
    ///
    /// With `stability`, a file that was written to too lately is not read: it is in trouble and in
    /// ``Snapshot/resting``.
    ///
    /// `known` is what the manifest holds, sorted by path, at least for the scope: a file whose fingerprint is the
    /// known one is not opened, unless the row is racy. `now` gives nanoseconds since 1970 by the wall clock,
    /// `isCancelled` is asked before each folder and each batch, and `onHashed` is given what was read, up to a
    /// thousand files at a time, to be remembered at once.
    package func scan(
        _ scope: Scope,
        known: [KnownFile],
        stability: StabilityPolicy? = nil,
        now: () -> Int64,
        isCancelled: () -> Bool = { false },
        onHashed: ([HashedFile]) throws -> Void
    ) throws(ScanError) -> Snapshot {
        let folder = try openRoot()
        var snapshot = Snapshot(scope: scope, root: try identity(of: folder))
        let outer: OuterRules
        do {
            outer = try OuterRules(root: root, policy: policy, environment: environment)
        } catch {
            snapshot.troubles = [error]
            return snapshot
        }
        let rest = stability.map { TreeWalk.Rest(policy: $0, now: now()) }
        var walk = try walk(
            folder,
            outer,
            wanted(scope),
            known: known,
            for: .files,
            rest: rest,
            isCancelled: isCancelled
        )
        let (files, pending) = walk.takeFiles()
        snapshot.resting = walk.resting
        var content = ContentPass(
            pending,
            of: files,
            below: folder,
            limit: policy.maxFileSize,
            hashing: hashing
        )
        try content.run(now: now, isCancelled: isCancelled, onHashed: onHashed)
        snapshot.manyNamed = content.manyNamed
        let dropped = content.dropped
        snapshot.files =
            dropped.isEmpty
            ? content.files : content.files.enumerated().filter { !dropped.contains($0.offset) }.map(\.element)
        if scope != .everything {
            let seen = Set(snapshot.files.map(\.path))
            let gone = known.filter { !seen.contains($0.path) && scope.contains($0.path) }
            snapshot.lostInodes = walk.replacedInodes + gone.map(\.fingerprint.inode)
        }
        snapshot.skipped = (walk.skipped + content.skipped).sorted { $0.path < $1.path }
        snapshot.troubles = (walk.troubles + content.troubles).sorted { $0.path < $1.path }
        return snapshot
    }

    /// The files that a scan of `scope` would look at, in byte order; reads none but those with rules.
    package func names(in scope: Scope) throws(ScanError) -> [WorkspacePath] {
        let folder = try openRoot()
        guard let outer = try? OuterRules(root: root, policy: policy, environment: environment) else { return [] }
        var walk = try walk(folder, outer, wanted(scope), known: [], for: .files) { false }
        return walk.takeFiles().files.map(\.path).sorted()
    }

    /// What a scan would do with `path`, without reading it.
    package func decision(for path: WorkspacePath) throws(ScanError) -> Decision {
        let folder = try openRoot()
        let outer: OuterRules
        do {
            outer = try OuterRules(root: root, policy: policy, environment: environment)
        } catch {
            return .trouble(error)
        }
        let wanted = path.isRoot ? TreeWalk.Wanted.all : .only([path])
        let walk = try walk(folder, outer, wanted, known: [], for: .look) { false }
        if let trouble = walk.troubles.first { return .trouble(trouble) }
        if let skipped = walk.skipped.first { return .skipped(skipped.reason, at: walk.skippedAt ?? skipped.path) }
        guard let found = walk.found else { return .missing }
        return .selected(isFolder: found == .folder)
    }

    /// The rules from outside the workspace's own folders as they are now: global excludes, `.git/info/exclude`, and
    /// ignore files of the folders above; nil when they cannot be read.
    package func outerRules() -> [SelectionRule]? {
        guard let outer = try? OuterRules(root: root, policy: policy, environment: environment) else { return nil }
        return (outer.last + outer.parents).flatMap(\.file.rules)
    }

    /// Goes through the folders that a scan would enter, for a watcher; reads no file but those with rules.
    ///
    /// - Parameters:
    ///   - folder: The root, open; it is closed at the end.
    ///   - enter: Is given each folder, open, before it is listed, and how many are above it; false leaves out what is
    ///     below it.
    ///   - listed: Is told of the folder entered last whether it is a repository of its own, and so is skipped after all.
    /// - Returns: The folders that a scan would not enter, and the entries it had trouble with; nil when the rules that
    ///   hold everywhere cannot be read.
    func walkFolders(
        of folder: Int32,
        enter: @escaping (_ folder: Int32, _ path: WorkspacePath, _ depth: Int) -> Bool,
        listed: @escaping (_ folder: Int32, _ isRepository: Bool) -> Void
    ) -> (skipped: [Snapshot.Skipped], troubles: [Trouble])? {
        let folder = OpenFolder(adopting: folder)
        guard let outer = try? OuterRules(root: root, policy: policy, environment: environment),
            let walk = try? walk(
                folder,
                outer,
                .all,
                known: [],
                for: .folders(enter: enter, listed: listed),
                isCancelled: { false }
            )
        else { return nil }
        return (walk.skipped, walk.troubles)
    }

    private func walk(
        _ folder: OpenFolder,
        _ outer: OuterRules,
        _ wanted: TreeWalk.Wanted,
        known: [KnownFile],
        for purpose: TreeWalk.Purpose,
        rest: TreeWalk.Rest? = nil,
        isCancelled: () -> Bool
    ) throws(ScanError) -> TreeWalk {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)
        defer { buffer.deallocate() }
        var walk = TreeWalk(
            folder,
            policy: policy,
            outer: outer,
            wanted: wanted,
            known: known,
            purpose: purpose,
            rest: rest,
            buffer: buffer
        )
        try walk.run(isCancelled: isCancelled)
        return walk
    }

    private func wanted(_ scope: Scope) -> TreeWalk.Wanted {
        switch scope {
        case .everything: .all
        case .paths(let paths): paths.first?.isRoot == true ? .all : .only(paths[...])
        }
    }

    private func openRoot() throws(ScanError) -> OpenFolder {
        do {
            return try OpenFolder(at: root)
        } catch {
            switch error.code {
            case ENOENT: throw .rootMissing(root)
            case ENOTDIR: throw .rootNotFolder(root)
            default: throw .rootUnreadable(root, error.description)
            }
        }
    }

    private func identity(of folder: OpenFolder) throws(ScanError) -> RootIdentity {
        do {
            let status = try FileStatus(of: folder.descriptor)
            return RootIdentity(device: status.device, inode: status.fingerprint.inode)
        } catch {
            throw .rootUnreadable(root, error.description)
        }
    }
}
