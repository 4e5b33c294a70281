package import SatchelCore

extension ProviderTraits {
    /// OpenAI itself, as of 2026.
    ///
    /// 512 MB could be stored, but a chat takes no file above 50 MB and no more than 50 MB in all.
    package static let openAI = ProviderTraits(
        provider: .openai,
        expiry: .settable(3600...2_592_000),
        maxFileSize: ByteCount(50_000_000),
        maxRequestFiles: ByteCount(50_000_000),
        maxAccountFiles: ByteCount(2_500_000_000_000),
        acceptedMedia: openAIMedia,
        acceptedContainers: ["docx", "odt", "pptx", "xlsx"],
        naming: .textExtension(accepted: openAIExtensions),
        caching: .key,
        canDownload: false,
        canReferImages: true,
        canReferFiles: true,
        callsTools: true,
        // 1,000 uploads a minute and user.
        limits: AccountLimits(uploadsPerMinute: 1000)
    )

    /// Servers that took over the wire format: the same, without OpenAI's own limits and refusals.
    package static let openAICompatible = ProviderTraits(
        provider: .openaiCompatible,
        expiry: .settable(3600...2_592_000),
        // What OGX takes; others say so themselves with 413.
        maxFileSize: ByteCount.mebibytes(100),
        acceptedMedia: openAIMedia,
        naming: .textExtension(accepted: openAIExtensions),
        caching: .key,
        canDownload: true,
        canReferImages: true,
        canReferFiles: true,
        callsTools: true,
        // Some refuse more than 100.
        listPage: 100
    )

    private static let openAIMedia: Set<MediaType> = [.text, .utf16, .png, .jpeg, .gif, .webp, .pdf]

    /// Taken both by the published list of extensions and by the list in OpenAI's refusals, which differ.
    private static let openAIExtensions: Set<String> = [
        "pdf", "doc", "docx", "odt", "rtf", "ppt", "pptx", "xls", "xlsx", "csv", "tsv", "bat", "c", "css", "eml", "h",
        "htm", "html", "ics", "js", "json", "ksh", "markdown", "md", "mht", "mhtml", "mjs", "pl", "py", "rst", "srt",
        "text", "txt", "vcf", "vtt", "xml",
    ]
}
