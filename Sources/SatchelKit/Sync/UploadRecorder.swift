internal import FoundationEssentials
internal import SatchelCore
internal import SatchelManifest

/// Writes the ends of uploads to the manifest as they happen, as many per transaction as came in meanwhile.
///
/// An upload whose end is not written yet is an `uploading` row: after a crash it is looked for by name and adopted, so
/// nothing is lost by writing a little later. What comes in is bounded: callers wait while too much is unwritten.
actor UploadRecorder {
    private let manifest: Manifest
    private let now: @Sendable () -> Date
    private var ends: [Manifest.UploadEnd] = []
    private var links: [(path: WorkspacePath, digest: ContentDigest)] = []
    private var writing: Task<Void, Never>?
    private var nap: Task<Void, Never>?
    private var isFinishing = false
    /// When the links were last written.
    private var linkedAt = ContinuousClock.now
    private var failure: ManifestError?

    private static let mostUnwritten = 512
    private static let enough = 256
    private static let gathering: Duration = .milliseconds(50)

    // Links are in the order of digests, their rows in that of paths: few at a time would write every page of the table
    // again and again. What a link waits for is a `ready` row, which alone keeps the content from being sent again.
    private static let enoughLinks = 2048
    private static let oldestLink: Duration = .seconds(1)

    init(manifest: Manifest, now: @escaping @Sendable () -> Date) {
        self.manifest = manifest
        self.now = now
    }

    /// Takes the ends of uploads that were sent together, and the paths that stand for their contents from now on.
    ///
    /// - Throws: what an earlier write met; nothing is taken any more then.
    func record(
        _ some: [Manifest.UploadEnd],
        linking paths: [(path: WorkspacePath, digest: ContentDigest)]
    ) async throws {
        if let failure { throw failure }
        ends += some
        links += paths
        if writing == nil { startWriting() } else if ends.count >= Self.enough { nap?.cancel() }
        while ends.count > Self.mostUnwritten, let writing { await writing.value }
    }

    /// Returns when everything is written.
    func finish() async throws {
        isFinishing = true
        nap?.cancel()
        if writing == nil, !links.isEmpty { startWriting() }
        while let writing { await writing.value }
        if let failure { throw failure }
    }

    private func startWriting() {
        writing = Task {
            while !ends.isEmpty || (isFinishing && !links.isEmpty), failure == nil {
                await gather()
                let (someEnds, someLinks) = (ends, ripeLinks())
                ends = []
                do throws(ManifestError) {
                    try await manifest.finishUploads(someEnds, linking: someLinks, at: now())
                } catch {
                    failure = error
                }
            }
            writing = nil
        }
    }

    /// Waits a moment for those that end together: a transaction costs as much as several small uploads.
    private func gather() async {
        guard !isFinishing, ends.count < Self.enough else { return }
        let nap = Task { _ = try? await Task.sleep(for: Self.gathering) }
        self.nap = nap
        await nap.value
        self.nap = nil
    }

    private func ripeLinks() -> [(path: WorkspacePath, digest: ContentDigest)] {
        let isDue = isFinishing || links.count >= Self.enoughLinks || .now - linkedAt >= Self.oldestLink
        guard isDue else { return [] }
        defer { links = [] }
        linkedAt = .now
        return links
    }
}
