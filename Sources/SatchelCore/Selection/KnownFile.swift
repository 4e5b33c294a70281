/// What the manifest remembers of one path.
package struct KnownFile: Hashable, Sendable {
    package var path: WorkspacePath
    /// As of the last time it was hashed.
    package var fingerprint: Fingerprint
    /// The digest that belongs to ``fingerprint``.
    package var digest: ContentDigest
    package var media: MediaType
    /// Hashed so soon after it was touched that a later edit could have the same fingerprint: hash it again.
    package var isRacy: Bool
    /// The content this path stands for in the remote copies: follows ``digest`` only once that is uploaded, so that
    /// the old copy keeps its reference until the new one is safe.
    ///
    /// Nil while nothing was uploaded.
    package var linked: ContentDigest?

    package init(
        path: WorkspacePath,
        fingerprint: Fingerprint,
        digest: ContentDigest,
        media: MediaType,
        isRacy: Bool,
        linked: ContentDigest?
    ) {
        self.path = path
        self.fingerprint = fingerprint
        self.digest = digest
        self.media = media
        self.isRacy = isRacy
        self.linked = linked
    }
}
