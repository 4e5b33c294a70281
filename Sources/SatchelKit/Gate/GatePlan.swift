internal import SatchelCore
internal import SatchelWorkspace

extension Workspace {
    /// A plan in which nothing that holds a secret leaves this machine.
    ///
    /// - Parameters:
    ///   - snapshot: what the plan is of; files that could not be looked at become troubles of it.
    ///   - traits: of the account.
    ///   - remembers: whether findings may be written down.
    ///   - decide: makes the plan, given contents that must not be sent.
    /// - Returns: the plan.
    /// - Throws: ``ManifestError``, `CancellationError`.
    func gated(
        _ snapshot: inout Snapshot,
        traits: ProviderTraits,
        remembers: Bool,
        decide: (Snapshot, [ContentDigest: [SecretFinding]]) -> Plan
    ) async throws -> Plan {
        var plan = decide(snapshot, [:])
        guard isGated(traits) else { return plan }
        let files = FileSources(root: root)
        // Once more for each path that could not be read: another with the same bytes may then be sent instead.
        while true {
            let verdict = try await inspect(plan.leaving(from: files), remembers: remembers)
            if verdict.isClear { return plan }
            if configuration.gate.mode == .warn {
                plan.warned = plan.warnings(verdict.secrets)
                if verdict.unread.isEmpty { return plan }
            }
            let unread = plan.uploadPaths.filter { verdict.unread[$0.digest] != nil }
            for (path, digest) in unread {
                guard let error = verdict.unread[digest] else { continue }
                snapshot.files.removeAll { $0.path == path }
                snapshot.troubles.append(Trouble(path: path, kind: error.kind, message: error.message))
            }
            plan = decide(snapshot, configuration.gate.mode == .block ? verdict.secrets : [:])
            if unread.isEmpty { return plan }
        }
    }
}

extension Plan {
    fileprivate var uploadPaths: [(path: WorkspacePath, digest: ContentDigest)] {
        actions.compactMap { action in
            if case .upload(let path, let content, _) = action { (path, content.digest) } else { nil }
        }
    }

    fileprivate func leaving(from files: FileSources) -> [LeavingContent] {
        uploadPaths.map { LeavingContent(path: $0.path, digest: $0.digest, source: files[$0.path]) }
    }

    fileprivate func warnings(_ secrets: [ContentDigest: [SecretFinding]]) -> [Snapshot.Skipped] {
        uploadPaths.compactMap { path, digest in
            secrets[digest].map { Snapshot.Skipped(path: path, isFolder: false, reason: .secret($0)) }
        }
    }
}
