package import SatchelCore

extension ProviderTraits {
    /// Anthropic, as of its API version 2026-10-21 (guides and SDK 2.11).
    ///
    /// 500 MB could be stored, but a message takes 32 MB, the files it refers to included. Everything else than PDF,
    /// UTF-8 text and pictures can only be handed to its code execution, which Satchel does not use.
    package static let anthropic = ProviderTraits(
        provider: .anthropic,
        expiry: .settable(3600...7_776_000),
        maxFileSize: ByteCount(32_000_000),
        // 10 MB as base64, which is how the published limit counts.
        maxImageSize: ByteCount(7_500_000),
        maxRequestFiles: ByteCount(32_000_000),
        maxAccountFiles: ByteCount(1_000_000_000_000),
        acceptedMedia: [.text, .png, .jpeg, .gif, .webp, .pdf],
        naming: .asIs,
        checkBatch: 100,
        pager: .token,
        pathCarrier: .title,
        caching: .breakpoints(4),
        // Only what its own tools made can be fetched back.
        canDownload: false,
        canReferImages: true,
        canReferFiles: true,
        callsTools: true,
        // About 500 requests for files a minute are allowed: more at once only meets that limit sooner.
        parallelUploads: 4,
        listPage: 1000,
        limits: AccountLimits(requestsPerMinute: 500)
    )
}
