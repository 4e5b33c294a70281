package import SatchelCore

extension ProviderTraits {
    /// xAI, from its published specification, guides and SDK of 2026.
    ///
    /// The guides say 48 MB for a file, the reference 50 MB: the smaller one is safe. Documents are what can be
    /// searched as text; no list of extensions is published, so names stay as they are. A picture has no id in a chat:
    /// it goes along itself, as PNG or JPEG.
    package static let xAI = ProviderTraits(
        provider: .xai,
        expiry: .settable(3600...2_592_000),
        maxFileSize: ByteCount(48_000_000),
        acceptedMedia: [.text, .pdf],
        inlinedMedia: [.png, .jpeg],
        naming: .asIs,
        pager: .token,
        caching: .key,
        canDownload: true,
        canReferImages: false,
        canReferFiles: true,
        callsTools: true,
        listPage: 100,
        // $0.025 for a GiB and a day.
        storagePrice: Dollars(ticks: 250_000_000)
    )
}
