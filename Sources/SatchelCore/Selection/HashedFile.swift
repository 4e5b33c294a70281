/// A file that was just read from end to end: what the manifest is to remember of it.
package struct HashedFile: Hashable, Sendable {
    package var path: WorkspacePath
    /// As of the reading: the same before its first and after its last byte.
    package var fingerprint: Fingerprint
    package var digest: ContentDigest
    package var media: MediaType
    /// Touched so shortly before it was read that its fingerprint is not to be trusted next time.
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
