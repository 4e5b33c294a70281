package import SatchelCore

extension ProviderTraits {
    /// The Gemini API for developers, as of 2026.
    ///
    /// Every file lives 48 hours, whatever anybody wishes. Files may have 2 GB, a project 20 GB (`2^31` and
    /// `20 * 2^30` bytes as its refusals count them). Office files and GIF are taken by the Files API and refused by
    /// the models, so they stay out.
    package static let gemini = ProviderTraits(
        provider: .gemini,
        expiry: .fixed(172_800),
        maxFileSize: ByteCount(2_147_483_648),
        maxAccountFiles: ByteCount(21_474_836_480),
        acceptedMedia: [.text, .pdf, .png, .jpeg, .webp],
        naming: .asIs,
        choosesIDs: true,
        mayProcess: true,
        pager: .token,
        pathCarrier: .precedingText,
        canDownload: false,
        canReferImages: true,
        canReferFiles: true,
        callsTools: true,
        // What may be asked how often is not published; and an upload on its way holds up to 8 MiB in memory.
        parallelUploads: 4,
        listPage: 100
    )
}
