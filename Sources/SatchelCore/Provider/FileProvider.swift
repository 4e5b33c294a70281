package import FoundationEssentials

/// A place for remote copies: one account of one provider.
///
/// Every method may be called from many tasks at once. None of them retries by itself beyond what its documentation
/// says, and none blocks the cooperative pool.
package protocol FileProvider: Sendable {
    var traits: ProviderTraits { get }

    /// The time by the provider's own clock, as its latest answer told it; nil until there was one.
    ///
    /// Expiries are by that clock, and ours may be wrong by any amount.
    var serverTime: Date? { get }

    /// Uploads each content, in any order, and answers in the order of `batch`, one result per element.
    ///
    /// The digest is computed again over the bytes that went out; when it is not the one that was asked for, the copy
    /// is deleted again and the result is `.failure` with kind `.changed`; where it may be there still, because the
    /// answer or the delete was lost, ``ProviderError/leftAnother`` is set. A copy is `ready` only when the provider
    /// says that it can be referred to.
    func upload(_ batch: [Upload]) async -> [Result<RemoteFile, ProviderError>]

    /// One page of what the account holds, oldest first where the provider can sort.
    func list(after cursor: String?) async throws(ProviderError) -> RemotePage

    /// Nil when the provider says that there is no such file (any more).
    func retrieve(_ id: RemoteFileID) async throws(ProviderError) -> RemoteFile?

    /// Those of `ids` that are there, in any order.
    func retrieve(_ ids: [RemoteFileID]) async throws(ProviderError) -> [RemoteFile]

    /// Succeeds when the file is gone, also when it was gone before.
    func delete(_ id: RemoteFileID) async throws(ProviderError)

    /// The bytes of an uploaded file, where ``ProviderTraits/canDownload``; kind `.unsupported` elsewhere.
    func download(_ id: RemoteFileID, upTo limit: ByteCount) async throws(ProviderError) -> [UInt8]

    /// A live copy that an earlier upload left under this name, newest first; nil when there is none.
    ///
    /// The name belongs to one upload, so a match of name and size is what that upload left. Used after an answer was
    /// lost, before anything is sent twice.
    func find(uploadName: String, size: Int64, createdAfter: Date) async throws(ProviderError) -> RemoteFile?

    /// A live copy that an earlier try of this upload left; nil when there is none.
    ///
    /// By its upload name, unless the provider knows a better way.
    func find(_ upload: Upload, createdAfter: Date) async throws(ProviderError) -> RemoteFile?

    /// Asks the address what it offers, with one small request.
    ///
    /// - Throws: what is neither a yes nor a no: no connection, a fault on their side.
    func probe() async throws(ProviderError) -> FilesAbility
}

extension FileProvider {
    package var serverTime: Date? { nil }

    /// One after the other, for providers that have no question about several.
    package func retrieve(_ ids: [RemoteFileID]) async throws(ProviderError) -> [RemoteFile] {
        var found: [RemoteFile] = []
        for id in ids {
            if let file = try await retrieve(id) { found.append(file) }
        }
        return found
    }

    package func find(_ upload: Upload, createdAfter: Date) async throws(ProviderError) -> RemoteFile? {
        try await find(uploadName: upload.name, size: upload.size, createdAfter: createdAfter)
    }

    package func probe() async throws(ProviderError) -> FilesAbility {
        do throws(ProviderError) {
            _ = try await list(after: nil)
            return .hasFiles
        } catch {
            guard let ability = FilesAbility(error) else { throw error }
            return ability
        }
    }
}

/// What an address offers.
package enum FilesAbility: Hashable, Sendable {
    case hasFiles
    case noFiles
    case needsKey

    /// What a refused listing says about it; nil when it says nothing.
    package init?(_ error: ProviderError) {
        switch error.kind {
        case .unsupported: self = .noFiles
        case .unauthorised: self = .needsKey
        // A web page or somebody else's JSON with status 200: not a Files API either.
        case .badReply where error.status.map { (200..<300).contains($0) } == true: self = .noFiles
        default: return nil
        }
    }
}

/// One content on its way to an account.
package struct Upload: Sendable {
    package var digest: ContentDigest
    /// Bytes.
    package var size: Int64
    package var media: MediaType
    /// Made for this upload by ``uploadLabel(for:digest:media:traits:mark:)``.
    package var name: String
    /// `Content-Type` of the file part.
    package var mime: String
    /// Seconds to ask for; nil for none.
    package var expiresAfter: Int64?
    package var source: any UploadSource

    /// Bytes up to which a file is read whole before anything is sent.
    ///
    /// That is cheaper than streaming it, and a file that changed is found out before it costs a request. So a copy of
    /// one that small is what it was to be.
    package static let wholeLimit: Int64 = 64 << 10

    package init(
        digest: ContentDigest,
        size: Int64,
        media: MediaType,
        name: String,
        mime: String,
        expiresAfter: Int64?,
        source: any UploadSource
    ) {
        self.digest = digest
        self.size = size
        self.media = media
        self.name = name
        self.mime = mime
        self.expiresAfter = expiresAfter
        self.source = source
    }
}

/// Where the bytes of an upload come from: opened when its turn comes, read once, front to back.
package protocol UploadSource: Sendable {
    /// Opens the bytes without following a link; blocking, so never on the cooperative pool.
    func open() throws(SourceError) -> any UploadReader
}

/// An open source.
///
/// Used by one thread at a time; closed when it is released.
package protocol UploadReader: AnyObject {
    /// Bytes when it was opened.
    var size: Int64 { get }
    /// Fills `buffer` and returns how much, 0 at the end.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(SourceError) -> Int
    /// Back to the first byte: a dead connection that is opened again sends from the start.
    func rewind() throws(SourceError)
    /// True when the file is still the one that was opened (size, times and inode), asked after the last byte.
    func isUnchanged() -> Bool
    /// The open file whose bytes these are, all of them from its front; nil when they are not those of one file.
    ///
    /// For who can share the file's blocks instead of copying them; it stays the reader's.
    var descriptor: Int32? { get }
}

extension UploadReader {
    package var descriptor: Int32? { nil }
}

/// Why bytes could not be read, as a sentence part: `cannot be read: permission denied`.
package struct SourceError: Error, Hashable, Sendable {
    package var kind: Trouble.Kind
    package var message: String

    package init(_ kind: Trouble.Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }
}

/// A file as its provider describes it.
package struct RemoteFile: Hashable, Sendable {
    /// Whether it can be referred to; a failure with the provider's words.
    package enum State: Hashable, Sendable {
        case processing
        case ready
        case failed(String)
    }

    package var id: RemoteFileID
    /// As the provider stored it, which may differ from what was sent.
    package var name: String
    /// Bytes; nil when the provider does not say.
    package var size: Int64?
    package var createdAt: Date?
    package var expiresAt: Date?
    package var state: State
    package var purpose: String?
    /// Of its bytes, where the provider tells it.
    package var digest: ContentDigest?

    package init(
        id: RemoteFileID,
        name: String,
        size: Int64?,
        createdAt: Date? = nil,
        expiresAt: Date? = nil,
        state: State = .ready,
        purpose: String? = nil,
        digest: ContentDigest? = nil
    ) {
        self.id = id
        self.name = name
        self.size = size.flatMap { (0...Self.largest).contains($0) ? $0 : nil }
        self.createdAt = createdAt.map(Self.bounded)
        self.expiresAt = expiresAt.map(Self.bounded)
        self.state = state
        self.purpose = purpose
        self.digest = digest
    }

    /// What a server says beyond it, or below nothing, is no size: 9 PB are more than any file has.
    private static let largest: Int64 = 1 << 53

    /// From 1970 to the end of the year 9999: a server may say any instant.
    private static func bounded(_ date: Date) -> Date {
        Date(timeIntervalSince1970: min(max(date.timeIntervalSince1970, 0), 253_402_300_799))
    }
}

/// A page of a listing.
package struct RemotePage: Sendable {
    package var files: [RemoteFile]
    /// Hand it to the next call; nil at the end.
    package var next: String?

    package init(files: [RemoteFile], next: String?) {
        self.files = files
        self.next = next
    }
}
