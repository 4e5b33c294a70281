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
    private var failure: ManifestError?

    private static let mostUnwritten = 256
    private static let gathering: Duration = .milliseconds(2)

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
        if writing == nil { startWriting() }
        while ends.count > Self.mostUnwritten, let writing { await writing.value }
    }

    /// Returns when everything is written.
    func finish() async throws {
        while let writing { await writing.value }
        if let failure { throw failure }
    }

    private func startWriting() {
        writing = Task {
            while !ends.isEmpty, failure == nil {
                // A transaction costs as much as several small uploads: wait a moment for those that end together.
                try? await Task.sleep(for: Self.gathering)
                let (someEnds, someLinks) = (ends, links)
                ends = []
                links = []
                do throws(ManifestError) {
                    try await manifest.finishUploads(someEnds, linking: someLinks, at: now())
                } catch {
                    failure = error
                }
            }
            writing = nil
        }
    }
}
