import FoundationEssentials
import SatchelCore

/// A file as OpenAI's wire format describes it, read with patience: only the id must be there.
struct FileObject: Decodable, Hashable {
    var id: String
    var name: String
    /// Bytes.
    var size: Int64?
    /// Seconds since 1970.
    var createdAt: Int64?
    /// Seconds since 1970; nil for never.
    var expiresAt: Int64?
    var purpose: String?
    var status: String?
    var details: String?

    private enum Keys: String, CodingKey {
        case id, filename, bytes, purpose, status
        case createdAt = "created_at"
        case expiresAt = "expires_at"
        case details = "status_details"
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Keys.self)
        id = try container.decode(String.self, forKey: .id)
        name = container.lenient(String.self, .filename) ?? ""
        size = container.lenientNumber(.bytes)
        createdAt = container.lenientNumber(.createdAt)
        expiresAt = container.lenientNumber(.expiresAt).flatMap { $0 > 0 ? $0 : nil }
        purpose = container.lenient(String.self, .purpose)
        status = container.lenient(String.self, .status)
        details = container.lenient(String.self, .details)
    }

    /// Nil when the id is empty.
    var remoteFile: RemoteFile? {
        guard let id = RemoteFileID(id) else { return nil }
        return RemoteFile(
            id: id,
            name: name,
            size: size,
            createdAt: createdAt.map { Date(timeIntervalSince1970: Double($0)) },
            expiresAt: expiresAt.map { Date(timeIntervalSince1970: Double($0)) },
            state: state,
            purpose: purpose
        )
    }

    /// OpenAI calls the field deprecated and takes `uploaded` files; only what says no in so many words is not ready.
    private var state: RemoteFile.State {
        switch status {
        case "error", "failed":
            .failed(details.map { String(printable($0).prefix(200)) } ?? "the provider gives no reason")
        case "pending", "processing", "in_progress": .processing
        default: .ready
        }
    }
}

/// A page of `GET /files`.
struct FileListReply: Decodable {
    var files: [FileObject]
    var hasMore: Bool?
    /// xAI's way to the next page; nil when it is empty.
    var token: String?

    private enum Keys: String, CodingKey {
        case data
        case hasMore = "has_more"
        case token = "pagination_token"
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Keys.self)
        files = try container.readable([FileObject].self, .data)
        hasMore = container.lenient(Bool.self, .hasMore)
        token = container.lenient(String.self, .token).flatMap { $0.isEmpty ? nil : $0 }
    }
}
