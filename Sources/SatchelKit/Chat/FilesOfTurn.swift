internal import SatchelCore
internal import SatchelManifest

/// The files that one question shows, and how they came to be among them.
struct FilesOfTurn: Sendable {
    /// In byte order of their paths, so that prompts begin alike and the caches of providers hit.
    var files: [Manifest.ShownFile] = []
    var mentions = ResolvedMentions()
    var replaced: [ReplacedFile] = []
    var picked: [PickedFile] = []
}

extension Workspace {
    /// Decides what a question shows, and brings it in step.
    ///
    /// Pins come with the first question of a thread. What the thread was shown before and has changed since comes
    /// again, unless it keeps to the versions it has.
    func filesOfTurn(
        _ question: ChatQuestion,
        after earlier: [Manifest.Message],
        _ connection: Connection,
        observe: @escaping @Sendable (ChatProgress) -> Void
    ) async throws -> FilesOfTurn {
        var turn = FilesOfTurn(mentions: resolve(question.mentions))
        turn.mentions.paths += question.added
        for unknown in turn.mentions.unknown {
            observe(.notice("\(printable(unknown.text)): no such file in the workspace; taken as text"))
        }
        let shown = earlier.flatMap(\.files)
        let named = try await namedPaths(turn.mentions, shown: shown) { observe(.notice($0)) }
        let pins = earlier.isEmpty && connection.model != nil ? pinnedFiles() : (paths: [], globs: [])
        let globs = turn.mentions.globs + pins.globs
        let rule = question.versions ?? configuration.chat.versions
        // A thread that keeps to its versions has no use for others, and this account may never need them.
        let followed = rule == .follow ? shown.map(\.path) : []
        var scopes = named + pins.paths + followed
        scopes += try await paths(matching: globs)
        // Retrieval answers from all files.
        if connection.model == nil { scopes = [.root] }
        if !scopes.isEmpty {
            let isAskedFor = connection.model == nil || !turn.mentions.isEmpty
            try await bringInStep(Scope(scopes), named: named, isRequired: isAskedFor, connection, observe: observe)
        }
        turn.files = try await syncedFiles(named + pins.paths, globs: globs)
        try await tellUnshown(named, turn.files + shown, connection) { observe(.notice($0)) }
        if named.isEmpty, !turn.mentions.globs.isEmpty, turn.files.isEmpty {
            let globs = printable(turn.mentions.globs.joined(separator: ", "))
            observe(.notice("nothing to show: no synced file matches \(globs)"))
        }
        if let budget = question.auto, connection.model != nil {
            try await pick(for: question, under: budget, shown: shown, into: &turn, connection, observe: observe)
        }
        try await settleVersions(of: &turn, shown: shown, under: rule, connection)
        for file in turn.replaced { observe(.notice("\(file)")) }
        turn.files.removeAll { file in question.dropped.contains(where: file.path.isWithin) }
        return turn
    }

    /// The paths that mentions stand for, those of the thread and of git among them.
    func namedPaths(
        _ mentions: ResolvedMentions,
        shown: [Manifest.ShownFile],
        notice: (String) -> Void
    ) async throws -> [WorkspacePath] {
        var paths = mentions.paths
        if mentions.wantsThread {
            if shown.isEmpty { notice("@thread: this thread was shown no file yet") }
            paths += Set(shown.map(\.path)).sorted()
        }
        if mentions.wantsGitChanges {
            let changed = try await gitChanges()
            if changed == nil { notice("@git:changed: not in a git repository; it stands for no file") }
            if changed?.isEmpty == true { notice("@git:changed: nothing differs from the last commit") }
            paths += changed ?? []
        }
        return paths
    }

    /// Says why named files are not shown; a file of the thread that is gone is shown as it was.
    private func tellUnshown(
        _ named: [WorkspacePath],
        _ shown: [Manifest.ShownFile],
        _ connection: Connection,
        notice: (String) -> Void
    ) async throws {
        let there = Set(shown.map(\.path))
        var byReason: [String: [WorkspacePath]] = [:]
        for path in named where !there.contains(path) && !shown.contains(where: { $0.path.isWithin(path) }) {
            byReason[try await why(path, account: connection.account.name).reason, default: []].append(path)
        }
        for (reason, paths) in byReason.sorted(by: { $0.value[0] < $1.value[0] }) {
            let others = paths.count > 1 ? " and \(paths.count - 1) more" : ""
            notice("\(paths[0])\(others): not shown: \(reason)")
        }
    }

    /// What `pin` names: files and folders by their paths in the workspace, the rest by globs.
    func pinnedFiles() -> (paths: [WorkspacePath], globs: [String]) {
        var paths: [WorkspacePath] = []
        var globs: [String] = []
        for rule in configuration.pinned {
            let isGlob = rule.pattern.contains { "*?[\\!".contains($0) }
            let name = rule.pattern.drop { $0 == "/" }
            if !isGlob, let path = WorkspacePath(name.hasSuffix("/") ? String(name.dropLast()) : String(name)) {
                if isThere(path) { paths.append(path) }
            } else {
                globs.append(rule.pattern)
            }
        }
        return (paths, globs)
    }

    /// Finds what has changed since the thread was shown it, and takes the version that the rule wants.
    private func settleVersions(
        of turn: inout FilesOfTurn,
        shown: [Manifest.ShownFile],
        under rule: VersionRule,
        _ connection: Connection
    ) async throws {
        guard !shown.isEmpty else { return }
        let scope = Scope(shown.map(\.path))
        var current: [WorkspacePath: ContentDigest] = [:]
        for file in try await manifest.known(in: scope) {
            if let linked = file.linked { current[file.path] = linked }
        }
        if rule == .pin {
            var options = SyncOptions()
            options.isDryRun = true
            let (_, plan) = try await makePlan(scope, for: connection, options: options, at: now()) { _ in }
            for (path, digest) in plan.actions.compactMap(\.linked) { current[path] = digest }
        }
        for (path, old, new) in replacements(of: shown, by: current) {
            turn.replaced.append(
                ReplacedFile(
                    path: path,
                    old: old,
                    new: new,
                    lines: try await changedLines(path, from: old, to: new),
                    isFollowed: rule == .follow
                )
            )
            turn.files.removeAll { $0.path == path }
            turn.files.append(Manifest.ShownFile(path: path, digest: rule == .follow ? new : old))
        }
        turn.files.sort { $0.path < $1.path }
    }

    private func changedLines(
        _ path: WorkspacePath,
        from old: ContentDigest,
        to new: ContentDigest
    ) async throws -> LineChanges? {
        let before = Manifest.ShownFile(path: path, digest: old)
        let after = Manifest.ShownFile(path: path, digest: new)
        // Of a version that is on the disk only, nothing is written down yet.
        guard try await media(of: before) == .text, (try? await media(of: after)) ?? .text == .text,
            let one = try? await bytes(of: before, upTo: .mebibytes(1)),
            let other = try? await bytes(of: after, upTo: .mebibytes(1))
        else { return nil }
        return lineChanges(from: one, to: other)
    }
}
