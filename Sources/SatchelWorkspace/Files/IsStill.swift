package import SatchelCore

/// Whether a file has a content and has not been touched since a moment; blocking.
///
/// - Parameters:
///   - digest: of the content.
///   - path: the file.
///   - root: the absolute path of the workspace.
///   - changed: its time of change, in nanoseconds since 1970: what writes to it, or gives it another time, moves that.
///   - hashing: for its digest now.
/// - Returns: true when it is a regular file with that content and that time.
package func isStill(
    _ digest: ContentDigest,
    at path: WorkspacePath,
    in root: String,
    since changed: Int64,
    hashing: any Hashing
) -> Bool {
    guard let folder = try? OpenFolder(at: root) else { return false }
    let reader = ContentReader(root: folder, limit: ByteCount(.max), hashing: hashing)
    guard case .hashed(let fingerprint, let found, _) = reader.read(path) else { return false }
    return found == digest && fingerprint.changed == changed
}
