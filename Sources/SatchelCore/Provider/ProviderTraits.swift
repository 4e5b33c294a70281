/// What a provider can do and where its limits are: data, so that nothing outside its own file asks for its name.
package struct ProviderTraits: Hashable, Sendable {
    /// How remote copies end.
    package enum Expiry: Hashable, Sendable {
        /// Copies stay until they are deleted.
        case none
        /// The upload may ask for a time to live within this range of seconds.
        case settable(ClosedRange<Int64>)
        /// Every copy lives exactly so many seconds.
        case fixed(Int64)
    }

    /// How the provider takes names.
    package enum Naming: Hashable, Sendable {
        /// The name's extension is kept as it is.
        case asIs
        /// The stored extension decides the type: text whose lower-case extension is not in the set gets `.txt` appended.
        case textExtension(accepted: Set<String>)
    }

    package var provider: ProviderID
    package var expiry: Expiry
    /// Per file; nil when there is no limit but the disk's.
    package var maxFileSize: ByteCount?
    /// All files of one chat request together.
    package var maxRequestFiles: ByteCount?
    package var acceptedMedia: Set<MediaType>
    package var naming: Naming
    /// Whether an uploaded file can be fetched back.
    package var canDownload: Bool
    /// Whether a chat can refer to a picture by id.
    package var canReferImages: Bool
    /// Whether a chat can refer to a document by id.
    package var canReferFiles: Bool
    /// Uploads that run side by side unless the configuration says otherwise.
    package var parallelUploads: Int
    /// Contents handed over in one ``FileProvider/upload(_:)`` call; more than 1 only where that is cheaper.
    package var uploadBatch: Int
    /// Entries asked for per page of a listing.
    package var listPage: Int

    package init(
        provider: ProviderID,
        expiry: Expiry,
        maxFileSize: ByteCount?,
        maxRequestFiles: ByteCount? = nil,
        acceptedMedia: Set<MediaType>,
        naming: Naming,
        canDownload: Bool,
        canReferImages: Bool,
        canReferFiles: Bool,
        parallelUploads: Int = 8,
        uploadBatch: Int = 1,
        listPage: Int = 1000
    ) {
        self.provider = provider
        self.expiry = expiry
        self.maxFileSize = maxFileSize
        self.maxRequestFiles = maxRequestFiles
        self.acceptedMedia = acceptedMedia
        self.naming = naming
        self.canDownload = canDownload
        self.canReferImages = canReferImages
        self.canReferFiles = canReferFiles
        self.parallelUploads = parallelUploads
        self.uploadBatch = uploadBatch
        self.listPage = listPage
    }
}

extension ProviderTraits {
    /// Why the account cannot hold this content; nil when it can.
    package func refusal(of media: MediaType, size: Int64) -> SkipReason? {
        if let limit = maxFileSize, size > limit.bytes { return .tooLarge(limit: limit) }
        if media == .empty, !acceptedMedia.contains(.empty) { return .empty }
        if !acceptedMedia.contains(media) { return .unsupported(media) }
        return nil
    }

    /// The seconds to ask the provider for; nil when it takes no such wish or the copy is to stay.
    package func nativeExpiry(for ttl: TimeToLive) -> Int64? {
        guard case .settable(let range) = expiry else { return nil }
        switch ttl {
        case .never: return nil
        case .session: return range.lowerBound
        case .seconds(let seconds): return min(max(seconds, range.lowerBound), range.upperBound)
        }
    }
}
