package import SatchelCore
internal import SatchelManifest

/// A file as a thread showed it last.
package struct ThreadFile: Hashable, Sendable {
    package var path: WorkspacePath
    package var digest: ContentDigest
    /// Estimated.
    package var tokens: Int
}

extension Workspace {
    /// The files that a thread was shown, each as it was shown last, in byte order.
    package func filesShown(in thread: Int64) async throws -> [ThreadFile] {
        let shown = try await manifest.messages(in: thread).flatMap(\.files)
        let last = Dictionary(shown.map { ($0.path, $0.digest) }, uniquingKeysWith: { $1 })
        var files: [ThreadFile] = []
        for (path, digest) in last.sorted(by: { $0.key < $1.key }) {
            let size = try await manifest.size(of: digest)
            files.append(ThreadFile(path: path, digest: digest, tokens: estimatedTokens(ofBytes: size)))
        }
        return files
    }

    /// About how many tokens the files within these paths are, as far as they are remembered.
    package func tokens(in paths: [WorkspacePath]) async throws -> Int {
        guard !paths.isEmpty else { return 0 }
        return try await manifest.known(in: Scope(paths)).reduce(0) {
            $0 + estimatedTokens(ofBytes: $1.fingerprint.size)
        }
    }

    /// A thread that begins like this one and ends before its last question; nil when nothing comes before that.
    package func forkBeforeLastQuestion(_ thread: Int64) async throws -> Int64? {
        let messages = try await transcript(of: thread)
        guard let last = messages.last(where: { $0.role == .user }), last.position > 1 else { return nil }
        return try await fork(thread: thread, upTo: last.position - 1)
    }
}

extension Connection {
    /// The same account with another model; nil when it answers without one.
    package func answering(with name: String) -> Connection? {
        guard model != nil else { return nil }
        var other = self
        other.modelName = name
        return other
    }
}
