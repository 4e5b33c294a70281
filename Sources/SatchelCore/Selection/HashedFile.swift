/// A file whose bytes were just read: what the manifest is to remember of it.
package struct HashedFile: Hashable, Sendable {
    package var path: WorkspacePath
    package var fingerprint: Fingerprint
    package var digest: ContentDigest
    package var media: MediaType
    /// See ``Fingerprint/isRacy(hashedAt:granularity:)``.
    package var isRacy: Bool

    package init(
        path: WorkspacePath,
        fingerprint: Fingerprint,
        digest: ContentDigest,
        media: MediaType,
        isRacy: Bool
    ) {
        self.path = path
        self.fingerprint = fingerprint
        self.digest = digest
        self.media = media
        self.isRacy = isRacy
    }
}
