internal import FoundationEssentials
internal import SatchelCore
internal import SatchelManifest
internal import SatchelRemote
internal import SatchelWorkspace

extension Workspace {
    /// Ids for these exact contents, uploading again what has no copy, or one that is gone or ends soon.
    ///
    /// Each copy is asked after first; see ``preflight(_:in:)``.
    ///
    /// The bytes come from the workspace where the path still shows them, else from the local store. A content that the
    /// account does not take has no id in the answer.
    func ensureCopies(
        of files: [Manifest.ShownFile],
        in connection: Connection,
        notice: @escaping @Sendable (String) -> Void,
        observe: @escaping SyncObserver
    ) async throws -> (ids: [ContentDigest: RemoteFileID], lost: [Manifest.ShownFile], gone: Int) {
        let wanted = Set(files.map(\.digest))
        try await leaseForSession(wanted, in: connection)
        let preflight = try await preflight(wanted, in: connection)
        var plan = Plan()
        var planned: Set<ContentDigest> = []
        let known = try await manifest.known(in: Scope(files.map(\.path)))
        let current = Dictionary(known.map { ($0.path, $0.linked) }, uniquingKeysWith: { first, _ in first })
        let unstored = try await unstored(among: files)
        var lost: [Manifest.ShownFile] = []
        for file in files where planned.insert(file.digest).inserted {
            if preflight.usable.contains(file.digest) { continue }
            guard !unstored.contains(file.digest) || current[file.path] == file.digest else {
                lost.append(file)
                continue
            }
            let media = try await media(of: file)
            let size = try await size(of: file)
            guard connection.traits.refusal(of: media, size: size, at: file.path) == nil else { continue }
            let content = UploadedContent(digest: file.digest, size: size, media: media)
            plan.actions.append(.upload(file.path, content, because: .requested))
        }
        if !plan.actions.isEmpty, isGated(connection.traits) {
            let leaving = files.filter { file in
                plan.actions.contains {
                    if case .upload(_, let content, _) = $0 { content.digest == file.digest } else { false }
                }
            }
            try await stopAtSecrets(in: leaving) { [root, objects] file in
                unstored.contains(file.digest) ? FileSource(root: root, path: file.path) : objects.source(file.digest)
            } notice: {
                notice($0)
            }
        }
        if !plan.actions.isEmpty {
            var report = SyncReport(
                account: connection.account.name,
                provider: connection.traits.provider,
                isDryRun: false
            )
            let executor = executor(for: connection, observe: observe) { [root, objects] path, digest in
                unstored.contains(digest)
                    ? FileSource(root: root, path: path) : objects.source(digest)
            }
            plan.actions = try await makeRoom(
                for: plan.actions,
                in: connection,
                keeping: wanted,
                evictsLinked: true,
                report: &report,
                observe: observe
            )
            try await executor.apply(plan, to: &report)
            if let error = report.accountError { throw error }
            if let failure = report.failures.first {
                let name = failure.path?.description ?? "a file"
                throw ProviderError(.rejected, "\(name): \(failure.message)")
            }
        }
        return (try await manifest.remoteIDs(of: wanted, in: connection.id), lost, preflight.gone)
    }

    /// Asks the provider about each id and forgets those that are gone; true when there were any.
    func dropVanished(_ ids: [RemoteFileID], in connection: Connection) async throws -> Bool {
        let living = Set(try await connection.provider.retrieve(ids).map(\.id))
        let gone = ids.filter { !living.contains($0) }
        for id in gone { try await manifest.markGone(id, in: connection.id, at: now()) }
        return !gone.isEmpty
    }

    /// Runs `work` to its end although the current task may be cancelled.
    func keepDespiteCancellation(_ work: @escaping @Sendable () async throws -> Void) async throws {
        try await Task { try await work() }.value
    }
}
