internal import FoundationEssentials
internal import SatchelCore
internal import SatchelManifest
internal import SatchelRemote
internal import SatchelWorkspace

extension Workspace {
    /// Ids for these exact contents, uploading again what has no copy, or one that ends soon.
    ///
    /// The bytes come from the workspace where the path still shows them, else from the local store. A content that the
    /// account does not take has no id in the answer.
    func ensureCopies(
        of files: [Manifest.ShownFile],
        in connection: Connection,
        observe: @escaping SyncObserver
    ) async throws -> [ContentDigest: RemoteFileID] {
        let wanted = Set(files.map(\.digest))
        let policy = policy(for: connection.account)
        let copies = try await manifest.copies(in: connection.id, of: wanted)
        var plan = Plan()
        var planned: Set<ContentDigest> = []
        for file in files where planned.insert(file.digest).inserted {
            if let copy = copies[file.digest], copy.state == .ready,
                copy.freshness(at: now(), margin: policy.safetyMargin) == .fresh
            {
                continue
            }
            let media = try await media(of: file)
            let size = try await size(of: file)
            guard connection.traits.refusal(of: media, size: size) == nil else { continue }
            let content = UploadedContent(digest: file.digest, size: size, media: media)
            plan.actions.append(.upload(file.path, content, because: .requested))
        }
        if !plan.actions.isEmpty {
            var report = SyncReport(
                account: connection.account.name,
                provider: connection.traits.provider,
                isDryRun: false
            )
            let shown = try await Set(manifest.known(in: .paths(files.map(\.path).sorted())))
            let current = Dictionary(shown.map { ($0.path, $0.linked) }, uniquingKeysWith: { first, _ in first })
            let executor = executor(for: connection, observe: observe) { [root, objects] path, digest in
                current[path] == digest && !objects.contains(digest)
                    ? FileSource(root: root, path: path) : objects.source(digest)
            }
            try await executor.apply(plan, to: &report)
            if let error = report.accountError { throw error }
            if let failure = report.failures.first {
                let name = failure.path?.description ?? "a file"
                throw ProviderError(.rejected, "\(name): \(failure.message)")
            }
        }
        return try await manifest.remoteIDs(of: wanted, in: connection.id)
    }

    /// Asks the provider about each id and forgets those that are gone; true when there were any.
    func dropVanished(_ ids: [RemoteFileID], in connection: Connection) async throws -> Bool {
        var found = false
        for id in ids where try await connection.provider.retrieve(id) == nil {
            try await manifest.markGone(id, in: connection.id, at: now())
            found = true
        }
        return found
    }

    /// Runs `work` to its end although the current task may be cancelled.
    func keepDespiteCancellation(_ work: @escaping @Sendable () async throws -> Void) async throws {
        try await Task { try await work() }.value
    }
}
