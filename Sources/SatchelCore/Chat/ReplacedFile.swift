/// A file of a thread that is not any more what the thread was shown.
package struct ReplacedFile: Hashable, Sendable {
    package var path: WorkspacePath
    /// What the thread was shown last.
    package var old: ContentDigest
    /// What stands on the disk now.
    package var new: ContentDigest
    /// Nil where they are no texts, too large, or too different to be counted.
    package var lines: LineChanges?
    /// Whether the question shows the new version.
    package var isFollowed: Bool

    package init(
        path: WorkspacePath,
        old: ContentDigest,
        new: ContentDigest,
        lines: LineChanges?,
        isFollowed: Bool
    ) {
        self.path = path
        self.old = old
        self.new = new
        self.lines = lines
        self.isFollowed = isFollowed
    }
}

extension ReplacedFile: CustomStringConvertible {
    /// `README.md replaced: 3f2a→9c01, +12/−3 lines`.
    package var description: String {
        let versions = "\(old.prefix(4))→\(new.prefix(4))"
        let counted = lines.map { ", +\($0.added)/−\($0.removed) lines" } ?? ""
        return isFollowed
            ? "\(path) replaced: \(versions)\(counted)"
            : "\(path) has changed: \(versions)\(counted); this thread keeps to the version it was shown (--follow)"
    }
}

/// Which version of a file a thread goes on with when the file has changed since it was shown.
package enum VersionRule: String, Hashable, Sendable, CaseIterable {
    /// The new one is shown.
    case follow
    /// The thread keeps to what it was shown.
    case pin
}

/// Compares what a thread was shown with what stands for the same paths now.
///
/// - Parameters:
///   - earlier: what the thread was shown, in the order in which it was.
///   - current: what the paths stand for now.
/// - Returns: each path whose last shown version is not the current one, in byte order.
package func replacements(
    of earlier: [ShownFile],
    by current: [WorkspacePath: ContentDigest]
) -> [(path: WorkspacePath, old: ContentDigest, new: ContentDigest)] {
    let last = Dictionary(earlier.map { ($0.path, $0.digest) }, uniquingKeysWith: { $1 })
    return last.compactMap { path, old in
        guard let new = current[path], new != old else { return nil }
        return (path, old, new)
    }.sorted { $0.path < $1.path }
}
