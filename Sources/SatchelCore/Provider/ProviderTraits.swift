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

    /// How a model learns what a shown file is called in the workspace.
    package enum PathCarrier: Hashable, Sendable {
        /// It does not: there are no files by id.
        case none
        /// A list of all paths behind the files, in their order.
        case listing
        /// A field of the file's own block.
        case title
        /// A text part before each file.
        case precedingText
    }

    /// How a listing goes on after its first page.
    package enum Pager: Hashable, Sendable {
        /// After the id of the last entry.
        case lastID
        /// With a token that the page brought.
        case token
        /// By the number of the page.
        case number
    }

    /// What a request can say so that its unchanged beginning is billed at the cached price.
    package enum Caching: Hashable, Sendable {
        /// Nothing: the provider does what it does.
        case automatic
        /// A steady key that routes to the same cache.
        case key
        /// Marks in the request, at most so many.
        case breakpoints(Int)
    }

    package var provider: ProviderID
    /// Whether what is stored there stays on this machine: then it is the place where contents that messages need are
    /// kept, and nothing about it belongs into the ledger of what has left.
    package var staysHere: Bool
    package var expiry: Expiry
    /// Per file; nil when there is no limit but the disk's.
    package var maxFileSize: ByteCount?
    /// Per picture, where that is less.
    package var maxImageSize: ByteCount?
    /// All files of one chat request together.
    package var maxRequestFiles: ByteCount?
    /// All files of the account together, where a figure is published.
    package var maxAccountFiles: ByteCount?
    package var acceptedMedia: Set<MediaType>
    /// Lower-case extensions of ZIP containers that are taken as the documents they are.
    package var acceptedContainers: Set<String>
    /// What cannot be referred to by id but can be put into a chat itself: it is not uploaded.
    package var inlinedMedia: Set<MediaType>
    package var naming: Naming
    /// Whether the id is ours to choose, so that one question answers whether a content is there.
    package var choosesIDs: Bool
    /// Whether a fresh copy may have to be waited for before it can be referred to.
    package var mayProcess: Bool
    /// Ids that one request can ask after.
    package var checkBatch: Int
    package var pager: Pager
    package var pathCarrier: PathCarrier
    package var caching: Caching
    /// Whether an uploaded file can be fetched back.
    package var canDownload: Bool
    /// Whether a chat can refer to a picture by id.
    package var canReferImages: Bool
    /// Whether a chat can refer to a document by id.
    package var canReferFiles: Bool
    /// Whether its models can be offered tools that run here; one that cannot refuses them.
    package var callsTools: Bool
    /// Uploads that run side by side unless the configuration says otherwise.
    package var parallelUploads: Int
    /// Contents handed over in one ``FileProvider/upload(_:)`` call; more than 1 only where that is cheaper.
    package var uploadBatch: Int
    /// Entries asked for per page of a listing.
    package var listPage: Int
    /// Published limits, unless the configuration says otherwise.
    package var limits: AccountLimits
    /// For one GiB stored for one day; nil where storage is free or has no published price.
    package var storagePrice: Dollars?

    package init(
        provider: ProviderID,
        staysHere: Bool = false,
        expiry: Expiry,
        maxFileSize: ByteCount?,
        maxImageSize: ByteCount? = nil,
        maxRequestFiles: ByteCount? = nil,
        maxAccountFiles: ByteCount? = nil,
        acceptedMedia: Set<MediaType>,
        acceptedContainers: Set<String> = [],
        inlinedMedia: Set<MediaType> = [],
        naming: Naming,
        choosesIDs: Bool = false,
        mayProcess: Bool = false,
        checkBatch: Int = 1,
        pager: Pager = .lastID,
        pathCarrier: PathCarrier = .listing,
        caching: Caching = .automatic,
        canDownload: Bool,
        canReferImages: Bool,
        canReferFiles: Bool,
        callsTools: Bool = false,
        parallelUploads: Int = 8,
        uploadBatch: Int = 1,
        listPage: Int = 1000,
        limits: AccountLimits = AccountLimits(),
        storagePrice: Dollars? = nil
    ) {
        self.provider = provider
        self.staysHere = staysHere
        self.expiry = expiry
        self.maxFileSize = maxFileSize
        self.maxImageSize = maxImageSize
        self.maxRequestFiles = maxRequestFiles
        self.maxAccountFiles = maxAccountFiles
        self.acceptedMedia = acceptedMedia
        self.acceptedContainers = acceptedContainers
        self.inlinedMedia = inlinedMedia
        self.naming = naming
        self.choosesIDs = choosesIDs
        self.mayProcess = mayProcess
        self.checkBatch = checkBatch
        self.pager = pager
        self.pathCarrier = pathCarrier
        self.caching = caching
        self.canDownload = canDownload
        self.canReferImages = canReferImages
        self.canReferFiles = canReferFiles
        self.callsTools = callsTools
        self.parallelUploads = parallelUploads
        self.uploadBatch = uploadBatch
        self.listPage = listPage
        self.limits = limits
        self.storagePrice = storagePrice
    }
}

extension ProviderTraits {
    /// Why the account does not hold this content; nil when it can.
    ///
    /// - Parameters:
    ///   - media: what the bytes are.
    ///   - size: bytes.
    ///   - path: its extension tells documents in ZIP containers from other archives; nothing else of it counts.
    /// - Returns: a reason that can be shown.
    package func refusal(of media: MediaType, size: Int64, at path: WorkspacePath) -> SkipReason? {
        if inlinedMedia.contains(media) { return .inlined(media) }
        if media == .empty, !acceptedMedia.contains(.empty) { return .empty }
        let isDocument = media == .zip && acceptedContainers.contains(path.fileExtension)
        guard isDocument || acceptedMedia.contains(media) else { return .unsupported(media) }
        if let limit = media.isImage ? maxImageSize ?? maxFileSize : maxFileSize, size > limit.bytes {
            return .tooLarge(limit: limit)
        }
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
