package import SatchelCore

extension ProviderTraits {
    /// Mistral as of 2026: documents and pictures are stored and read by another model, text is not taken at all.
    ///
    /// Files live 30 days ("known limitations" of its documentation). 512 MB could be stored, but documents are read
    /// up to 50 MB; for pictures one page says 10 MB and another 20, and less is safe. The Files API refuses by media
    /// type: text, code, CSV, spreadsheets and archives are not on its list.
    package static let mistral = ProviderTraits(
        provider: .mistral,
        expiry: .fixed(mistralRetention),
        maxFileSize: ByteCount(50_000_000),
        maxImageSize: ByteCount(10_000_000),
        acceptedMedia: [.pdf, .png, .jpeg, .gif, .webp],
        acceptedContainers: ["docx", "pptx", "odt", "epub"],
        inlinedMedia: [.text],
        // No text goes there; pictures and PDF get the extension of their bytes, which the signed URL repeats.
        naming: .textExtension(accepted: []),
        pager: .number,
        pathCarrier: .title,
        caching: .key,
        canDownload: true,
        canReferImages: true,
        canReferFiles: true,
        callsTools: true,
        // Requests per second are limited, on small plans to a few.
        parallelUploads: 4,
        listPage: 100
    )
}

/// Seconds that Mistral keeps an uploaded file.
let mistralRetention: Int64 = 2_592_000
