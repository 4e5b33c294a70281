/// What the manifest remembers of one path.
package struct KnownFile: Hashable, Sendable {
    package var path: WorkspacePath
    /// As of the last time it was hashed.
    package var fingerprint: Fingerprint
    /// The digest that belongs to ``fingerprint``.
    package let digest: ContentDigest
    package var media: MediaType
    /// Hashed so soon after it was touched that a later edit could have the same fingerprint: hash it again.
    package var isRacy: Bool
    /// The content this path stands for in the remote copies: follows ``digest`` only once that is uploaded, so that
    /// the old copy keeps its reference until the new one is safe.
    ///
    /// Nil while nothing was uploaded.
    package var linked: ContentDigest? {
        get {
            switch link {
            case .nothing: nil
            case .same: digest
            case .other(let digest): digest
            }
        }
        set { link = Link(newValue, beside: digest) }
    }

    /// Nearly always the same digest again: a hundred thousand of these need not be kept twice.
    private indirect enum Link: Hashable, Sendable {
        case nothing
        case same
        case other(ContentDigest)

        init(_ linked: ContentDigest?, beside digest: ContentDigest) {
            guard let linked else {
                self = .nothing
                return
            }
            self = linked == digest ? .same : .other(linked)
        }
    }

    private var link: Link

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
        link = Link(linked, beside: digest)
    }
}
